"""Concepts of an aggregated code space: labels that mean the same thing (seed 003, section 3.1).

A concept only ever grows: it keeps every label, example, owner and code of what was merged into it. Nothing here
changes the coders' own code spaces.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias, TypeVar

from intercoder.core.codebook import Code
from intercoder.core.decisions import Provenance
from intercoder.core.identity import make_id
from intercoder.core.record import Record

CodeSpaces: TypeAlias = Mapping[str, Mapping[str, Sequence[str]]]
"""Coder -> label -> ids of the segments that the coder gave it to."""
ConceptStatus: TypeAlias = Literal["settled", "undefined", "unnamed", "failed"]
"""`undefined` waits for a definition, `unnamed` for a label and a definition; `failed` got neither."""
StepKind: TypeAlias = Literal["union", "define", "merge"]
Value = TypeVar("Value")

WAITING: frozenset[ConceptStatus] = frozenset({"undefined", "unnamed"})


class Concept(Record):
    """One concept after one step of a merge."""

    label: str
    definition: str = ""
    alternatives: tuple[str, ...]
    """Every label that coders gave it, in the order in which they were met; never one that an agent made up."""
    examples: tuple[str, ...] = ()
    """Ids of the segments it was given to."""
    owners: tuple[str, ...] = ()
    """Coders and moderators who gave one of its labels."""
    code_ids: tuple[str, ...] = ()
    """Codes of the codebook whose labels are among its own."""
    members: tuple[int, ...] = ()
    """Places, in the step before, of the concepts that it is made of."""
    status: ConceptStatus = "settled"
    answer_key: str = ""
    """The answer that its definition comes from."""

    @property
    def id(self) -> str:
        """The same labels give the same id, in every run."""
        return make_id("n", sorted(self.alternatives))

    @property
    def text(self) -> str:
        """What stands for it when concepts are compared: `label: definition`, or the label alone."""
        return f"{self.label}: {self.definition}" if self.definition else self.label


class Definition(Record):
    """What a definer or a themer wrote."""

    label: str
    definition: str
    provenance: Provenance = Provenance()


class ConceptMerge(Record):
    """One concept that went into another, so that a person can follow how it came about."""

    concept: int
    """Place, in the step's result, of the concept that both are now."""
    kept: str
    absorbed: str
    """Labels before the step. An agent may have given the concept another label since."""
    distance: float
    """What was held against the threshold: the height at which the cluster joined, penalties included, rounded."""
    threshold: float


class MergeStep(Record):
    """One completed or current step of a merge: a union, a round of definitions, or a cut."""

    step: int
    """From 1."""
    stage: int
    """Stage of the seed, 1 to 4."""
    kind: StepKind
    lower: float = 0.0
    upper: float = 0.0
    """Thresholds of a cut; both 0 elsewhere."""
    concepts: int = 0
    merged: int = 0
    """How many concepts went into others."""


class Theme(Record):
    """A group of codes under one name, proposed."""

    label: str = ""
    definition: str = ""
    code_ids: tuple[str, ...]
    status: ConceptStatus = "unnamed"
    answer_key: str = ""

    @property
    def id(self) -> str:
        """The same codes give the same id."""
        return make_id("t", sorted(self.code_ids))


def fold(label: str) -> str:
    """A label in lower case, each stretch of white space and punctuation one space (stage 1).

    A label of punctuation alone stays as it is.
    """
    lowered = unicodedata.normalize("NFC", label).lower()
    plain = "".join(" " if unicodedata.category(mark)[0] in "PZC" else mark for mark in lowered)
    return re.sub(r"\s+", " ", plain).strip() or lowered


def union(code_spaces: CodeSpaces, codes: Mapping[str, Sequence[str]] | None = None) -> list[Concept]:
    """Stage 1: all coders' labels; those that differ only in case, white space or punctuation are one concept.

    Args:
        code_spaces: Coder -> label -> segment ids.
        codes: Label -> ids of the codes that carry it.

    Returns:
        Concepts in the order in which their first label stands; that label is theirs.
    """
    found: dict[str, list[Concept]] = {}
    for coder, labels in code_spaces.items():
        for label, examples in labels.items():
            one = Concept(
                label=label,
                alternatives=(label,),
                examples=distinct(examples),
                owners=(coder,),
                code_ids=tuple((codes or {}).get(label, ())),
            )
            found.setdefault(fold(label), []).append(one)
    return [absorb(group, keep=0) for group in found.values()]


def shortest(labels: Sequence[str]) -> int:
    """Place of the shortest label; of equally short ones the first (stage 2)."""
    return min(range(len(labels)), key=lambda place: (len(labels[place]), place))


def absorb(concepts: Sequence[Concept], *, keep: int | None = None) -> Concept:
    """One concept made of several, with all that they hold.

    Args:
        concepts: At least one.
        keep: Whose label and definition it has; by default the shortest label's.
    """
    kept = concepts[shortest([one.label for one in concepts]) if keep is None else keep]
    return kept.model_copy(
        update={
            name: distinct(item for one in concepts for item in getattr(one, name))
            for name in ("alternatives", "examples", "owners", "code_ids")
        }
    )


def distinct(items: Iterable[Value]) -> tuple[Value, ...]:
    """The items without repeats, in order."""
    return tuple(dict.fromkeys(items))


def merged_codes(codes: Sequence[Code], concepts: Sequence[Concept]) -> list[Code]:
    """The codebook after a merge: codes of one concept are one code, under the oldest one's id.

    Args:
        codes: The codebook before, oldest first.
        concepts: What the merge left. A code that is in none of them stays as it is.

    Returns:
        The codes that remain, in their order; those that changed have the next revision number, the concept's
        label and definition, all examples and rules, and what went into them as their lineage.
    """
    known = {code.id: code for code in codes}
    order = {code.id: place for place, code in enumerate(codes)}
    result = dict(known)
    for concept in concepts:
        ids = sorted((id_ for id_ in concept.code_ids if id_ in known), key=order.__getitem__)
        if ids:
            result[ids[0]] = _merged_code([known[id_] for id_ in ids], concept)
            for absorbed in ids[1:]:
                del result[absorbed]
    return list(result.values())


def _merged_code(codes: Sequence[Code], concept: Concept) -> Code:
    kept = codes[0]
    changed = kept.model_copy(
        update={
            "label": concept.label,
            "definition": concept.definition or kept.definition,
            "lineage": kept.lineage.model_copy(
                update={
                    "renamed_from": kept.label if concept.label != kept.label else kept.lineage.renamed_from,
                    "merged_from": distinct(
                        [*kept.lineage.merged_from]
                        + [id_ for code in codes[1:] for id_ in (code.id, *code.lineage.merged_from)]
                    ),
                }
            ),
            **{
                name: distinct(item for code in codes for item in getattr(code, name))
                for name in ("include", "exclude", "examples")
            },
        }
    )
    return kept if changed == kept else changed.model_copy(update={"revision": kept.revision + 1})
