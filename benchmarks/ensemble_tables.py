"""Tables of `ensemble.py`, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import Any

from benchmarks.ensemble_measures import Interval, Judges, Sample, difference, measure
from benchmarks.ensemble_plan import Point

SHOWN = {
    "absolute": "composite, absolute",
    "composite": "composite, relative",
    "cosine": "cosine",
    "judge": "cosine, second embedding",
    "meteor": "METEOR",
    "bert_p": "BERTScore P",
    "bert_r": "R",
    "bert_f1": "F1",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rougeL": "ROUGE-L",
    "length": "words",
    "jsd": "JSD",
    "brief": "at most 5 words",
    "given": "given",
}
"""Columns of the big table; those of the seed's table 6, and some."""
COMPARED = ("absolute", "cosine", "judge", "meteor")


def quality_table(sample: Sample, found: Mapping[str, Mapping[str, Interval]]) -> Iterable[str]:
    """All systems with all columns; intervals at 95% for the first four."""
    yield f"| system | {' | '.join(SHOWN.values())} | unique |"
    yield "|" + "---|" * (len(SHOWN) + 2)
    for name, columns in found.items():
        cells = [_cell(columns[column], column) for column in SHOWN]
        yield f"| {name} | {' | '.join(cells)} | {sample.systems[name].unique} |"
    yield ""


def _cell(interval: Interval, column: str) -> str:
    if column in ("absolute", "composite", "cosine", "judge") and not isnan(interval.value):
        return f"{_short(interval.value)} ({_short(interval.low)} to {_short(interval.high)})"
    return _short(interval.value)


def _short(value: float) -> str:
    if isnan(value):
        return "undefined"
    return f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.2f}"


def differences(sample: Sample, pairs: Iterable[tuple[str, str]]) -> Iterable[str]:
    """How much more the first of each pair has, on the same texts."""
    yield "| first | second | composite, absolute | cosine | cosine, second embedding | METEOR |"
    yield "|---|---|---|---|---|---|"
    for one, other in pairs:
        if one in sample.systems and other in sample.systems:
            cells = [_signed(difference(sample, one, other, column)) for column in COMPARED]
            yield f"| {one} | {other} | {' | '.join(cells)} |"
    yield ""


def _signed(interval: Interval) -> str:
    if isnan(interval.value):
        return "undefined"
    return f"{interval.value:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})"


def plain(found: Mapping[str, Mapping[str, Interval]]) -> dict[str, Any]:
    """The estimates for a JSON file."""
    return {
        name: {column: dict(zip(Interval._fields, interval, strict=True)) for column, interval in columns.items()}
        for name, columns in found.items()
    }


def curve_table(points: Sequence[Point], references: Sequence[Sequence[str]], judges: Judges) -> Iterable[str]:
    """Answers asked for against quality, beside asking the others about texts drawn at random as often."""
    sample = measure({point.name: point.labels for point in points}, references, judges)
    means = {name: one.means[:, :2].mean(axis=0) for name, one in sample.systems.items()}
    first, last = points[0], points[-1]
    yield from ("Dynamic selection: one coder is asked three times, the five others where it is not sure.", "")
    yield "| | answers a text | saved | cosine | at random | second embedding | at random | label as of all |"
    yield "|---|---|---|---|---|---|---|---|"
    for point in points:
        share = 1.0 if point is last else (point.calls - first.calls) / (last.calls - 1)
        drawn = means[first.name] + share * (means[last.name] - means[first.name])
        same = sum(one == other for one, other in zip(point.labels, last.labels, strict=True)) / len(point.labels)
        own = " | ".join(
            f"{value:.3f} | {other:.3f}" for value, other in zip(means[point.name], drawn, strict=True)
        )
        saved = 1 - point.calls / last.calls
        yield f"| {point.name} | {point.calls:.1f} | {saved:.0%} | {own} | {same:.0%} |"
    yield ""
