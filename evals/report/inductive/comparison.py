"""What is compared in a study: coders whose labels are brought to the codes they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from intercoder.core.coding.codings import Coder, coding_table
from intercoder.core.protocols import Vectors
from intercoder.evals.agreement import PerCode, per_code

Embed: TypeAlias = Callable[[Sequence[str]], Vectors]
"""Unit-length embeddings of texts, one row a text."""

TOLERANCE = 1e-6
"""Cosines of single precision are compared with it."""
BLOCK = 1000
"""Labels compared with all codes at once."""


class Comparison(NamedTuple):
    """Coders in their own words, and in the codebook's."""

    said: tuple[Coder, ...]
    meant: tuple[Coder, ...]
    """The same coders, each label replaced by the code it counts as."""
    codes: tuple[str, ...]
    """Labels of the codebook."""
    counts_as: Mapping[str, str]
    """Label -> code, for labels that are worded otherwise than their code."""
    tau: float


def compare(coders: Sequence[Coder], codes: Sequence[str], embed: Embed, tau: float) -> Comparison:
    """Bring every label to the code it is most like, as refinement does (seed 000, section 4.2).

    A label that is like no code stays a code of its own, so what a coder found and the codebook lacks is not lost.

    Args:
        coders: Whose labels.
        codes: Labels of the codebook, older codes first: ties go to them.
        embed: Embeds labels.
        tau: Lowest cosine at which a label counts as a code.
    """
    known = set(codes)
    labels = sorted({label for coder in coders for said in coder.labels.values() for label in said} - known)
    counts_as: dict[str, str] = {}
    if labels and codes:
        vectors = embed(list(codes))
        for start in range(0, len(labels), BLOCK):
            some = labels[start : start + BLOCK]
            cosines = embed(some) @ vectors.T
            nearest = cosines.argmax(axis=1)
            likeness = cosines[np.arange(len(some)), nearest]
            counts_as |= {
                label: codes[code]
                for label, code, cosine in zip(some, nearest, likeness, strict=True)
                if cosine >= tau - TOLERANCE
            }
    meant = tuple(coder.renamed(counts_as) for coder in coders)
    return Comparison(tuple(coders), meant, tuple(codes), counts_as, tau)


def agreement_per_code(comparison: Comparison, names: Sequence[str] = ()) -> PerCode:
    """Agreement of coders on each code that any of them gave, most used codes first.

    Args:
        comparison: The coders.
        names: Which of them; by default all people and model coders, without moderators.

    Raises:
        InputError: Fewer than two coders read a segment in common.
    """
    coders = [coder for coder in comparison.meant if (coder.name in names if names else coder.role != "moderator")]
    segments, rows = coding_table(coders)
    used: dict[str, int] = {}
    for row in rows:
        for label in (label for said in row for label in said or ()):
            used[label] = used.get(label, 0) + 1
    import pandas as pd

    frame = pd.DataFrame(rows, index=segments, columns=[coder.name for coder in coders], dtype=object)
    return per_code(frame, sorted(used, key=lambda label: (-used[label], label)))
