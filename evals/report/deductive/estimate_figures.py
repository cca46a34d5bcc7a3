"""What the final coding says of all texts: shares of codes, and codes that come together (seed 002, 2.1.3)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from intercoder.core.shown import counted
from intercoder.evals.estimates import Cooccurrence
from intercoder.evals.final_estimates import CodeEstimate, FinalEstimates
from intercoder.evals.interval import Estimate
from intercoder.evals.report.deductive.deductive_contents import DeductiveContents, Numbers, population
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
)
from intercoder.evals.report.inductive.reading_figures import paired

SHARES = (("by the model", "share"), ("corrected by people", "corrected"))
"""What is drawn of each code, and where it stands in an estimate."""


def share_figure(contents: DeductiveContents, numbers: Numbers) -> Figure:
    """Shares of segments with each code, with the corrected ones beside them."""
    figure = Figure(
        "estimates",
        "How often each code applies",
        "Each line is a code: the dot is the share of segments with it, the bar its 95% interval. The corrected "
        "share adds what people said of the calibration sample, so that its interval holds whatever errors the "
        "model makes.",
    )
    found = contents.estimates
    if found is None or not any(math.isfinite(one.share.value) for one in found.codes):
        return figure._replace(undefined="No segment got a Yes or No.")
    shown = [(name, attribute) for name, attribute in SHARES if _any(found.codes, attribute)]
    if len(shown) == 1:
        figure = figure._replace(reading=figure.reading.split(" The corrected")[0])
    names = [numbers.name(one.code_id) for one in found.codes]
    return figure._replace(
        columns=share_columns(found),
        rows=tuple(share_rows(found, numbers)),
        data=tuple(_traces(found.codes, shown, numbers)),
        layout={
            "height": 130 + (16 + 8 * len(shown)) * max(len(names), 3),
            "xaxis": {"range": [-0.02, _most(found.codes, shown)], "tickformat": ".0%", "zeroline": False},
            "yaxis": category_axis(names, showgrid=True, autorange=False, range=[len(names) - 0.4, -0.6]),
            "showlegend": len(shown) > 1,
            "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
            "hovermode": "closest",
        },
        narrow=narrow_ticks("yaxis", labels=names),
    )


def together_figure(contents: DeductiveContents, numbers: Numbers) -> Figure:
    """Codes given to the same segments."""
    figure = Figure(
        "together",
        "Codes that come together",
        "Each cell counts the segments with both codes; hover for the lift, which above 1 says more often than "
        "independent codes would.",
    )
    found = contents.estimates
    if contents.book.exclusive:
        return figure._replace(undefined="The codes exclude one another, so none come together.")
    if found is None or not found.together.pairs:
        return figure._replace(undefined="No two codes were given to the same segment.")
    return paired(figure, _named(found.together, numbers), numbers.as_index())


def coverage_told(contents: DeductiveContents) -> str:
    """Of how many segments the shares are, in a sentence."""
    found, sample = contents.estimates, contents.sample
    assert found is not None
    everything = population(sample)
    text = f"{counted(found.segments, 'segment')} of {contents.run.id} have an answer."
    if everything is None:
        return (
            f"{text} They are not a random sample, so intervals say how sure the shares would be if they were one."
        )
    if everything == found.segments:
        return (
            f"{text} These are all there are, so shares by the model have no error of sampling; how far the model "
            "errs is for the calibration to say."
        )
    if sample.size < everything:
        return (
            f"{text} They were drawn at random from {everything:,}; intervals take into account how many of all "
            "were coded."
        )
    return f"{text} There are {everything:,}; the others have no answer."


def share_columns(found: FinalEstimates) -> tuple[str, ...]:
    """Heads of the table of shares."""
    corrected = ("corrected share", "95% interval", "coded by people") if _any(found.codes, "corrected") else ()
    return ("code", "Yes", "No", "share of Yes", "95% interval", *corrected, "unsure", "share unsure")


def share_rows(found: FinalEstimates, numbers: Numbers) -> Iterator[tuple[Cell, ...]]:
    """The table, a code a row."""
    with_corrected = _any(found.codes, "corrected")
    for one in found.codes:
        corrected: tuple[Cell, ...] = (one.corrected.value, bounds(one.corrected), one.corrected.n)
        yield (
            numbers.about(one.code_id),
            one.yes,
            one.no,
            one.share.value,
            bounds(one.share),
            *(corrected if with_corrected else ()),
            one.unsure,
            one.unsure_share,
        )


def _any(codes: Sequence[CodeEstimate], attribute: str) -> bool:
    return any(math.isfinite(_estimate(one, attribute).value) for one in codes)


def _estimate(one: CodeEstimate, attribute: str) -> Estimate:
    return one.corrected if attribute == "corrected" else one.share


def _most(codes: Sequence[CodeEstimate], shown: Sequence[tuple[str, str]]) -> float:
    """Where the axis ends: at 1, or earlier where all codes are rare."""
    highs = [_estimate(one, attribute) for one in codes for _, attribute in shown]
    reach = max((max(one.value, one.high) for one in highs if math.isfinite(one.value)), default=1.0)
    return 1.02 if reach > 0.6 or not math.isfinite(reach) else round(max(reach * 1.15, 0.05), 3)


def _traces(
    codes: Sequence[CodeEstimate], shown: Sequence[tuple[str, str]], numbers: Numbers
) -> Iterator[dict[str, Any]]:
    for place, ((name, attribute), offset) in enumerate(zip(shown, spread(len(shown)), strict=True)):
        found = [(row, one, _estimate(one, attribute)) for row, one in enumerate(codes)]
        found = [item for item in found if math.isfinite(item[2].value)]
        yield {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "cliponaxis": False,
            "x": [number(estimate.value) for _, _, estimate in found],
            "y": [round(row - offset, 3) for row, _, _ in found],
            "error_x": error_bars([estimate for _, _, estimate in found]),
            "marker": {"size": 8, "color": PALETTE[place], "symbol": "diamond" if place else "circle"},
            "customdata": [numbers.decided(one.code_id) for _, one, _ in found],
            "text": [
                f"{plain(numbers.name(one.code_id))}<br>{name}: {estimate.value:.1%} ({bounds(estimate)})"
                for _, one, estimate in found
            ],
            "hovertemplate": "%{text}<extra></extra>",
        }


def _named(found: Cooccurrence, numbers: Numbers) -> Cooccurrence:
    """The same with names in place of ids; no two codes share a name."""
    pairs = tuple(
        pair.model_copy(update={"first": numbers.name(pair.first), "second": numbers.name(pair.second)})
        for pair in found.pairs
    )
    counts = {numbers.name(code): count for code, count in found.counts.items()}
    return found.model_copy(update={"counts": counts, "pairs": pairs})
