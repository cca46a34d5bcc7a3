"""Agreement on where in a text the quotes are: characters in common, and Krippendorff's alpha for unitizing."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.evals.bootstrap import draws
from intercoder.evals.coefficients.unitizing import Section, Sections, UnitizingAlpha
from intercoder.evals.interval import Estimate, Floats, bare, percentile, quotient

SpanLike: TypeAlias = "tuple[int, int] | tuple[int, int, str] | Span"


class Span(NamedTuple):
    """Characters `start` to before `end` of a text, marked with a code."""

    start: int
    end: int
    code: str = ""


class SpanAgreement(Record):
    """How far raters mark the same stretches of text with the same codes."""

    overlap: Estimate
    """Characters that two raters both marked, of those that either marked; 0 to 1."""
    alpha: Estimate
    """Krippendorff's unitizing alpha; 1 for identical units, 0 for chance."""
    texts: int
    """Texts that all raters read."""
    left_out: int
    """Texts that some rater did not read."""


def spans(
    codings: Mapping[str, Mapping[str, Sequence[SpanLike]]],
    lengths: Mapping[str, int],
    *,
    interval: Literal["bootstrap", "none"] = "bootstrap",
    n_boot: int = 2_000,
    seed: int = 0,
) -> SpanAgreement:
    """Compare the quotes that raters marked.

    Overlap is summed over texts, codes and pairs of raters. Alpha takes each code as a continuum of units and gaps
    running through all texts; gaps end where a text ends, so that the order of texts does not matter. Spans of
    one rater, text and code that overlap are one unit (Krippendorff 2004, Measuring the reliability of
    qualitative text analysis data, Quality & Quantity 38).

    Args:
        codings: Rater -> text -> spans as (start, end) or (start, end, code), offsets into the text. A text a
            rater read and marked nothing in has an empty list; one they did not read is left out.
        lengths: Text -> its number of characters.
        interval: Percentiles over resampled texts, or nothing.
        n_boot: Bootstrap resamples.
        seed: Of the bootstrap.

    Returns:
        Both statistics over the texts that all raters read; nan where nobody marked anything.

    Raises:
        InputError: There is a single rater, no text all of them read, or a span outside its text.
    """
    if len(codings) < 2:
        raise InputError("there is a single rater.", where="codings", remedy="Agreement needs at least two.")
    named = {text for rater in codings.values() for text in rater}
    read = [text for text in lengths if all(text in rater for rater in codings.values())]
    if not read:
        raise InputError("no text was read by all raters.", where="codings", remedy="Compare raters of some text.")
    units = _units(codings, lengths)
    codes = sorted({code for _, _, code in units})
    marked = [_sections(code, units, tuple(codings), read, lengths) for code in codes]
    sizes = np.array([lengths[text] for text in read], np.float64)
    overlap, alpha = _Overlap(marked), UnitizingAlpha(marked, sizes, len(codings))
    once = np.ones((1, len(read)))
    values = float(overlap.value(once)[0]), float(alpha.value(once)[0])
    found = [bare(value, len(read), name) for value, name in zip(values, ("overlap", "alpha_u"), strict=True)]
    if interval == "bootstrap" and len(read) > 1:
        times = np.ones(len(read), np.int64)
        blocks = [(overlap.value(drawn), alpha.value(drawn)) for drawn in draws(times, n_boot, seed)]
        drawn_values = [np.concatenate(values_) for values_ in zip(*blocks, strict=True)]
        found = [percentile(e.value, r, e.n, e.statistic) for e, r in zip(found, drawn_values, strict=True)]
    return SpanAgreement(overlap=found[0], alpha=found[1], texts=len(read), left_out=len(named) - len(read))


_Units: TypeAlias = dict[tuple[str, str, str], list[Section]]
"""Units by rater, text and code, in order, none overlapping."""


def _units(codings: Mapping[str, Mapping[str, Sequence[SpanLike]]], lengths: Mapping[str, int]) -> _Units:
    units: _Units = {}
    for rater, texts in codings.items():
        for text, given in texts.items():
            if text not in lengths:
                raise InputError(f"the length of {text!r} is missing.", where="lengths", remedy="Give it.")
            for span in sorted(Span(*item) for item in given):
                _check(span, lengths[text], f"codings, {rater}, {text}")
                _join(units.setdefault((rater, text, span.code), []), span)
    return units


def _check(span: Span, length: int, where: str) -> None:
    if not 0 <= span.start < span.end <= length:
        raise InputError(
            f"the span {span.start} to {span.end} does not lie in a text of {length} characters.",
            where=where,
            remedy="Give start below end, both counted in characters from the text's beginning.",
        )


def _join(units: list[Section], span: Span) -> None:
    """Add a span; it is part of the last unit if it begins inside of it."""
    if units and span.start < units[-1].end:
        units[-1] = units[-1]._replace(end=max(units[-1].end, span.end))
    else:
        units.append(Section(span.start, span.end, True))


def _sections(
    code: str, units: _Units, raters: tuple[str, ...], texts: Sequence[str], lengths: Mapping[str, int]
) -> Sections:
    """What all raters marked with one code."""
    marked: Sections = {}
    for number, text in enumerate(texts):
        found = [units.get((rater, text, code), []) for rater in raters]
        if any(found):
            marked[number] = [_with_gaps(own, lengths[text]) for own in found]
    return marked


def _with_gaps(units: Sequence[Section], length: int) -> list[Section]:
    sections, at = [], 0
    for unit in units:
        if unit.start > at:
            sections.append(Section(at, unit.start, False))
        sections.append(unit)
        at = unit.end
    if at < length:
        sections.append(Section(at, length, False))
    return sections


class _Overlap:
    """Characters marked by both of two raters, of those marked by either, summed over pairs."""

    def __init__(self, codes: Sequence[Sections]) -> None:
        self._sums: dict[int, tuple[int, int]] = {}
        for code in codes:
            for text, raters in code.items():
                both, either = self._sums.get(text, (0, 0))
                for one, other in itertools.combinations(raters, 2):
                    common = _common(one, other)
                    both += common
                    either += _marked(one) + _marked(other) - common
                self._sums[text] = (both, either)

    def value(self, drawn: Floats) -> Floats:
        """Overlap when texts are counted as drawn, shape (draws, texts); shape (draws,)."""
        both, either = np.zeros(len(drawn)), np.zeros(len(drawn))
        for text, (common, marked) in self._sums.items():
            both += drawn[:, text] * common
            either += drawn[:, text] * marked
        return quotient(both, either)


def _marked(sections: Sequence[Section]) -> int:
    return sum(section.length for section in sections if section.unit)


def _common(one: Sequence[Section], other: Sequence[Section]) -> int:
    return sum(max(0, min(a.end, b.end) - max(a.start, b.start)) for a in one if a.unit for b in other if b.unit)
