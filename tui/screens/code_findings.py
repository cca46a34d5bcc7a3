"""What the latest development round found out about a code, as a page over the screen."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from intercoder.core.coding.findings import CodeFindings, CoderFindings
from intercoder.core.revising.evidence_words import grouped
from intercoder.core.shown import counted
from intercoder.evals.development_words import verdict
from intercoder.graphs.codebook.revision_views import DevelopmentPages
from intercoder.tui.dialogs import Dialog
from intercoder.tui.text import joined, line, shown
from intercoder.tui.widgets.evidence_list import excerpt_rows
from intercoder.tui.widgets.hanging import MUTED, HangingText, Row


class FindingsDialog(Dialog[None]):
    """Numbers and passages of codes; arrows and page keys scroll."""

    DEFAULT_CSS = """
    FindingsDialog > Vertical { max-width: 110; }
    FindingsDialog VerticalScroll { height: auto; max-height: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,i,q", "cancel", "Close", tooltip="Close the page.", id="dialog.cancel"),
    ]

    def __init__(self, pages: DevelopmentPages) -> None:
        super().__init__("What the round found out")
        self._pages = pages

    def body(self) -> ComposeResult:
        """The page."""
        with VerticalScroll():
            yield HangingText([row for found in self._pages.findings for row in findings_rows(self._pages, found)])

    def on_mount(self) -> None:
        """Keys scroll at once."""
        self.query_one(VerticalScroll).focus()


def findings_rows(pages: DevelopmentPages, found: CodeFindings) -> Iterator[Row]:
    """The page of one code."""
    run, code = pages.run, pages.book.code(found.code_id)
    nothing = Content("")
    if code is None:
        return
    yield nothing, line(code.label, 100, "bold")
    if code.definition:
        yield nothing, shown(code.definition)
    if run.position < run.total:
        yield (
            nothing,
            Content(f"{run.id} is still coding round {run.round}: {run.position} of {run.total} segments."),
        )
    about = (
        f"Round {run.round} of {run.id}, codebook version {pages.book.version}, {counted(run.total, 'segment')}."
    )
    yield nothing, Content.styled(about, MUTED)
    yield nothing, nothing
    for coder in found.coders:
        yield joined(line(coder.coder, 30, "bold"), "  "), _numbers(coder, exact=code.kind == "pattern")
    if found.disputed:
        yield nothing, Content(f"Coders differ on {counted(found.disputed, 'segment')}.")
    for title, excerpts in grouped(found.excerpts).items():
        if excerpts:
            yield nothing, nothing
            yield nothing, Content.styled(title, "bold $primary")
        for number, excerpt in enumerate(excerpts, 1):
            yield from excerpt_rows(excerpt, number)


def _numbers(coder: CoderFindings, *, exact: bool) -> Content:
    counts = f"{coder.yes:,} Yes, {coder.no:,} No, {coder.unsure:,} unsure"
    told = verdict(coder, exact=exact)
    if exact:
        return Content(f"{counts}: {told}")
    tests = f"p {p_told(coder.p)} (Holm {p_told(coder.p_holm)}); kappa {_number(coder.kappa)}"
    if not isnan(coder.kappa_low) and not isnan(coder.kappa_high):
        tests += f" ({coder.kappa_low:.2f} to {coder.kappa_high:.2f})"
    return Content(f"{counts}; {tests}: {told}")


def _number(value: float) -> str:
    return "undefined" if isnan(value) else f"{value:.3f}"


def p_told(p: float) -> str:
    """A p-value with as many places as matter."""
    return "<0.001" if p < 0.001 else _number(p)
