"""The tests against guessing, as a table, a figure and in words (seed 002, 2.1.1.1 and 2.2.3)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from intercoder.core.coding.deduction import PATTERN
from intercoder.core.coding.findings import CoderFindings
from intercoder.evals.development_words import classified_again
from intercoder.evals.estimates import proportion
from intercoder.evals.interval import Estimate
from intercoder.evals.randomness import CONSISTENT
from intercoder.evals.report.deductive.deductive_contents import DeductiveContents, Numbers
from intercoder.evals.report.figures import (
    PALETTE,
    Cell,
    Figure,
    category_axis,
    error_bars,
    narrow_ticks,
    number,
    plain,
    spread,
    told,
)

LOOK = "cannot be told from guessing, look at the reasons"
REPEATS = {
    "consistent": "says the same when asked again",
    "unclear": "repeats itself, but not so often that it could be relied on",
    "guessing": "asked again, agrees with itself no better than by chance",
    "undefined": "too few Yes or No to tell whether it repeats itself",
}
"""What a verdict of the repeat test means."""


class Tested(NamedTuple):
    """One coder's answers about one code."""

    code_id: str
    found: CoderFindings
    exact: bool
    """Whether an expression decides."""

    @property
    def share(self) -> Estimate:
        """Yes of Yes and No, with Wilson's interval."""
        return proportion(self.found.yes, self.found.yes + self.found.no)

    @property
    def kappa(self) -> Estimate:
        """Between both passes."""
        found = self.found
        return Estimate(
            value=found.kappa, se=math.nan, low=found.kappa_low, high=found.kappa_high, n=0, statistic="cohen"
        )

    @property
    def looks_random(self) -> bool:
        """Whether guessing was tested and not rejected."""
        return math.isfinite(self.found.p) and not self.found.not_guessing


def tested(contents: DeductiveContents) -> tuple[Tested, ...]:
    """All tests, code by code in the order of the book."""
    exact = {code.id for code in contents.book.codes if code.kind == "pattern"}
    return tuple(
        Tested(code.id, one, code.id in exact or one.coder == PATTERN)
        for code in contents.book.leaves
        if code.id in contents.findings
        for one in contents.findings[code.id].coders
    )


def meaning(one: Tested, *, exclusive: bool = False) -> str:
    """What the tests say, in words."""
    if one.exact:
        return "found by its expression, exactly"
    if not math.isfinite(one.found.p):
        return "undefined: nothing was decided"
    if one.looks_random:
        first = LOOK
    else:
        first = "codes are not chosen with equal chances" if exclusive else "differs from tossing a coin"
    said = [first]
    if one.found.by_classifier or one.found.repeat != "undefined" or math.isfinite(one.found.kappa):
        said.append(REPEATS[one.found.repeat])
    if one.found.by_classifier:
        said.append(classified_again(one.found.by_classifier))
    return "; ".join(said)


def columns(contents: DeductiveContents) -> tuple[str, ...]:
    """Heads of the table."""
    again = ("kappa, asked again",) if repeated(contents) else ()
    return ("code", "coder", "what it means", "n", "Yes", "unsure", "share of Yes", "p", "p (Holm)", *again)


def rows(contents: DeductiveContents, numbers: Numbers) -> Iterator[tuple[Cell, ...]]:
    """The table, a code and coder a row."""
    again = repeated(contents)
    for one in tested(contents):
        found = one.found
        yield (
            numbers.about(one.code_id),
            found.coder,
            meaning(one, exclusive=contents.book.exclusive),
            found.yes + found.no,
            found.yes,
            found.unsure,
            told(one.share),
            "not tested" if one.exact else p_told(found.p),
            "not tested" if one.exact else p_told(found.p_holm),
            *(("not tested" if one.exact else told(one.kappa),) if again else ()),
        )


def p_told(p: float) -> str:
    """A p-value as papers have it."""
    return "undefined" if math.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


def repeated(contents: DeductiveContents) -> bool:
    """Whether coders were asked again."""
    return any(one.role == "repeat" for one in contents.values)


