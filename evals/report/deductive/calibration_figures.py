"""How far people agree with one another and the model with people, and the verdicts (seed 002, 2.1.2)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from intercoder.core.coding.deduction import FINAL
from intercoder.core.shown import counted, listed
from intercoder.evals.calibration import CodeCalibration
from intercoder.evals.interval import Estimate
from intercoder.evals.report.deductive.deductive_contents import (
    Calibrated,
    CoderCalibration,
    DeductiveContents,
    Numbers,
    stratified,
)
from intercoder.evals.report.figures import (
    PALETTE,
    Cell,
    Figure,
    bounds,
    category_axis,
    error_bars,
    narrow_ticks,
    number,
    plain,
    spread,
    told,
)

READING = (
    "Each line is a code. The model may stand in for a person where it agrees with people about as far as people "
    "agree with one another: where both dots lie near each other. Bars are 95% intervals."
)


class Series(NamedTuple):
    """Agreement of one kind of pairs, by code."""

    name: str
    agreement: dict[str, tuple[Estimate, Estimate]]
    """Code id -> AC1 and positive agreement; those that are defined."""


def calibration_figure(contents: DeductiveContents, numbers: Numbers) -> Figure:
    """The forest plot: people with people, and the model with people."""
    figure = Figure("calibration", "People with people, the model with people", READING)
    found = contents.calibrated
    if found is None or not found.coders:
        return figure._replace(undefined="There is no calibration.")
    series = _series(found)
    codes = [code for code in found.coders[0].codes if any(code in one.agreement for one in series)]
    codes.sort(key=lambda code: numbers.codes.get(code, 0))
    if not codes:
        return figure._replace(undefined="No two coders decided about the same segments.")
    names = [numbers.name(code) for code in codes]
    return figure._replace(
        columns=("code", "among", "AC1", "95% interval", "positive agreement", "95% interval", "segments"),
        rows=tuple(_rows(codes, series, numbers)),
        data=tuple(_traces(codes, series, numbers)),
        layout={
            "height": 150 + (16 + 8 * len(series)) * max(len(codes), 3),
            "xaxis": {
                "domain": [0, 0.48],
                "range": [_least(series, 0), 1.03],
                "nticks": 6,
                "title": {"text": "AC1"},
            },
            "xaxis2": {
                "domain": [0.54, 1],
                "range": [-0.03, 1.03],
                "nticks": 6,
                "title": {"text": "positive agreement"},
            },
            "yaxis": category_axis(names, showgrid=True, autorange=False, range=[len(codes) - 0.4, -0.6]),
            "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
            "hovermode": "closest",
        },
        narrow={
            **narrow_ticks("yaxis", labels=names),
            "xaxis.nticks": 4,
            "xaxis2.nticks": 3,
            "xaxis2.title.text": "positive",
        },
        note="Where people never gave a code, positive agreement is undefined and has no dot.",
    )


VERDICT_COLUMNS = ("code", "verdict", "why", "positives", "unsure, people", "unsure, model")


def verdict_rows(coder: CoderCalibration, numbers: Numbers) -> Iterator[tuple[Cell, ...]]:
    """The verdicts on one coder."""
    for code in sorted(coder.codes, key=lambda one: numbers.codes.get(one, 0)):
        one = coder.codes[code]
        yield (
            numbers.about(code),
            one.verdict,
            one.reason,
            one.positives,
            _unsure_of_people(one),
            one.model.unsure_share,
        )


def verdict_title(coder: CoderCalibration, found: Calibrated) -> str:
    """Whom a table of verdicts is about."""
    if coder.coder != FINAL:
        return f"{coder.coder} alone"
    return "What stands in the end" if len(found.coders) > 1 else "The model"


def sample_told(found: Calibrated) -> str:
    """Who coded what, in a sentence."""
    names = listed([person.name for person in found.people])
    people = counted(len(found.people), "person").replace("persons", "people")
    text = (
        f"{people} ({names}) coded {counted(found.segments, 'segment')} of the sample {found.sample.name} "
        f"({counted(found.sample.size, 'segment')}) blind, without seeing the model's answers."
    )
    if found.enriched:
        text += (
            " The sample was enriched: segments were drawn with unequal chances, so that rare codes occur, and "
            "every statistic weighs them by one over their chance."
        )
    elif found.sample.seed is not None:
        text += f" It was drawn at random{stratified(found.sample)} (seed {found.sample.seed})."
    if found.developed_on:
        text += (
            f" {counted(found.developed_on, 'segment')} of it also served to develop the codebook, so agreement on "
            "them may be better than elsewhere."
        )
    return text


def _unsure_of_people(one: CodeCalibration) -> float:
    shares = [person.unsure_share for person in one.people if math.isfinite(person.unsure_share)]
    return sum(shares) / len(shares) if shares else math.nan


def _series(found: Calibrated) -> list[Series]:
    final = found.coders[0]
    several = len(found.coders) > 1
    series = [Series("people with people", _defined({c: _pair(one, human=True) for c, one in final.codes.items()}))]
    for coder in found.coders:
        name = "the model with people" if coder.coder == FINAL else f"{coder.coder} with people"
        if coder.coder == FINAL and several:
            name = "what stands in the end with people"
        series.append(Series(name, _defined({c: _pair(one, human=False) for c, one in coder.codes.items()})))
    return [one for one in series if one.agreement]


def _pair(one: CodeCalibration, *, human: bool) -> tuple[Estimate, Estimate]:
    compared = one.human_human if human else one.human_model
    return compared.ac1, compared.positive


def _defined(found: dict[str, tuple[Estimate, Estimate]]) -> dict[str, tuple[Estimate, Estimate]]:
    return {code: pair for code, pair in found.items() if any(math.isfinite(one.value) for one in pair)}


def _least(series: Sequence[Series], at: int) -> float:
    """Where the axis begins: a little below the least bound, not above one half."""
    known = [
        one.value if math.isnan(one.low) else one.low
        for pairs in series
        for one in (pair[at] for pair in pairs.agreement.values())
        if math.isfinite(one.value)
    ]
    return round(max(-1.05, min([0.5, *known]) - 0.05), 2)


def _rows(codes: Sequence[str], series: Sequence[Series], numbers: Numbers) -> Iterator[tuple[Cell, ...]]:
    for code in codes:
        for one in series:
            if code in one.agreement:
                ac1, positive = one.agreement[code]
                yield (
                    numbers.about(code), one.name, ac1.value, bounds(ac1), positive.value, bounds(positive), ac1.n,
                )  # fmt: skip


def _traces(codes: Sequence[str], series: Sequence[Series], numbers: Numbers) -> Iterator[dict[str, Any]]:
    for place, (one, offset) in enumerate(zip(series, spread(len(series)), strict=True)):
        found = [(row, code, one.agreement[code]) for row, code in enumerate(codes) if code in one.agreement]
        for at, axis in enumerate(("x", "x2")):
            estimates = [pair[at] for _, _, pair in found]
            yield {
                "type": "scatter",
                "mode": "markers",
                "name": plain(one.name, 60),
                "legendgroup": str(place),
                "showlegend": not at,
                "cliponaxis": False,
                "xaxis": axis,
                "yaxis": "y",
                "x": [number(estimate.value) for estimate in estimates],
                "y": [round(row - offset, 3) for row, _, _ in found],
                "error_x": error_bars(estimates),
                "marker": {
                    "size": 8,
                    "color": PALETTE[place % len(PALETTE)],
                    "symbol": "diamond" if one.name == "people with people" else "circle",
                },
                "customdata": [numbers.decided(code) for _, code, _ in found],
                "text": [
                    f"{plain(numbers.name(code))}<br>{plain(one.name)}: {told(pair[at])}, n = {pair[at].n}"
                    for _, code, pair in found
                ],
                "hovertemplate": "%{text}<extra></extra>",
            }
