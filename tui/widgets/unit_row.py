"""A unit on which coders differ, in two lines of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from intercoder.core.shown import counted
from intercoder.tui.text import joined, line

if TYPE_CHECKING:
    from intercoder.core.coding.settling import Settled
    from intercoder.evals.disagreements import Disagreement
    from intercoder.graphs.differing.disagreement_words import Told


PEOPLE, ORDINARY, CHANGED, SENT, SETTLED = "!", "●", "↻", "→", "✓"
LEGEND = (
    f"{PEOPLE} a person and the model differ, {ORDINARY} coders differ, {CHANGED} a coder said otherwise when "
    f"asked again, {SENT} sent to the reviser, {SETTLED} settled."
)
"""What the signs before units mean."""


def row(one: Disagreement, told: Told, settled: Settled | None, text: str) -> Content:
    """A unit in two lines: how it was answered and what it is about, and the segment."""
    outcome = f"settled: {settled.label or settled.value}" if settled is not None and settled.value else ""
    code: list[Content | str] = ["  ", line(told.code, 60, "bold")] if told.code else []
    head = line(outcome or answered(one, told), 120)
    return joined(f"{sign(told, settled)} ", head, *code, "\n  ", line(text, 200, "dim"))


def sign(told: Told, settled: Settled | None) -> str:
    """One of the signs of `LEGEND`."""
    if settled is not None:
        return SETTLED if settled.value else SENT
    if told.conflict == "asked again":
        return CHANGED
    return PEOPLE if told.conflict == "people and model" else ORDINARY


def answered(one: Disagreement, told: Told) -> str:
    """How often each answer was given, and what stands in the end: `2 yes 1 no → no`."""
    if one.labels:
        return f"{counted(one.labels, 'different label')}"
    said = [value for _, value in (*told.people, *told.coders)]
    times = " ".join(f"{said.count(value)} {value}" for value in dict.fromkeys(sorted(said, key=_order)))
    return f"{times} → {told.final}" if told.final else times


def _order(value: str) -> tuple[int, str]:
    known = ("yes", "no", "unsure")
    return (known.index(value), "") if value in known else (-1, value)
