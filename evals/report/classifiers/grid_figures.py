"""Figures of a grid: what the share of written segments does, and how far seeds lie apart (seed 001)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from intercoder.core.classifier_results import SystemFigures
from intercoder.evals.classifiers.grid_means import CellMeans, cell_means
from intercoder.evals.report.classifiers.classifier_figures import COLOURS, value_and_bounds
from intercoder.evals.report.classifiers.grid_words import filter_words, share_words
from intercoder.evals.report.figures import PALETTE, Cell, Figure, error_bars, number, plain, spread, told
from intercoder.stores.classifiers.classifier_folders import WorkedGrid

COLUMNS = (
    "share",
    "temperature",
    "filter",
    "system",
    "macro-F1",
    "95% interval",
    "kappa",
    "95% interval",
    "AC1",
    "95% interval",
    "seeds",
    "learnt from",
    "written",
)
DASHES = ("solid", "dash", "dot", "dashdot")
PANELS = (("macro-F1", "macro_f1"), ("kappa", "kappa"))
REACH = 0.022
"""How far apart, on the axis of shares, series of the same share are drawn."""


def share_figures(found: WorkedGrid, place: int) -> list[Figure]:
    """One figure for each size of the training set: macro-F1 and kappa against the share of written segments."""
    means = cell_means(found.cells)
    totals = sorted({one.settings.total for one in means})
    return [
        _share_figure(found, [one for one in means if one.settings.total == total], place, total)
        for total in totals
    ]


def _share_figure(found: WorkedGrid, means: Sequence[CellMeans], place: int, total: int) -> Figure:
    series = _series(means)
    constant = found.grid.systems
    return Figure(
        f"grid-{place}-share-{total}",
        f"Share of written segments, {total:,} in all",
        "Each dot is the mean over seeds, measured on held-out codes of people; bars are 95% t intervals over "
        "seeds. Dashed lines are systems that do not depend on the share.",
        columns=COLUMNS,
        rows=tuple(map(_row, means)),
        data=tuple(_traces(series, constant)),
        layout={
            "height": 430,
            "xaxis": {**_share_axis(means), "domain": [0, 0.46]},
            "xaxis2": {**_share_axis(means), "domain": [0.54, 1], "anchor": "y2"},
            "yaxis": _height_axis("macro-F1", _range(means, constant, "macro_f1")),
            "yaxis2": {**_height_axis("kappa", _range(means, constant, "kappa")), "anchor": "x2"},
            "legend": {"orientation": "h", "y": -0.24, "yanchor": "top", "x": 0},
            "hovermode": "closest",
        },
        narrow={"xaxis.domain": [0, 0.42], "xaxis2.domain": [0.6, 1], "yaxis2.nticks": 4},
        note=" ".join((share_words(found.cells, total), *filter_words(found.cells, total))),
    )


def _share_axis(means: Sequence[CellMeans]) -> dict[str, Any]:
    shares = sorted({one.settings.share for one in means})
    return {
        "tickvals": shares,
        "ticktext": [f"{share:.0%}" for share in shares],
        "range": [shares[0] - 0.06, shares[-1] + 0.06],
        "title": {"text": "written segments"},
        "showgrid": False,
        "zeroline": False,
    }


def _height_axis(name: str, reach: list[float]) -> dict[str, Any]:
    return {"title": {"text": name}, "zeroline": False, "range": reach}


def _range(means: Sequence[CellMeans], constant: Sequence[SystemFigures], measure: str) -> list[float]:
    """What is between the least and the largest bound, but of wild intervals of few seeds no more than 0 to 1."""
    found = [getattr(one, measure) for one in (*means, *constant)]
    known = [value for one in found for value in (one.value, one.low, one.high) if math.isfinite(value)]
    low, high = max(-0.1, min(known, default=0.0)), min(1.0, max(known, default=1.0))
    return [round(low - 0.04, 2), round(high + 0.04, 2)]


Series: TypeAlias = tuple[str, str, str, list[CellMeans]]
"""Name, colour, dash and points."""


def _series(means: Sequence[CellMeans]) -> list[Series]:
    """Classifiers by temperature and filter, then what they are held against, each over the shares.

    Without written segments there is no temperature: that cell begins the line of every temperature.
    """
    ours = [one for one in means if one.system == "classifier"]
    plain_cells = [one for one in ours if not one.settings.share]
    ways = sorted({(one.settings.temperature, one.settings.filter) for one in ours if one.settings.share})
    temperatures = sorted({temperature for temperature, _ in ways})
    filters = sorted({filtered for _, filtered in ways})
    series: list[Series] = []
    for temperature, filtered in ways:
        points = [one for one in ours if (one.settings.temperature, one.settings.filter) == (temperature, filtered)]
        name = f"classifier, temperature {temperature:g}" + (f", repeated {filtered} times" if filtered else "")
        colour = PALETTE[temperatures.index(temperature) % len(PALETTE)]
        series.append((name, colour, DASHES[filters.index(filtered) % len(DASHES)], [*plain_cells, *points]))
    if not ways:
        series.append(("classifier", PALETTE[0], "solid", plain_cells))
    for system, name in dict.fromkeys((one.system, one.name) for one in means if one.system != "classifier"):
        series.append((name, COLOURS[system], "dot", _one_a_share(means, system, name)))
    return series


def _one_a_share(means: Sequence[CellMeans], system: str, name: str) -> list[CellMeans]:
    """A baseline's points; where it depends on the temperature, those of the first one at each share."""
    found: dict[float, CellMeans] = {}
    for one in means:
        if (one.system, one.name) == (system, name):
            found.setdefault(one.settings.share, one)
    return list(found.values())