def randomness_figure(contents: DeductiveContents, numbers: Numbers) -> Figure:
    """Shares of Yes beside one half, and kappa between both passes beside 0 and 0.4."""
    figure = Figure(
        "randomness",
        "Shares of Yes, and the same questions asked again",
        f"Each line is a code: on the left the share of Yes with its 95% interval; {_guessing(contents)} would lie "
        "on the dashed line. On the right kappa between both passes: consistent where the whole interval lies "
        f"above the dashed line at {CONSISTENT:g}.",
    )
    found = [one for one in tested(contents) if math.isfinite(one.share.value)]
    if not found:
        return figure._replace(undefined="No code got a Yes or No yet.")
    codes = list(dict.fromkeys(one.code_id for one in found))
    coders = list(dict.fromkeys(one.found.coder for one in found))
    again = any(math.isfinite(one.found.kappa) for one in found)
    names = [numbers.name(code) for code in codes]
    if not again:
        reading = figure.reading.split(" On the right")[0].replace(" on the left", "")
        figure = figure._replace(title="Shares of Yes", reading=reading)
    return figure._replace(
        columns=columns(contents),
        rows=tuple(rows(contents, numbers)),
        data=tuple(_traces(found, codes, coders, numbers, again=again)),
        layout={
            "height": 150 + (16 + 8 * len(coders)) * max(len(codes), 3),
            "xaxis": {
                "domain": [0, 0.47 if again else 1],
                "range": [-0.04, 1.04],
                "nticks": 6,
                "title": {"text": "share of Yes"},
                "zeroline": False,
            },
            "yaxis": category_axis(names, showgrid=True, autorange=False, range=[len(codes) - 0.4, -0.6]),
            "shapes": _lines(_chance(contents), again=again),
            "showlegend": len(coders) > 1,
            "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
            "hovermode": "closest",
            **({"xaxis2": _kappa_axis(found)} if again else {}),
        },
        narrow={
            **narrow_ticks("yaxis", labels=names),
            "xaxis.nticks": 4,
            **({"xaxis2.nticks": 3, "xaxis2.title.text": "kappa"} if again else {}),
        },
    )


def _kappa_axis(found: Sequence[Tested]) -> dict[str, Any]:
    lows = [one.found.kappa_low for one in found if math.isfinite(one.found.kappa_low)]
    return {
        "domain": [0.53, 1],
        "range": [round(max(-1.05, min([-0.04, *lows]) - 0.05), 2), 1.06],
        "nticks": 6,
        "title": {"text": "kappa, asked again"},
        "zeroline": False,
    }


def _chance(contents: DeductiveContents) -> float:
    """Share of Yes that guessing gives on average."""
    return 1 / max(len(contents.coded), 1) if contents.book.exclusive else 0.5


def _guessing(contents: DeductiveContents) -> str:
    return "choosing among the codes at random" if contents.book.exclusive else "tossing a coin"


def _lines(chance: float, *, again: bool) -> list[dict[str, Any]]:
    """Where guessing would lie, and where kappa has to."""

    def line(axis: str, at: float) -> dict[str, Any]:
        style = {"dash": "dash", "width": 1.4, "color": PALETTE[-1]}
        return {
            "type": "line",
            "xref": axis,
            "yref": "paper",
            "x0": at,
            "x1": at,
            "y0": 0,
            "y1": 1,
            "line": style,
            "layer": "below",
        }

    return [line("x", chance), *([line("x2", CONSISTENT)] if again else [])]


def _traces(
    found: Sequence[Tested], codes: Sequence[str], coders: Sequence[str], numbers: Numbers, *, again: bool
) -> Iterator[dict[str, Any]]:
    readers = [coder for coder in coders if coder != PATTERN]
    offsets = dict(zip(readers, spread(len(readers)), strict=True))
    for place, coder in enumerate(coders):
        offset = offsets.get(coder, 0.0)
        own = [one for one in found if one.found.coder == coder]
        for axis in ("x", "x2") if again else ("x",):
            estimates = [one.share if axis == "x" else one.kappa for one in own]
            yield {
                "type": "scatter",
                "mode": "markers",
                "name": plain(coder, 40),
                "legendgroup": str(place),
                "showlegend": axis == "x",
                "cliponaxis": False,
                "xaxis": axis,
                "yaxis": "y",
                "x": [number(one.value) for one in estimates],
                "y": [round(codes.index(one.code_id) - offset, 3) for one in own],
                "error_x": error_bars(estimates),
                "marker": {
                    "size": 8,
                    "color": PALETTE[place % len(PALETTE)],
                    "symbol": "circle" if axis == "x" else "diamond",
                },
                "customdata": [numbers.decided(one.code_id) for one in own],
                "text": [
                    f"{plain(numbers.name(one.code_id))}<br>{plain(coder)}: {told(estimate)}"
                    for one, estimate in zip(own, estimates, strict=True)
                ],
                "hovertemplate": "%{text}<extra></extra>",
            }
