"""How a round's findings about a code are told to a reviser: numbers in words, and numbered excerpts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from intercoder.agents.answers import cut, one_line
from intercoder.core.coding.findings import CodeFindings, CoderFindings, Excerpt, Said

MOST_EXCERPTS = 8
"""Excerpts that a reviser is shown; the first ones."""
EXCERPT_LENGTH = 300
"""Characters of an excerpt that are shown."""
NOTE_LENGTH = 200
"""Characters of a person's note that are shown."""
VALUES = {"yes": "Yes", "no": "No", "unsure": "unsure"}


def findings_text(findings: CodeFindings) -> str:
    """The numbers, one coder a line."""
    lines = [_coder_line(coder) for coder in findings.coders]
    if findings.disputed:
        lines.append(f"Coders differ on {_segments(findings.disputed)}.")
    return "\n".join(lines)


def shown_excerpts(findings: CodeFindings) -> Sequence[Excerpt]:
    """The excerpts that are shown; their numbers are their places from 1."""
    return findings.excerpts[:MOST_EXCERPTS]


def excerpts_text(excerpts: Sequence[Excerpt]) -> str:
    """The excerpts, numbered, each with what was said of the code there."""
    return "\n".join(_excerpt(number, excerpt) for number, excerpt in enumerate(excerpts, 1))


def _coder_line(coder: CoderFindings) -> str:
    unsure = f", {coder.unsure} unsure" if coder.unsure else ""
    parts = [f"{one_line(coder.coder)}: {coder.yes} Yes, {coder.no} No{unsure}."]
    if not math.isnan(coder.p_holm):
        told = "are not what guessing gives" if coder.not_guessing else "could be guessing"
        parts.append(f"These answers {told} (p {coder.p_holm:.2f}).")
    if not math.isnan(coder.kappa):
        parts.append(f"Asked again, it repeats itself with kappa {coder.kappa:.2f}.")
    return " ".join(parts)


def _excerpt(number: int, excerpt: Excerpt) -> str:
    speaker = f"{one_line(excerpt.speaker)}: " if excerpt.speaker else ""
    said = "".join(f"\n   {_said(one)}" for one in excerpt.said)
    if excerpt.by_person:
        said += f"\n   {_settled(excerpt)}"
    return f"{number}. {speaker}{cut(excerpt.text, EXCERPT_LENGTH)}{said}"


def _settled(excerpt: Excerpt) -> str:
    """What a person made of it, without a name."""
    note = cut(one_line(excerpt.note), NOTE_LENGTH)
    if not excerpt.settled:
        return f"A person asks you to look at this: {note}" if note else "A person asks you to look at this."
    return f"A person settled: {VALUES[excerpt.settled]}{f', because {note}' if note else ''}"


def _said(one: Said) -> str:
    again = " again" if one.role == "repeat" else ""
    value = VALUES.get(one.value, one.value)
    return f"{one_line(one.coder)}{again}: {value}. {one_line(one.reason)}".rstrip()


def _segments(count: int) -> str:
    return "one segment" if count == 1 else f"{count} segments"
