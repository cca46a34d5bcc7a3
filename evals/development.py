"""What a development round shows: each coder's answers tested against guessing, and the passages to look at.

Seed 002, 2.1.1.1 and 2.2.3. Exact codes, found by a pattern, are counted and not tested.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from intercoder.core.codebook import Codebook
from intercoder.core.coding.deduction import PATTERN, CoderValues
from intercoder.core.coding.findings import CoderFindings
from intercoder.core.decisions import Value
from intercoder.evals.randomness import RepeatTest, binary, choice, holm, repeat_test

FEWEST_CODES = 2
"""Codes of an exclusive book between which a choice can be tested."""


def coder_findings(
    book: Codebook, values: Sequence[CoderValues], codes: Iterable[str] | None = None
) -> dict[str, tuple[CoderFindings, ...]]:
    """Test every coder's answers about every code (seed 002, 2.2.3).

    Codes that do not exclude one another: the binomial test of Yes against No, Holm-adjusted over the codes that
    the coder was asked for. An exclusive book: one chi-squared test of how often each code was chosen, whose p
    stands with every code and needs no adjustment. The repeat test compares the coder with itself asked again,
    code by code, in an exclusive book as this code against all others. `unsure` is counted and enters no test, and
    what a classifier decided again is counted and enters no repeat test.

    Args:
        book: The version that was coded with.
        values: What coders, moderators and coders asked again decided; only coders are tested.
        codes: The codes of the round; by default all that segments are coded for.

    Returns:
        Code id -> findings by coder, in the order given; a coder that decided nothing about a code is left out.
    """
    asked = None if codes is None else set(codes)
    tested = [code.id for code in book.leaves if asked is None or code.id in asked]
    exact = {code.id for code in book.leaves if code.kind == "pattern"}
    again = {one.name: one for one in values if one.role == "repeat"}
    found: dict[str, list[CoderFindings]] = {code: [] for code in tested}
    for coder in values:
        if coder.role != "coder":
            continue
        p_values = _p_values(book, coder, [code for code in tested if code not in exact])
        for code in tested:
            if coder.of(code):
                found[code].append(_findings(coder, code, p_values.get(code, _UNTESTED), again.get(coder.name)))
    return {code: tuple(coders) for code, coders in found.items()}


def choose_excerpts(code_id: str, values: Sequence[CoderValues], most: int) -> list[str]:
    """Segments that show how a code is understood, the telling ones first.

    Disputed ones (coders differ); unstable ones (a coder said something else when asked again); those of which
    the coders are unsure; then Yes and No in turn, as many of each as there are. Where not all of a kind fit, they
    are taken at even distances through the documents, so that the same answers give the same segments.

    Args:
        code_id: The code.
        values: As for `coder_findings`.
        most: Segments wanted, from 0.

    Returns:
        At most `most` segment ids, none twice.
    """
    said = _said(code_id, values)
    kinds: dict[str, list[str]] = {"disputed": [], "unstable": [], "unsure": [], "yes": [], "no": []}
    for segment, answers in said.items():
        kinds[answers.kind].append(segment)
    chosen: list[str] = []
    for kind in ("disputed", "unstable", "unsure"):
        chosen += _spread(kinds[kind], most - len(chosen))
    left = most - len(chosen)
    yes = min(len(kinds["yes"]), max((left + 1) // 2, left - len(kinds["no"])))
    return chosen + _in_turn(_spread(kinds["yes"], yes), _spread(kinds["no"], left - yes))


class _PValues(NamedTuple):
    p: float
    adjusted: float


_UNTESTED = _PValues(math.nan, math.nan)


class _Said(NamedTuple):
    """What was said of one code on one segment."""

    first: set[Value]
    changed: bool

    @property
    def kind(self) -> str:
        if len(self.first) > 1:
            return "disputed"
        return "unstable" if self.changed else next(iter(self.first))


def _p_values(book: Codebook, coder: CoderValues, codes: Sequence[str]) -> dict[str, _PValues]:
    """What the tests of one coder say, code by code; nothing for one that does not read."""
    if coder.name == PATTERN:
        return {}
    if book.exclusive:
        p = _choice_p({code: _count(coder, code, "yes") for code in codes})
        return dict.fromkeys(codes, _PValues(p, p))
    p_values = [_binary_p(_count(coder, code, "yes"), _count(coder, code, "no")) for code in codes]
    return dict(zip(codes, map(_PValues, p_values, holm(p_values)), strict=True)) if codes else {}


def _binary_p(yes: int, no: int) -> float:
    return binary(yes, yes + no).p


def _choice_p(counts: Mapping[str, int]) -> float:
    return choice(counts).p if len(counts) >= FEWEST_CODES else math.nan


def _findings(coder: CoderValues, code: str, p_values: _PValues, again: CoderValues | None) -> CoderFindings:
    repeat = _repeat(coder.of(code), again.of(code)) if again else None
    return CoderFindings(
        coder=coder.name,
        yes=_count(coder, code, "yes"),
        no=_count(coder, code, "no"),
        unsure=_count(coder, code, "unsure"),
        p=p_values.p,
        p_holm=p_values.adjusted,
        kappa=repeat.kappa.value if repeat else math.nan,
        kappa_low=repeat.kappa.low if repeat else math.nan,
        kappa_high=repeat.kappa.high if repeat else math.nan,
        repeat_p=repeat.p if repeat else math.nan,
        repeat=repeat.verdict if repeat else "undefined",
        by_classifier=again.by_classifier.get(code, 0) if again else 0,
    )


def _repeat(first: Mapping[str, Value], second: Mapping[str, Value]) -> RepeatTest | None:
    """The repeat test over segments that both passes decided; None where there is none."""
    decided = [segment for segment, value in first.items() if {value, second.get(segment)} <= {"yes", "no"}]
    if not decided:
        return None
    return repeat_test(
        [first[segment] for segment in decided],
        [second[segment] for segment in decided],
        categories=("no", "yes"),
    )


def _count(coder: CoderValues, code: str, value: Value) -> int:
    return sum(given == value for given in coder.of(code).values())


def _said(code_id: str, values: Sequence[CoderValues]) -> dict[str, _Said]:
    coders = {one.name: one.of(code_id) for one in values if one.role == "coder"}
    again = {one.name: one.of(code_id) for one in values if one.role == "repeat"}
    segments = dict.fromkeys(segment for answers in coders.values() for segment in answers)
    found = {}
    for segment in segments:
        first = {name: answers[segment] for name, answers in coders.items() if segment in answers}
        changed = any(again.get(name, {}).get(segment, value) != value for name, value in first.items())
        found[segment] = _Said(set(first.values()), changed)
    return found


def _spread(segments: Sequence[str], count: int) -> list[str]:
    """At most so many, at even distances."""
    if len(segments) <= count:
        return list(segments)
    return [segments[(2 * place + 1) * len(segments) // (2 * count)] for place in range(max(count, 0))]


def _in_turn(one: Sequence[str], other: Sequence[str]) -> list[str]:
    pairs = [segment for pair in zip(one, other, strict=False) for segment in pair]
    both = min(len(one), len(other))
    return [*pairs, *one[both:], *other[both:]]