def _row(one: CellMeans) -> tuple[Cell, ...]:
    settings = one.settings
    temperature = f"{settings.temperature:g}" if math.isfinite(settings.temperature) else ""
    figures = (part for value in (one.macro_f1, one.kappa, one.ac1) for part in value_and_bounds(value))
    return (
        f"{settings.share:.0%}",
        temperature,
        settings.filter or "",
        one.name,
        *figures,
        one.seeds,
        one.trained_on,
        one.synthetic,
    )


def _traces(series: Sequence[Series], constant: Sequence[SystemFigures]) -> Iterator[dict[str, Any]]:
    for at, (_, measure) in enumerate(PANELS):
        axes = {"xaxis": f"x{at + 1 if at else ''}", "yaxis": f"y{at + 1 if at else ''}"}
        for (name, colour, dash, points), offset in zip(
            series, spread(len(series), REACH * len(series)), strict=True
        ):
            shown = [(one, getattr(one, measure)) for one in sorted(points, key=lambda one: one.settings.share)]
            shown = [item for item in shown if math.isfinite(item[1].value)]
            yield {
                **axes,
                "type": "scatter",
                "mode": "lines+markers",
                "name": plain(name, 60),
                "legendgroup": plain(name, 60),
                "showlegend": not at,
                "x": [number(one.settings.share - offset / 2) for one, _ in shown],
                "y": [number(value.value) for _, value in shown],
                "error_y": error_bars([value for _, value in shown], thickness=1.1),
                "line": {"color": colour, "width": 2, "dash": dash},
                "marker": {"size": 7, "color": colour},
                "text": [
                    f"{plain(name)}<br>{one.settings.share:.0%} written<br>{told(value)}, {one.seeds} seeds"
                    for one, value in shown
                ],
                "hovertemplate": "%{text}<extra></extra>",
            }
        yield from _constant(constant, measure, axes, shown=not at)


def _constant(
    systems: Sequence[SystemFigures], measure: str, axes: dict[str, str], *, shown: bool
) -> Iterator[dict[str, Any]]:
    for one in systems:
        value = getattr(one, measure)
        if math.isfinite(value.value):
            yield {
                **axes,
                "type": "scatter",
                "mode": "lines",
                "name": plain(one.name, 60),
                "legendgroup": plain(one.name, 60),
                "showlegend": shown,
                "x": [-1, 2],
                "y": [number(value.value)] * 2,
                "line": {"color": COLOURS[one.system], "width": 1.5, "dash": "dash"},
                "hovertemplate": f"{plain(one.name)}: {told(value)}<extra></extra>",
            }
