"""Code spaces of the 23 machine coders of physics_lab, and more labels like theirs, for benchmarks."""

from __future__ import annotations

import asyncio
import csv
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from intercoder.core.protocols import Embedder

DATA = Path(__file__).parents[2] / "shared" / "data" / "physics_lab_machine_codes" / "machine_codes.csv"
"""Real codes beside the checkout; they are not part of the project."""

CodeSpaces = dict[str, dict[str, list[str]]]


def machine_coders() -> CodeSpaces:
    """Coder -> label -> ids of messages."""
    if not DATA.is_file():
        sys.exit(f"The machine coders' codes are not here: {DATA}")
    spaces: CodeSpaces = {}
    with DATA.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            label = " ".join(row["code"].lower().split())
            spaces.setdefault(row["machine_coder"], {}).setdefault(label, []).append(row["message_id"])
    return spaces


def resized(spaces: CodeSpaces, labels: int) -> CodeSpaces:
    """The same coders with so many distinct labels among them.

    Fewer: the first ones. More: a label and the last word of another, with the owners and examples of the first.
    """
    known = list(dict.fromkeys(label for space in spaces.values() for label in space))
    kept = dict.fromkeys(known[:labels])
    made: dict[str, str] = {}
    for step in range(1, len(known)):
        for place, label in enumerate(known):
            if len(kept) + len(made) >= labels:
                return {
                    coder: {label: ids for label, ids in space.items() if label in kept}
                    | {new: space[old] for new, old in made.items() if old in space}
                    for coder, space in spaces.items()
                }
            new = f"{label} {known[(place + step) % len(known)].split()[-1]}"
            if new not in kept:
                made.setdefault(new, label)
    raise ValueError(f"No {labels} labels can be made of {len(known)}.")


def labels_of(spaces: CodeSpaces) -> list[str]:
    """All distinct labels, in the order in which they are met."""
    return list(dict.fromkeys(label for space in spaces.values() for label in space))


def examples_of(spaces: CodeSpaces) -> list[list[str]]:
    """For each of `labels_of` its examples over all coders."""
    found: dict[str, list[str]] = {}
    for space in spaces.values():
        for label, ids in space.items():
            found.setdefault(label, []).extend(ids)
    return list(found.values())


def embedder(model: str) -> Embedder:
    """The embedder of a reference."""
    from intercoder.core.study import Privacy
    from intercoder.llms.factory import embedder as named

    return named(model, privacy=Privacy())


def embedded(labels: list[str], model: str) -> npt.NDArray[np.float32]:
    """Embeddings of the labels, shape (labels, dimensions)."""
    return asyncio.run(embedder(model).embed(labels))
