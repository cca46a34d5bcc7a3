"""Agreement on each code, among model coders and among people (seed 002, section 2.2 and appendix C)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from intercoder.core.coding.codings import ENSEMBLE
from intercoder.core.errors import InputError
from intercoder.evals.agreement import CodeAgreement, Estimate, PerCode
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
from intercoder.evals.report.inductive.code_index import Index
from intercoder.evals.report.inductive.comparison import agreement_per_code
from intercoder.evals.report.inductive.contents import Contents

MOST = 30
"""Codes that the figure shows."""
READING = (
    "Each line is a code: the dot is how far coders agree on where it applies beyond chance (AC1), the bar its 95% "
    "interval; on the right, how often one coder's use of the code was shared by another. Look at codes that lie "
    "far left or have long bars."
)


class Series(NamedTuple):
    """Agreement among some of the coders."""

    name: str
    found: PerCode

    def codes(self) -> dict[str, CodeAgreement]:
        """By label."""
        return {code.code: code for code in self.found.codes}


def agreement_series(contents: Contents) -> list[Series]:
    """Among model coders, among people, and of people with the codes that stand; those that can be had."""
    groups = {
        "model coders": contents.models,
        "people": contents.people,
        "people and ensemble": (*contents.people, ENSEMBLE) if contents.people else (),
    }
    return [
        Series(name, found)
        for name, names in groups.items()
        if len(names) > 1 and (found := _agreement(contents, names)) is not None
    ]


def _agreement(contents: Contents, names: Sequence[str]) -> PerCode | None:
    try:
        return agreement_per_code(contents.comparison, names)
    except InputError:
        return None  # they have read no segment in common


def forest(series: Sequence[Series], index: Index) -> Figure:
    """The forest plot."""
    figure = Figure("agreement", "Agreement per code", READING)
    if not series:
        return figure._replace(
            undefined="Agreement needs two coders who read the same segments. Add a coder to study.toml, or give "
            "people's codings with --reference."
        )
    known = {one.name: one.codes() for one in series}
    used = [label for label in index.codes if any(label in codes for codes in known.values())]
    shown = used[:MOST]
    return figure._replace(
        columns=("code", "among", "AC1", "95% interval", "positive agreement", "segments"),
        rows=tuple(row for label in shown for row in _rows(label, known, index)),
        data=tuple(_traces(series, shown, index)),
        layout={
            "height": 130 + (14 + 6 * len(series)) * max(len(shown), 4),
            "xaxis": {"domain": [0, 0.56], "range": [_least(series, shown), 1.03], "title": {"text": "AC1"}},
            "xaxis2": {
                "domain": [0.62, 1],
                "range": [-0.06, 1.06],
                "nticks": 5,
                "title": {"text": "positive agreement"},
            },
            "yaxis": category_axis(shown, showgrid=True, autorange=False, range=[len(shown) - 0.4, -0.6]),
            "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
            "hovermode": "closest",
        },
        narrow={**narrow_ticks("yaxis", labels=shown), "xaxis2.title.text": "positive"},
        note=f"Shown are the {MOST} codes that stand in most segments, of {len(used):,}; the list of codes below "
        "has all."
        if len(used) > MOST
        else "",
    )


def _traces(series: Sequence[Series], shown: Sequence[str], index: Index) -> list[dict[str, Any]]:
    traces = []
    for place, (one, offset) in enumerate(zip(series, spread(len(series)), strict=True)):
        codes = one.codes()
        found = [(row, codes[label]) for row, label in enumerate(shown) if label in codes]
        for axis, estimates in (
            ("x", [code.agreement for _, code in found]),
            ("x2", [code.positive for _, code in found]),
        ):
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": plain(one.name),
                    "legendgroup": one.name,
                    "showlegend": axis == "x",
                    "cliponaxis": False,
                    "xaxis": axis,
                    "yaxis": "y",
                    "x": [number(estimate.value) for estimate in estimates],
                    "y": [round(row - offset, 3) for row, _ in found],
                    "error_x": error_bars(estimates),
                    "marker": {
                        "size": 8,
                        "color": PALETTE[place],
                        "symbol": "circle" if axis == "x" else "diamond",
                    },
                    "customdata": [index.code(code.code) for _, code in found],
                    "text": [
                        _told(code.code, one.name, estimate) for (_, code), estimate in _zipped(found, estimates)
                    ],
                    "hovertemplate": "%{text}<extra></extra>",
                }
            )
    return traces


def _least(series: Sequence[Series], shown: Sequence[str]) -> float:
    """Where the axis begins: a little below the least bound, not above one half."""
    codes = [code.agreement for one in series for code in one.found.codes if code.code in shown]
    known = [one.value if math.isnan(one.low) else one.low for one in codes if math.isfinite(one.value)]
    return round(max(-1.05, min([0.5, *known]) - 0.05), 2)


def _zipped(
    found: Sequence[tuple[int, CodeAgreement]], estimates: Sequence[Estimate]
) -> list[tuple[tuple[int, CodeAgreement], Estimate]]:
    return list(zip(found, estimates, strict=True))


def _told(label: str, among: str, estimate: Estimate) -> str:
    return f"{plain(label)}<br>{plain(among)}: {estimate.value:.2f} ({bounds(estimate)}), n = {estimate.n}"


def _rows(label: str, known: Mapping[str, Mapping[str, CodeAgreement]], index: Index) -> list[tuple[Cell, ...]]:
    return [
        (
            index.code_link(label),
            among,
            codes[label].agreement.value,
            bounds(codes[label].agreement),
            codes[label].positive.value,
            codes[label].agreement.n,
        )
        for among, codes in known.items()
        if label in codes
    ]
