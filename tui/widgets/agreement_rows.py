"""A code's agreement as a row of a table, and in full below it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from intercoder.core.shown import one_line
from intercoder.tui.interval_bar import UNDEFINED, interval_bar
from intercoder.tui.text import joined, line, shown

if TYPE_CHECKING:
    from intercoder.evals.interval import Estimate
    from intercoder.graphs.differing.agreement_view import AgreementTable, CodeAgreement, Pairs

VERDICT, COUNT, SHARE, FLAG, VALUE = 9, 5, 5, 10, 5
NARROWEST, WIDEST = 9, 31
"""Cells of a bar."""
STATISTICS = {"ac1": "AC1", "positive": "positive agreement"}
KINDS = (("people", "people"), ("model", "model"), ("models", "models"))
"""Fields of a row, and how their columns are headed: people with people, the model with people, models."""


HINTS = {"not shown": "too few to tell"}
ROOMY = 110
"""Cells from which a verdict stands in the table with its hint."""


def verdict_told(verdict: str) -> str:
    """A verdict, with what it means where the word alone may mislead."""
    return f"{verdict} ({HINTS[verdict]})" if verdict in HINTS else verdict


class Columns(NamedTuple):
    """What a table of some width shows."""

    code: int
    bar: int
    kinds: tuple[tuple[str, str], ...]
    flags: bool
    statistic: str
    scale: tuple[float, float]
    verdict: int = VERDICT


def columns(table: AgreementTable, width: int, statistic: str) -> Columns:
    """Fit a table into a width; what is not known of any code is left out, and models where there is no room."""
    kinds = tuple(
        (field, head)
        for field, head in KINDS
        if any(not math.isnan(getattr(row, field).of(statistic).value) for row in table.rows)
    )
    flags = width >= 100
    hint = width >= ROOMY and any(row.verdict in HINTS for row in table.rows)
    verdict = max(cell_len(verdict_told(row.verdict)) for row in table.rows) + 1 if hint else VERDICT
    fixed = verdict + COUNT + SHARE + 4 + ((FLAG + 1) if flags else 0)
    names = max([cell_len(row.name) for row in table.rows] or [4])
    code = min(max(names, 12), max(16, (width - fixed) // 3))
    while len(kinds) > 2 and (width - fixed - code) // len(kinds) < NARROWEST + VALUE + 2:
        kinds = kinds[:-1]
    left = width - fixed - code - len(kinds) * (VALUE + 2)
    bar = min(WIDEST, max(NARROWEST, left // len(kinds))) if kinds else 0
    return Columns(code, bar, kinds, flags, statistic, table.scale(statistic), verdict)


def heading(fit: Columns) -> Content:
    """The heads of the columns; over a bar what it is of and where its scale ends."""
    low, high = fit.scale
    parts = [_padded("code", fit.code), _padded("verdict", fit.verdict), "    n", "% yes"]
    for _, head in fit.kinds:
        scale = f"{low:g} to {high:g}"
        told = f"{head} {scale}" if cell_len(head) + len(scale) + 1 <= VALUE + 1 + fit.bar else head
        parts.append(_padded(told, VALUE + 1 + fit.bar))
    if fit.flags:
        parts.append("guessing")
    return Content(" ".join(parts))


def agreement_row(row: CodeAgreement, fit: Columns) -> Content:
    """One code on one line."""
    parts: list[Content | str] = [shown(_padded(one_line(row.name, 200), fit.code), "bold"), " "]
    told = verdict_told(row.verdict) if fit.verdict > VERDICT else row.verdict
    parts += [_padded(f"{told or '–'}{'*' if row.outdated else ''}", fit.verdict), " "]
    parts += [f"{row.n:>{COUNT}}" if row.n < 100_000 else f"{row.n // 1000:>{COUNT - 1}}k", " "]
    parts += ["  –  " if math.isnan(row.prevalence) else f"{row.prevalence:>{SHARE}.0%}"]
    for field, _ in fit.kinds:
        found = getattr(row, field).of(fit.statistic)
        value = " " * VALUE if math.isnan(found.value) else f"{found.value:>{VALUE}.2f}"
        bar = interval_bar(found.low, found.value, found.high, fit.bar, least=fit.scale[0], most=fit.scale[1])
        parts += [" ", value, " ", bar]
    if fit.flags:
        parts += [" ", row.flag]
    return joined(*parts)


def details(row: CodeAgreement, table: AgreementTable) -> Content:
    """All that is known of a code."""
    return Content("\n").join(_detail_lines(row, table))


def _detail_lines(row: CodeAgreement, table: AgreementTable) -> Iterator[Content]:
    verdict = f"  {verdict_told(row.verdict)}" if row.verdict else "  not calibrated" if table.run_id else ""
    yield joined(line(row.name, 200, "bold"), Content.styled(verdict, "bold"))
    if row.reason:
        yield shown(row.reason)
    if row.outdated:
        yield Content("* The code was worded otherwise then: calibrate again.")
    for told, pairs in (
        ("people with people", row.people),
        ("model with people", row.model),
        ("models with models", row.models),
    ):
        if not math.isnan(pairs.ac1.value) or not math.isnan(pairs.positive.value):
            yield Content(f"{told:<19}AC1 {_estimate(pairs.ac1)}  positive {_estimate(pairs.positive)}")
    if row.counts:
        counts = [
            f"{one_line(name, 40)} {yes} yes {no} no" + (f" {unsure} unsure" if unsure else "")
            for name, yes, no, unsure in row.counts
        ]
        yield line("; ".join(counts), 2000)
    for coder, told in row.randomness:
        yield joined(line(coder, 60), ": ", line(told, 400))


def _estimate(found: Estimate) -> str:
    if math.isnan(found.value):
        return UNDEFINED
    if math.isnan(found.low):
        return f"{found.value:.2f}"
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def lowest(row: CodeAgreement, statistic: str) -> float:
    """What codes are sorted by: the model's agreement with people, else models', else people's; undefined last."""
    kinds: tuple[Pairs, ...] = (row.model, row.models, row.people)
    known = [pairs.of(statistic).value for pairs in kinds if not math.isnan(pairs.of(statistic).value)]
    return known[0] if known else math.inf


def _padded(text: str, width: int) -> str:
    return set_cell_size(f"{text[: width - 1]}…" if cell_len(text) > width else text, width)
