"""What reading on brings: saturation of codes, and codes that come together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from intercoder.core.codings import ENSEMBLE, Coder
from intercoder.evals.estimates import CodePair, Cooccurrence, cooccurrence
from intercoder.evals.report.code_index import Index
from intercoder.evals.report.contents import Contents
from intercoder.evals.report.figures import (
    PALETTE,
    Figure,
    bounds,
    category_axis,
    narrow_ticks,
    number,
    plain,
)

POINTS = 400
"""Points that a curve is drawn with at most."""
BLOCKS = 20
"""Parts of the reading for which new codes are averaged."""
PAIRED = 18
"""Codes shown for co-occurrence."""


def new_codes(coder: Coder, segments: Sequence[str]) -> list[int]:
    """For each segment in the order of reading, how many codes were met for the first time."""
    seen: set[str] = set()
    found = []
    for segment in segments:
        new = set(coder.labels.get(segment, ())) - seen
        seen |= new
        found.append(len(new))
    return found


def saturation_figure(contents: Contents, index: Index) -> Figure:
    """Codes found so far, and new codes per segment, in the order of reading."""
    figure = Figure(
        "saturation",
        "Saturation",
        "Above, how many different codes had been found after so many segments; below, how many of the standing codes "
        "were new per segment. Curves that have gone flat say that reading on would bring little.",
    )
    segments = [segment.id for segment in contents.segments]
    coders = [
        coder for coder in contents.comparison.meant if coder.name == ENSEMBLE or coder.role != "moderator"
    ]
    if len(segments) < 2:
        return figure._replace(undefined="One segment was read, so there is no course of reading to show.")
    counts = {coder.name: new_codes(coder, segments) for coder in coders}
    blocks = _blocks(counts[ENSEMBLE])
    return figure._replace(
        columns=("segments read", "new codes per segment", *(f"codes: {name}" for name in counts)),
        rows=tuple(
            (stop, mean, *(sum(counts[name][:stop]) for name in counts)) for stop, mean in zip(*blocks, strict=True)
        ),
        data=(
            *(_curve(name, counts[name], place, index) for place, name in enumerate(counts)),
            {
                "type": "bar",
                "name": "new codes per segment",
                "x": blocks[0],
                "y": [number(mean) for mean in blocks[1]],
                "yaxis": "y2",
                "marker": {"color": PALETTE[list(counts).index(ENSEMBLE) % len(PALETTE)]},
                "showlegend": False,
                "hovertemplate": "up to segment %{x}: %{y:.2f} new codes a segment<extra></extra>",
            },
        ),
        layout={
            "height": 480,
            "xaxis": {"title": {"text": "segments read"}, "anchor": "y2"},
            "yaxis": {"domain": [0.42, 1], "rangemode": "tozero", "title": {"text": "codes found"}},
            "yaxis2": {"domain": [0, 0.3], "rangemode": "tozero", "title": {"text": "new per segment"}},
            "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
            "hovermode": "closest",
        },
        note="A code counts as found where it first stands; labels count as the code they are most like.",
    )


def _curve(name: str, counts: Sequence[int], place: int, index: Index) -> dict[str, Any]:
    total = list(accumulate(counts))
    step = max(1, len(total) // POINTS)
    shown = sorted({*range(0, len(total), step), len(total) - 1})
    return {
        "type": "scatter",
        "mode": "lines",
        "name": plain(name, 24),
        "x": [at + 1 for at in shown],
        "y": [total[at] for at in shown],
        "customdata": [index.coder(name)] * len(shown),
        "line": {"color": PALETTE[place % len(PALETTE)], "width": 3 if name == ENSEMBLE else 1.8},
        "text": plain(name),
        "hovertemplate": "%{text}: %{y} codes after %{x} segments<extra></extra>",
    }


def _blocks(counts: Sequence[int]) -> tuple[list[int], list[float]]:
    """Ends of even parts of the reading, and the mean of each."""
    size = max(1, -(-len(counts) // BLOCKS))
    starts = range(0, len(counts), size)
    stops = [min(start + size, len(counts)) for start in starts]
    return stops, [sum(counts[start:stop]) / (stop - start) for start, stop in zip(starts, stops, strict=True)]


def cooccurrence_figure(contents: Contents, index: Index) -> Figure:
    """Which codes stand in the same segments: of the standing codes, or if these never do, of all coders'."""
    figure = Figure(
        "cooccurrence",
        "Codes that come together",
        "Each cell counts the segments in which both codes stand; hover for the lift, which above 1 says more often "
        "than independent codes would.",
    )
    segments = [segment.id for segment in contents.segments]
    found = cooccurrence(contents.ensemble.labels.get(segment, ()) for segment in segments)
    if found.pairs:
        return _paired(figure, found, index)
    apart = cooccurrence(
        {label for coder in contents.team for label in coder.labels.get(segment, ())} for segment in segments
    )
    if not apart.pairs:
        return figure._replace(undefined="No two codes were ever given to the same segment.")
    return _paired(
        figure._replace(
            title="Codes given to the same segments by different coders",
            note="No segment has two standing codes, so pairs are of codes that any two coders gave it: where these "
            "are often together, coders read the same passages differently, or the codes are one.",
        ),
        apart,
        index,
    )


