"""The figure of a cascade: agreement with people against the share sent to the language model, with its cost."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from intercoder.core.classifier_results import Bounded, CascadeCurve, CascadePoint, Evaluation
from intercoder.evals.report.classifiers.classifier_figures import reaches, value_and_bounds
from intercoder.evals.report.figures import GREY, PALETTE, Cell, Figure, Interval, number, told

COLUMNS = ("sent", "confidence below", "decided", "agreement", "95% interval", "kappa", "95% interval", "AC1")


def cascade_figure(found: Evaluation, place: int) -> Figure:
    """Agreement with people against the share sent to the language model."""
    figure = Figure(
        f"classifier-{place}-cascade",
        "The classifier first, the language model where it is unsure",
        "From left to right more of the questions on which the classifier is least confident go to the language "
        "model: nothing at the left end, all at the right end. Bands are 95% intervals on held-out segments.",
    )
    curve = found.curve
    if curve is None or not curve.points:
        return figure._replace(undefined="The language model was not asked about held-out segments.")
    return figure._replace(
        columns=(*COLUMNS, *_costs(curve)),
        rows=tuple(_point_row(one, curve) for one in curve.points),
        data=tuple(_cascade_traces(found, curve)),
        layout={
            "height": 400,
            "xaxis": {
                "range": [-0.02, 1.02],
                "tickformat": ".0%",
                "title": {"text": "questions sent to the language model"},
            },
            "yaxis": {
                "range": [_lowest(curve, found.development_curve), 1.02],
                "zeroline": False,
                "title": {"text": "with people"},
            },
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "hovermode": "closest",
            "shapes": _marks(curve),
        },
        note=" ".join((chosen_told(curve), *_open_told(found.development_curve))),
    )


def chosen_told(curve: CascadeCurve) -> str:
    """The bound and what it comes to, in a sentence."""
    point = _at(curve)
    if point is None:
        return "No bound was chosen."
    if not curve.chosen and not curve.reached:
        return "Marked: nothing is sent, since agreement is best without the language model."
    target = ""
    if math.isfinite(curve.target):
        reached = "" if curve.reached else ", which the development part does not reach,"
        target = f", chosen on the development part for an agreement of {curve.target:.0%}{reached or ','}"
    return (
        f"Marked: below a confidence of {point.confidence:.2f}{target} the language model decides. That sends "
        f"{point.sent:.0%} of the questions, with an agreement of {told(point.agreement)} on held-out segments"
        f"{f', on the {point.decided:.0%} that are decided' if point.decided < 1 else ''}."
    )


def _open_told(chosen_on: CascadeCurve | None) -> Iterator[str]:
    if chosen_on is not None and any(one.decided < 1 for one in chosen_on.points):
        yield "The dotted line and the target are of all decisions; one without an answer agrees with nobody."


def _at(curve: CascadeCurve) -> CascadePoint | None:
    """The point of the chosen bound."""
    return next((one for one in curve.points if one.confidence == curve.chosen), None)


def _costs(curve: CascadeCurve) -> tuple[str, ...]:
    names = {"cost": "cost of 1,000", "seconds": "seconds for 1,000"}
    return tuple(told for name, told in names.items() if _any(curve, name))


def _any(curve: CascadeCurve, name: str) -> bool:
    return any(math.isfinite(getattr(one, name)) for one in curve.points)


def _point_row(one: CascadePoint, curve: CascadeCurve) -> tuple[Cell, ...]:
    costs = tuple(getattr(one, name) for name in ("cost", "seconds") if _any(curve, name))
    bound = "all" if one.confidence > 1 else f"{one.confidence:.3f}"
    measured = (*value_and_bounds(one.agreement), *value_and_bounds(one.kappa), one.ac1.value)
    return f"{one.sent:.0%}", bound, f"{one.decided:.0%}", *measured, *costs


def _lowest(curve: CascadeCurve, chosen_on: CascadeCurve | None) -> float:
    known = [value for one in curve.points for value in (*reaches(one.agreement), *reaches(one.kappa))]
    known += [value.value for _, value in (_agreed(chosen_on) if chosen_on else ())]
    return round(max(-0.5, min([0.5, *known]) - 0.03), 2)


def _marks(curve: CascadeCurve) -> list[dict[str, Any]]:
    """Lines at the target and at the share that the chosen bound sends."""
    line = {"color": GREY, "dash": "dash", "width": 1.2}
    marks: list[dict[str, Any]] = []
    if math.isfinite(curve.target):
        y = number(curve.target)
        marks.append({"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": line})
    point = _at(curve)
    if point is not None:
        x = number(point.sent)
        marks.append({"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": x, "x1": x, "line": line})
    return marks


def _cascade_traces(found: Evaluation, curve: CascadeCurve) -> Iterator[dict[str, Any]]:
    for name, measure, colour in (("agreement", "agreement", PALETTE[0]), ("kappa", "kappa", PALETTE[1])):
        values = [(one, getattr(one, measure)) for one in curve.points]
        values = [item for item in values if math.isfinite(item[1].value)]
        if values:
            yield _band(values, colour)
            yield _line(name, values, colour)
    chosen_on = found.development_curve
    if chosen_on is not None:
        yield {
            **_line("agreement on the development part", _agreed(chosen_on), PALETTE[0]),
            "mode": "lines",
            "line": {"color": PALETTE[0], "dash": "dot", "width": 1.5},
        }


def _agreed(curve: CascadeCurve) -> list[tuple[CascadePoint, Interval]]:
    """What the bound is chosen by: agreement over all decisions, as high as the target is to be."""
    values = [(one, Bounded(value=one.agreed)) for one in curve.points]
    return [item for item in values if math.isfinite(item[1].value)]


def _band(values: Sequence[tuple[CascadePoint, Interval]], colour: str) -> dict[str, Any]:
    bounded = [(one.sent, value) for one, value in values if math.isfinite(value.low)]
    forth = [(sent, value.high) for sent, value in bounded]
    back = [(sent, value.low) for sent, value in reversed(bounded)]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [number(sent) for sent, _ in (*forth, *back)],
        "y": [number(height) for _, height in (*forth, *back)],
        "fill": "toself",
        "fillcolor": colour,
        "opacity": 0.16,
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _line(name: str, values: Sequence[tuple[CascadePoint, Interval]], colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [number(one.sent) for one, _ in values],
        "y": [number(value.value) for _, value in values],
        "line": {"color": colour, "width": 2},
        "marker": {"size": 5, "color": colour},
        "text": [f"{name}: {_height_told(value)}<br>{_cost_told(one)}" for one, value in values],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _height_told(value: Interval) -> str:
    return f"{value.value:.2f}" if math.isnan(value.low) else told(value)


def _cost_told(one: CascadePoint) -> str:
    parts = [f"{one.sent:.0%} sent, confidence below {one.confidence:.3f}"]
    if math.isfinite(one.cost):
        parts.append(f"costs {one.cost:,.2f} for 1,000 questions")
    if math.isfinite(one.seconds):
        parts.append(f"{one.seconds:,.1f} s for 1,000 questions")
    return "<br>".join(parts)
