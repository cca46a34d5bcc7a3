"""Figures of one classifier: who agrees with people how far, and whether it is as right as it says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from intercoder.core.classifier_results import (
    Evaluation,
    PartSizes,
    Reliability,
    SystemFigures,
    SystemKind,
)
from intercoder.core.shown import one_line
from intercoder.evals.report.figures import (
    GREY,
    PALETTE,
    Cell,
    Figure,
    Interval,
    bounds,
    category_axis,
    error_bars,
    narrow_ticks,
    number,
    plain,
    told,
)

COLOURS: dict[SystemKind, str] = {
    "classifier": PALETTE[0],
    "human_part": PALETTE[4],
    "human_same_size": PALETTE[5],
    "human_balanced": PALETTE[5],
    "human_all": PALETTE[2],
    "logistic": PALETTE[6],
    "model": PALETTE[1],
    "cascade": PALETTE[3],
    "people": GREY,
}
"""The same system has the same colour in all figures; those of one size share theirs."""
MEASURES = (("macro-F1", "macro_f1"), ("kappa", "kappa"), ("AC1", "ac1"))
WORK_COLUMNS = ("decisions", "learnt from")
GAP = 0.04


def systems_figure(found: Evaluation, place: int) -> Figure:
    """Forest plots of macro-F1, kappa and AC1, a system a line."""
    figure = Figure(
        f"classifier-{place}-systems",
        "Agreement with people",
        "Each line is a system, measured on segments that it learnt nothing from. The dot is its figure, the bar "
        f"the 95% interval over resampled {units_told(found.parts)}. People against one another show how far "
        "agreement can go.",
    )
    if not any(math.isfinite(one.macro_f1.value) for one in found.systems):
        return figure._replace(undefined="No system decided about a held-out segment.")
    names = [one.name for one in found.systems]
    width = (1 + GAP) / len(MEASURES)
    axes = {
        f"xaxis{_suffix(at)}": {
            "domain": [round(at * width, 3), round((at + 1) * width - GAP, 3)],
            "range": [_least(found.systems, measure), 1.03],
            "nticks": 5,
            "title": {"text": name},
        }
        for at, (name, measure) in enumerate(MEASURES)
    }
    return figure._replace(
        columns=("system", *(f"{name} (95%)" for name, _ in MEASURES), "agreement", *WORK_COLUMNS),
        rows=tuple(_system_row(one) for one in found.systems),
        data=tuple(_system_traces(found.systems)),
        layout={
            "height": 130 + 30 * max(len(names), 3),
            **axes,
            "yaxis": category_axis(names, showgrid=True, autorange=False, range=[len(names) - 0.5, -0.5]),
            "showlegend": False,
            "hovermode": "closest",
        },
        narrow={**narrow_ticks("yaxis", labels=names), **{f"{axis}.nticks": 3 for axis in axes}},
        note=" ".join(_notes(found.systems)),
    )


def _notes(systems: Sequence[SystemFigures]) -> Iterator[str]:
    if any(math.isnan(one.kappa.value) for one in systems):
        yield "Kappa is undefined, and has no dot, where people and a system say one and the same thing throughout."
    if any(one.system == "people" for one in systems):
        yield (
            "Systems are held against each person's own codes, as people are against one another; reliability and "
            "cascade below, against what most people said."
        )


def units_told(parts: PartSizes) -> str:
    """What intervals resample: what the split kept together."""
    return "documents" if parts.by == "document" else f"values of {one_line(parts.by)}"


def _suffix(at: int) -> str:
    return str(at + 1) if at else ""


def _least(systems: Sequence[SystemFigures], measure: str) -> float:
    """Where an axis begins: below the least bound, at one half at most."""
    known = [value for one in systems for value in reaches(getattr(one, measure))]
    return round(max(-1.05, min([0.5, *known]) - 0.05), 2)


def reaches(one: Interval) -> list[float]:
    """The value and the lower bound, as far as they are defined."""
    return [value for value in (one.value, one.low) if math.isfinite(value)]


def _system_row(one: SystemFigures) -> tuple[Cell, ...]:
    measured = (told(getattr(one, measure)) for _, measure in MEASURES)
    decided = f"{one.decisions:,}" if one.decisions == one.asked else f"{one.decisions:,} of {one.asked:,}"
    return one.name, *measured, one.agreement.value, decided, _learnt(one)


def _learnt(one: SystemFigures) -> str:
    if not one.trained_on:
        return ""
    return f"{one.trained_on:,}" + (f", {one.synthetic:,} written" if one.synthetic else "")


def value_and_bounds(one: Interval) -> tuple[Cell, Cell]:
    """Two cells of a table."""
    return one.value, bounds(one)


def _system_traces(systems: Sequence[SystemFigures]) -> Iterator[dict[str, Any]]:
    for at, (name, measure) in enumerate(MEASURES):
        shown = [(row, one, getattr(one, measure)) for row, one in enumerate(systems)]
        shown = [item for item in shown if math.isfinite(item[2].value)]
        yield {
            "type": "scatter",
            "mode": "markers",
            "cliponaxis": False,
            "xaxis": f"x{_suffix(at)}",
            "yaxis": "y",
            "x": [number(value.value) for _, _, value in shown],
            "y": [row for row, _, _ in shown],
            "error_x": error_bars([value for _, _, value in shown], color=GREY),
            "marker": {
                "size": 9,
                "color": [COLOURS[one.system] for _, one, _ in shown],
                "symbol": ["diamond" if one.system == "people" else "circle" for _, one, _ in shown],
            },
            "text": [f"{plain(one.name)}<br>{name}: {told(value)}" for _, one, value in shown],
            "hovertemplate": "%{text}<extra></extra>",
        }


def reliability_figure(found: Evaluation, place: int) -> Figure:
    """Confidence against the share that is right, above how often each confidence occurs."""
    figure = Figure(
        f"classifier-{place}-reliability",
        "Is it right as often as it says?",
        "Each dot gathers decisions of like confidence: on the line, the classifier is right as often as it says; "
        "below it, it is too sure of itself. Bars are 95% intervals, decisions taken for independent; columns "
        "count decisions.",
    )
    known = found.reliability
    if known is None or not known.bins:
        return figure._replace(undefined="No decision on a held-out segment has a probability.")
    series = [("as it stands", known, PALETTE[0])]
    if found.unscaled is not None:
        series.append(("before its temperature was fitted", found.unscaled, PALETTE[1]))
    return figure._replace(
        columns=("probabilities", "confidence", "mean confidence", "right", "95% interval", "decisions"),
        rows=tuple(row for name, one, _ in series for row in _bin_rows(name, one)),
        data=({**_diagonal(), "yaxis": "y"}, *(_dots(*one) for one in series), _columns(known)),
        layout={
            "height": 420,
            "xaxis": {
                "anchor": "y2",
                "range": [-0.02 if found.head == "one_of_k" else 0.47, 1.03],
                "tickformat": ".0%",
                "title": {"text": "confidence"},
            },
            "yaxis": {
                "domain": [0.24, 1],
                "range": [-0.02, 1.04],
                "tickformat": ".0%",
                "title": {"text": "right"},
                "zeroline": False,
            },
            "yaxis2": {"domain": [0, 0.18], "nticks": 3, "title": {"text": "n"}, "rangemode": "tozero"},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "showlegend": len(series) > 1,
            "hovermode": "closest",
        },
        note=" ".join(_error_told(name, one) for name, one, _ in series),
    )


def _error_told(name: str, one: Reliability) -> str:
    scaled = f", temperature {one.temperature:.2f}" if math.isfinite(one.temperature) else ""
    return f"Expected calibration error {name}{scaled}: {told(one.error)}."


def _bin_rows(name: str, known: Reliability) -> Iterator[tuple[Cell, ...]]:
    for one in known.bins:
        between = f"{one.low:.0%} to {one.high:.0%}"
        yield name, between, one.confidence, one.right.value, bounds(one.right), one.right.n


def _diagonal() -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [0, 1],
        "y": [0, 1],
        "line": {"color": GREY, "dash": "dot", "width": 1.5},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _dots(name: str, known: Reliability, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "cliponaxis": False,
        "x": [number(one.confidence) for one in known.bins],
        "y": [number(one.right.value) for one in known.bins],
        "error_y": error_bars([one.right for one in known.bins]),
        "marker": {"size": 9, "color": colour, "symbol": "circle" if colour == PALETTE[0] else "circle-open"},
        "text": [
            f"{name}<br>confidence {one.confidence:.0%}<br>right {one.right.value:.0%} of {one.right.n:,}"
            for one in known.bins
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _columns(known: Reliability) -> dict[str, Any]:
    return {
        "type": "bar",
        "x": [number((one.low + one.high) / 2) for one in known.bins],
        "y": [one.right.n for one in known.bins],
        "width": [number((one.high - one.low) * 0.92) for one in known.bins],
        "yaxis": "y2",
        "marker": {"color": PALETTE[0], "opacity": 0.6},
        "hovertemplate": "%{y:,} decisions<extra></extra>",
        "showlegend": False,
    }