def _paired(figure: Figure, found: Cooccurrence, index: Index) -> Figure:
    weight: Counter[str] = Counter()
    for pair in found.pairs:
        weight.update({pair.first: pair.together, pair.second: pair.together})
    shown = sorted(weight, key=lambda code: (-weight[code], code))[:PAIRED]
    pairs = {(pair.first, pair.second): pair for pair in found.pairs}
    table = [[pairs.get((one, other)) or pairs.get((other, one)) for other in shown] for one in shown]
    listed = [pair for pair in found.pairs if pair.first in shown and pair.second in shown][:30]
    return figure._replace(
        columns=("code", "and", "segments with both", "share of segments", "95% interval", "lift"),
        rows=tuple(
            (
                index.code_link(pair.first),
                index.code_link(pair.second),
                pair.together,
                pair.share.value,
                bounds(pair.share),
                pair.lift,
            )
            for pair in listed
        ),
        data=(
            {
                "type": "heatmap",
                "x": list(range(len(shown))),
                "y": list(range(len(shown))),
                "z": [[pair.together if pair else None for pair in row] for row in table],
                "zmin": 0,
                "colorscale": [[0, "#eaf2fb"], [0.5, "#4f8fd0"], [1, "#12355b"]],
                "customdata": [[index.code(one)] * len(shown) for one in shown],
                "hovertext": [
                    [_told(one, other, pair) for other, pair in zip(shown, row, strict=True)]
                    for one, row in zip(shown, table, strict=True)
                ],
                "hovertemplate": "%{hovertext}<extra></extra>",
                "hoverongaps": False,
                "xgap": 2,
                "ygap": 2,
                "colorbar": {"thickness": 10, "outlinewidth": 0},
            },
        ),
        layout={
            "height": 260 + 24 * len(shown),
            "xaxis": category_axis(shown, tickangle=-50, showgrid=False),
            "yaxis": category_axis(shown, autorange="reversed", showgrid=False),
        },
        narrow=narrow_ticks("xaxis", "yaxis", labels=shown),
        note=" ".join(
            filter(
                None,
                [
                    figure.note,
                    f"{len(found.pairs):,} pairs of codes come together in {found.n:,} segments"
                    + (f"; shown are the {PAIRED} codes that do so most." if len(weight) > PAIRED else "."),
                ],
            )
        ),
    )


def _told(one: str, other: str, pair: CodePair | None) -> str:
    if pair is None:
        return f"{plain(one)}<br>{plain(other)}"
    return f"{plain(one)}<br>{plain(other)}<br>{pair.together} segments, lift {pair.lift:.2f}"
