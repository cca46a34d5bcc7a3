"""Agreement: how far coders agree on each code, whether they can be told from guessing, and the verdicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from intercoder.core.errors import IntercoderError
from intercoder.core.shown import counted, listed
from intercoder.graphs.differing.agreement_view import (
    AgreementTable,
    CodeAgreement,
    agreement_run,
    agreement_state,
    agreement_table,
)
from intercoder.graphs.differing.disagreements import GRAPHS, PEOPLE
from intercoder.stores.runs.runs import list_runs
from intercoder.tui.dialogs import Choose
from intercoder.tui.screens.base import StudyScreen
from intercoder.tui.text import line
from intercoder.tui.widgets.agreement_rows import (
    STATISTICS,
    agreement_row,
    columns,
    details,
    heading,
    lowest,
    verdict_told,
)
from intercoder.tui.widgets.virtual_list import VirtualList

VERDICTS = ("revise", "not shown", "ready", "")
"""From those that need most work."""
SORTS = ("book", "verdict", "agreement", "share", "name")
SORTED = {"share": "% yes"}
"""Sorts that are told by the head of their column."""


class CodeList(VirtualList):
    """Tells in the footer what enter does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Disagreements", tooltip="Open the disagreements behind the numbers."),
    ]


class AgreementScreen(StudyScreen):
    """A row a code; below or beside it the numbers of the code under the cursor."""

    NAME = "agreement"
    HELP = (
        "A row a code. A bar is a 95% interval with the estimate on it. `people`: people with people; `model`: "
        "what stands in the end with people; `models`: models with models; `% yes`: of how many in 100 the code "
        "stands in the end. `not shown`: there are too few codings to tell. `guessing?` means "
        "that answers cannot be told from guessing (look at the reasons), `differs` "
        "that they can, `consistent` that coders asked again say the same. Numbers of a calibration are shown "
        "where there is one. Enter opens the disagreements behind a code's numbers."
    )
    CSS = """
    AgreementScreen #table { height: 1fr; }
    AgreementScreen #heading { height: 1; padding-left: 2; color: $text-muted; text-wrap: nowrap; }
    AgreementScreen #details { height: 11; }
    AgreementScreen.-normal #details { height: 12; }
    AgreementScreen #details Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "open",
            "Disagreements",
            tooltip="Open the disagreements behind the numbers of this code.",
            id="agreement.open",
        ),
        Binding(
            "a",
            "statistic",
            "AC1/positive",
            tooltip="Change between AC1 and positive agreement, which does not flatter rare codes.",
            id="agreement.statistic",
        ),
        Binding(
            "s",
            "sort",
            "Sort",
            tooltip="Sort by the book, verdict, agreement, % yes or name in turn.",
            id="agreement.sort",
        ),
        Binding("slash", "filter", "Verdict", tooltip="Show only codes with one verdict.", id="agreement.filter"),
        Binding("r", "choose_run", "Run", tooltip="Choose the run that is looked at.", id="agreement.run"),
        Binding(
            "escape",
            "back",
            "Back",
            show=False,
            tooltip="Show all codes again.",
            id="agreement.back",
        ),
    ]

    class Computed(Message):
        """The table was computed."""

        def __init__(self, asked: str, state: tuple[object, ...], table: AgreementTable) -> None:
            super().__init__()
            self.asked, self.state, self.table = asked, state, table

    class Failed(Message):
        """It could not be."""

        def __init__(self, error: IntercoderError) -> None:
            super().__init__()
            self.error = error

    def __init__(self) -> None:
        super().__init__()
        self._asked = ""
        self._state: tuple[object, ...] = ()
        self._table: AgreementTable | None = None
        self._rows: list[CodeAgreement] = []
        self._statistic = "ac1"
        self._sort = "book"
        self._verdict: str | None = None
        self._wanted = ""
        self._computing = self._again = False

    def body(self) -> ComposeResult:
        """Table and details."""
        with Vertical(id="table", classes="pane"):
            yield Static("", id="heading", markup=False)
            yield CodeList(id="codes", empty=Content("Computing…"))
        with VerticalScroll(id="details", classes="pane", can_focus=False):
            yield Static("", markup=False)

    def on_mount(self) -> None:
        """Compute the table."""
        super().on_mount()
        self.query_one("#codes").focus()

    def load(self) -> None:
        """Compute the table in a thread if what it rests on has changed."""
        if self._computing:
            self._again = True
            return
        self._computing = True
        self._compute(self._asked, self._state, self._table)

    def show(self, **what: Any) -> None:
        """Look at a run; go to a code."""
        self._asked = str(what.get("run", self._asked))
        self._wanted = str(what.get("code", ""))
        self.load()

    @work(thread=True, group="agreement", description="agreement")
    def _compute(self, asked: str, state: tuple[object, ...], known: AgreementTable | None) -> None:
        try:
            run = agreement_run(self.folder, asked)
            now = agreement_state(self.folder, run)
            table = known if known is not None and now == state else agreement_table(self.folder, run)
        except IntercoderError as error:
            self.post_message(self.Failed(error))
        else:
            self.post_message(self.Computed(asked, now, table))

    @on(Computed)
    def _computed(self, message: Computed) -> None:
        self._computing = False
        again = self._again or message.asked != self._asked
        self._again = False
        self._state, self._table = message.state, message.table
        self._list()
        if again:
            self.load()

    @on(Failed)
    def _failed(self, message: Failed) -> None:
        self._computing = self._again = False
        self._state, self._table, self._rows = (), None, []
        codes = self.query_one(VirtualList)
        codes.empty = line(f"{message.error.message} {message.error.remedy}", 300)
        codes.set_source(0, self._lines)
        self.query_one("#heading", Static).update("")
        self.query_one("#details Static", Static).update("")
        self.refresh_bindings()

    def _list(self) -> None:
        """Show the rows as they are sorted and filtered, the cursor on the same code."""
        table = self._table
        if table is None:
            return
        row = self._row
        wanted = self._wanted or (row.code.id if row else "")
        self._wanted = ""
        rows = [one for one in table.rows if self._verdict is None or one.verdict == self._verdict]
        self._rows = sorted(rows, key=self._sort_key) if self._sort != "book" else rows
        codes = self.query_one(VirtualList)
        codes.empty = Content("No code has this verdict." if table.rows else "There is no code yet.")
        place = next((at for at, one in enumerate(self._rows) if one.code.id == wanted), -1)
        codes.set_source(len(self._rows), self._lines, cursor=max(place, 0))
        self._entitle(table)
        self._tell()

    @property
    def _sort_key(self) -> Callable[[CodeAgreement], tuple[object, ...]]:
        statistic = self._statistic
        keys: dict[str, Callable[[CodeAgreement], tuple[object, ...]]] = {
            "verdict": lambda row: (VERDICTS.index(row.verdict), lowest(row, statistic)),
            "agreement": lambda row: (lowest(row, statistic),),
            "share": lambda row: (-row.prevalence if row.prevalence == row.prevalence else 1.0,),
            "name": lambda row: (row.name.casefold(),),
        }
        return keys[self._sort]

    def _entitle(self, table: AgreementTable) -> None:
        pane = self.query_one("#table")
        who = listed([*table.people, *table.coders][:6])
        name = table.run_id or PEOPLE
        pane.border_title = line(f"{name}: {counted(len(table.rows), 'code')}, {STATISTICS[self._statistic]}", 70)
        narrowed = "" if self._verdict is None else f"only {verdict_told(self._verdict) or 'not calibrated'}, "
        pane.border_subtitle = line(f"{narrowed}by {SORTED.get(self._sort, self._sort)}", 60)
        details_pane = self.query_one("#details")
        details_pane.border_title = line("calibrated" if table.calibrated else "not calibrated", 40)
        details_pane.border_subtitle = line(who, 70)
        self._head()

    def _head(self) -> None:
        if self._table is not None:
            fit = columns(self._table, self._width, self._statistic)
            self.query_one("#heading", Static).update(heading(fit))

    @property
    def _width(self) -> int:
        """Cells of a row."""
        return max(self.query_one(VirtualList).scrollable_content_region.width - 2, 20)

    def on_resize(self, _event: events.Resize) -> None:
        """Bars and columns fit the width."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        if self._table is not None:
            self._head()
            self.query_one(VirtualList).refresh_rows()

    def _lines(self, start: int, stop: int) -> Sequence[Content]:
        if self._table is None:
            return ()
        fit = columns(self._table, self._width, self._statistic)
        return [agreement_row(row, fit) for row in self._rows[start:stop]]

    @property
    def _row(self) -> CodeAgreement | None:
        cursor = self.query_one(VirtualList).cursor
        return self._rows[cursor] if 0 <= cursor < len(self._rows) else None

    @on(VirtualList.Highlighted)
    def _tell(self) -> None:
        row = self._row
        told = details(row, self._table) if row is not None and self._table is not None else Content("")
        self.query_one("#details Static", Static).update(told)
        self.query_one("#details").scroll_home(animate=False)
        self.refresh_bindings()

    @on(VirtualList.Chosen)
    def _chosen(self) -> None:
        self.action_open()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what does not apply now."""
        if action == "open":
            return True if self._row is not None else None
        if action in ("statistic", "sort", "filter"):
            return True if self._table is not None else None
        return True

    def action_open(self) -> None:
        """Open the disagreements behind a code's numbers."""
        row, table = self._row, self._table
        if row is not None and table is not None:
            self.review.go("disagreements", code=row.code.id, run=table.run_id or PEOPLE)

    def action_statistic(self) -> None:
        """Show the other statistic."""
        self._statistic = "positive" if self._statistic == "ac1" else "ac1"
        self._list()

    def action_sort(self) -> None:
        """Sort by the next key."""
        self._sort = SORTS[(SORTS.index(self._sort) + 1) % len(SORTS)]
        self._list()

    @work(exclusive=True, group="ask", description="ask")
    async def action_filter(self) -> None:
        """Choose the verdict."""
        table = self._table
        if table is None:
            return
        there = [verdict for verdict in VERDICTS if any(row.verdict == verdict for row in table.rows)]
        options = [("all codes", f"{len(table.rows):,}")]
        options += [
            (verdict_told(verdict) or "not calibrated", f"{sum(row.verdict == verdict for row in table.rows):,}")
            for verdict in there
        ]
        place = await self.app.push_screen_wait(Choose("Codes with which verdict?", options))
        if place is not None:
            self._verdict = there[place - 1] if place else None
            self._list()

    @work(exclusive=True, group="ask", description="ask")
    async def action_choose_run(self) -> None:
        """Choose the run."""
        runs = [run for run in reversed(list_runs(self.folder.engine, self.folder.study.id)) if run.graph in GRAPHS]
        options = [(run.id, counted(run.total, "segment")) for run in runs] + [(PEOPLE, "without a model")]
        place = await self.app.push_screen_wait(Choose("Agreement of which coders?", options))
        if place is not None:
            self._asked = options[place][0]
            self.load()

    def action_back(self) -> None:
        """Show all codes again."""
        if self._verdict is not None:
            self._verdict = None
            self._list()
