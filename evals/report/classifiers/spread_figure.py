"""The figure of a grid that shows how far seeds lie apart at each temperature of the synthesizer (seed 001)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from intercoder.evals.classifiers.grid_means import MEASURES, Spread, spreads
from intercoder.evals.report.classifiers.grid_words import SPREAD_OF, spread_words
from intercoder.evals.report.figures import PALETTE, Cell, Figure, error_bars, number, spread, told
from intercoder.stores.classifiers.classifier_folders import WorkedGrid


def spread_figure(found: WorkedGrid, place: int) -> Figure:
    """How far seeds lie apart, by temperature."""
    figure = Figure(
        f"grid-{place}-spread",
        "Spread between seeds",
        "Each dot is the standard deviation between seeds at a temperature of the synthesizer, pooled over cells "
        "that share all else; bars are 95% chi-squared intervals.",
    )
    known = {name: spreads(found.cells, MEASURES[name]) for name in SPREAD_OF}
    if not any(known.values()):
        return figure._replace(undefined="No temperature has two seeds of one cell.")
    temperatures = sorted({one.temperature for ones in known.values() for one in ones})
    return figure._replace(
        columns=("temperature", "of", "standard deviation", "95% interval", "degrees of freedom"),
        rows=tuple(_spread_row(name, one) for name, ones in known.items() for one in ones),
        data=tuple(_spread_traces(known, temperatures)),
        layout={
            "height": 300,
            "xaxis": _temperature_axis(temperatures),
            "yaxis": {"rangemode": "tozero", "zeroline": False, "title": {"text": "standard deviation"}},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "hovermode": "closest",
        },
        note=" ".join(spread_words(found.cells, name) for name in SPREAD_OF),
    )


def _temperature_axis(temperatures: Sequence[float]) -> dict[str, Any]:
    """An axis of temperatures, evenly apart."""
    return {
        "tickvals": list(range(len(temperatures))),
        "ticktext": [f"{one:g}" for one in temperatures],
        "range": [-0.5, len(temperatures) - 0.5],
        "title": {"text": "temperature of the synthesizer"},
        "zeroline": False,
        "showgrid": False,
    }


def _spread_row(name: str, one: Spread) -> tuple[Cell, ...]:
    reach = f"{one.deviation.low:.3f} to {one.deviation.high:.3f}"
    return f"{one.temperature:g}", name, one.deviation.value, reach, one.deviation.n


def _spread_traces(known: dict[str, list[Spread]], temperatures: Sequence[float]) -> Iterator[dict[str, Any]]:
    for at, ((name, ones), offset) in enumerate(zip(known.items(), spread(len(known), 0.16), strict=True)):
        yield {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "x": [number(temperatures.index(one.temperature) - offset) for one in ones],
            "y": [number(one.deviation.value) for one in ones],
            "error_y": error_bars([one.deviation for one in ones]),
            "marker": {"size": 9, "color": PALETTE[at]},
            "text": [f"{name}, temperature {one.temperature:g}: {told(one.deviation)}" for one in ones],
            "hovertemplate": "%{text}<extra></extra>",
        }
