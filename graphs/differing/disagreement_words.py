"""Units on which coders differ, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from intercoder.core.codebooks.code_names import CodeNames
from intercoder.evals.disagreements import CONFLICTS, Disagreement
from intercoder.graphs.differing.disagreements import APART, Disagreements


class Told(NamedTuple):
    """A unit in words."""

    code: str
    """Name of the code; empty where the unit is a segment."""
    people: tuple[tuple[str, str], ...]
    """Name and answer of each person who gave one."""
    coders: tuple[tuple[str, str], ...]
    final: str
    changed: tuple[str, ...]
    """Coders that said something else when asked again."""
    conflict: str
    """Who differs."""


class Words:
    """Says what units are about and what was answered, with codes under their names."""

    def __init__(self, found: Disagreements) -> None:
        self._found = found
        self._names = CodeNames(found.book).shown

    def tell(self, one: Disagreement) -> Told:
        """A unit in words."""
        answers, found = one.answers, self._found
        return Told(
            code=self.name(one.code_id),
            people=self._answered(found.people, answers.people),
            coders=self._answered(found.coders, answers.models),
            final=self.name(answers.final),
            changed=tuple(name for name, changed in zip(found.coders, answers.changed, strict=False) if changed),
            conflict=CONFLICTS[one.conflict],
        )

    def name(self, code: str) -> str:
        """A code's name; labels with signs between them; anything else as it is."""
        return self._names.get(code, code.replace(APART, "; "))

    def _answered(self, names: Sequence[str], answers: Sequence[str]) -> tuple[tuple[str, str], ...]:
        return tuple((name, self.name(said)) for name, said in zip(names, answers, strict=False) if said)
