"""What reading on brings: saturation of codes, and codes that come together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from intercoder.core.coding.codings import ENSEMBLE, Coder
from intercoder.core.shown import counted
from intercoder.evals.estimates import CodePair, Cooccurrence, cooccurrence
from intercoder.evals.report.figures import (
    LIKE,
    PALETTE,
    Figure,
    bounds,
    category_axis,
    narrow_ticks,
    number,
    plain,
)
from intercoder.evals.report.inductive.code_index import Index
from intercoder.evals.report.inductive.contents import Contents

POINTS = 400
"""Points that a curve is drawn with at most."""
BLOCKS = 20
"""Parts of the reading for which new codes are averaged, at most."""
SMALLEST = 5
"""Segments of such a part, at least."""
PAIRED, FEW = 18, 9
"""Codes shown for co-occurrence, on a wide and on a narrow screen."""


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
        "Above, how many different codes had been found after so many segments; below, how many of the standing "
        "codes were new per segment. Curves that have gone flat say that reading on would bring little.",
    )
    segments = [segment.id for segment in contents.segments]
    coders = [coder for coder in contents.comparison.meant if coder.name == ENSEMBLE or coder.role != "moderator"]
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
                "x": [(start + stop + 1) / 2 for start, stop in zip([0, *blocks[0]], blocks[0], strict=False)],
                "width": [stop - start - 0.2 for start, stop in zip([0, *blocks[0]], blocks[0], strict=False)],
                "text": [
                    f"segments {start + 1} to {stop}"
                    for start, stop in zip([0, *blocks[0]], blocks[0], strict=False)
                ],
                "textposition": "none",
                "y": [number(mean) for mean in blocks[1]],
                "yaxis": "y2",
                "marker": {"color": PALETTE[list(counts).index(ENSEMBLE) % len(PALETTE)]},
                "showlegend": False,
                "hovertemplate": "%{text}: %{y:.2f} new codes a segment<extra></extra>",
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
    size = max(SMALLEST, -(-len(counts) // BLOCKS))
    starts = range(0, len(counts), size)
    stops = [min(start + size, len(counts)) for start in starts]
    return stops, [sum(counts[start:stop]) / (stop - start) for start, stop in zip(starts, stops, strict=True)]


def cooccurrence_figure(contents: Contents, index: Index) -> Figure:
    """Which codes stand in the same segments: of the standing codes, or if these never do, of all coders'."""
    figure = Figure(
        "cooccurrence",
        "Codes that come together",
        "Each cell counts the segments in which both codes stand; hover for the lift, which above 1 says more "
        "often than independent codes would.",
    )
    segments = [segment.id for segment in contents.segments]
    found = cooccurrence(contents.ensemble.labels.get(segment, ()) for segment in segments)
    if found.pairs:
        return paired(figure, found, index)
    apart = cooccurrence(
        {label for coder in contents.team for label in coder.labels.get(segment, ())} for segment in segments
    )
    if not apart.pairs:
        return figure._replace(undefined="No two codes were ever given to the same segment.")
    return paired(
        figure._replace(
            title="Codes given to the same segments by different coders",
            note="No segment has two standing codes, so pairs are of codes that any two coders gave it: where "
            "these are often together, coders read the same passages differently, or the codes are one.",
        ),
        apart,
        index,
    )


def paired(figure: Figure, found: Cooccurrence, index: Index) -> Figure:
    """A heat map of how many segments each pair of codes shares."""
    shown = _most_together(found)
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
                "zmax": max(pair.together for pair in listed),
                "colorscale": LIKE,
                "texttemplate": "%{z}",
                "customdata": [[index.code(one)] * len(shown) for one in shown],
                "hovertext": [
                    [_told(one, other, pair) for other, pair in zip(shown, row, strict=True)]
                    for one, row in zip(shown, table, strict=True)
                ],
                "hovertemplate": "%{hovertext}<extra></extra>",
                "hoverongaps": False,
                "xgap": 2,
                "ygap": 2,
                "showscale": False,
            },
        ),
        layout={
            "height": 260 + 24 * len(shown),
            "xaxis": category_axis(shown, tickangle=-50),
            "yaxis": category_axis(shown, autorange="reversed"),
        },
        narrow={
            **narrow_ticks("xaxis", "yaxis", labels=shown),
            "xaxis.range": [-0.5, min(len(shown), FEW) - 0.5],
            "yaxis.range": [min(len(shown), FEW) - 0.5, -0.5],
            "yaxis.autorange": False,
            "height": 220 + 24 * min(len(shown), FEW),
        },
        note=" ".join(
            filter(
                None,
                [
                    figure.note,
                    f"{counted(len(found.pairs), 'pair')} of codes found together, in {counted(found.n, 'segment')}"
                    + ("; shown are the pairs that do so most." if len(shown) == PAIRED else "."),
                ],
            )
        ),
    )


def _most_together(found: Cooccurrence) -> list[str]:
    """Codes of the most frequent pairs, those in several pairs first."""
    chosen: dict[str, int] = {}
    for pair in found.pairs:
        new = [code for code in (pair.first, pair.second) if code not in chosen]
        if len(chosen) + len(new) <= PAIRED:
            chosen |= dict.fromkeys(new, 0)
        if pair.first in chosen and pair.second in chosen:
            chosen[pair.first] += pair.together
            chosen[pair.second] += pair.together
    return sorted(chosen, key=lambda code: (-chosen[code], code))


def _told(one: str, other: str, pair: CodePair | None) -> str:
    if pair is None:
        return f"{plain(one)}<br>{plain(other)}"
    return f"{plain(one)}<br>{plain(other)}<br>{pair.together} segments, lift {pair.lift:.2f}"
