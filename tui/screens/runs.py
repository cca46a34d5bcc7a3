"""Runs: start them as processes of their own, watch them in the store, stop, resume and retry them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, NamedTuple

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from intercoder.core.errors import IntercoderError
from intercoder.graphs.detached import last_words, log_tail, run_log
from intercoder.graphs.jobs import RETRIED
from intercoder.stores.runs.answer_counts import Latest
from intercoder.stores.runs.run_progress import FailureGroup, RunLine, RunView, RunWatch, run_lines
from intercoder.tui.screens.run_acting import RunActing
from intercoder.tui.text import shown
from intercoder.tui.threads import show_from_thread
from intercoder.tui.widgets.run_dialogs import Reading
from intercoder.tui.widgets.run_words import (
    failure_row,
    failure_text,
    heading,
    latest_row,
    list_row,
    progress_text,
    settings_text,
    why_text,
)
from intercoder.tui.widgets.virtual_list import VirtualList

EVERY = 1.0
"""Seconds between looks at a run that is at work, which may go on without writing, or end without a word."""
LOG_LINES = 400
"""Lines of a log that are shown."""


class Look(NamedTuple):
    """What was found in one look."""

    view: RunView | None
    why: Content
    """Why the run stopped; empty where nobody knows."""


class RunsScreen(RunActing):
    """Runs on the left; on the right how the chosen one stands, what failed, and what comes in."""

    NAME = "runs"

    HELP = (
        "Every run of the study, wherever it was started. A run is a process of its own: it goes on when you leave "
        "this program, and stops only when somebody stops it. What was answered is never asked again."
    )
    DEFAULT_CSS = """
    RunsScreen .pane { border-title-color: $foreground; border-subtitle-color: $foreground 70%; }
    RunsScreen #runs { width: 46; }
    RunsScreen.-narrow #runs { width: 30; }
    RunsScreen #right { width: 1fr; }
    RunsScreen #chosen { height: auto; max-height: 60%; }
    RunsScreen.-narrow #chosen { max-height: 50%; }
    RunsScreen #chosen Static { height: auto; }
    RunsScreen #why { margin-top: 1; }
    RunsScreen .settings { margin-top: 1; }
    RunsScreen #settings { width: 52; display: none; }
    RunsScreen.-wide #settings { display: block; }
    RunsScreen.-wide #inline { display: none; }
    RunsScreen #failed { height: auto; max-height: 8; }
    RunsScreen #failures { height: auto; max-height: 6; }
    RunsScreen #coming { height: 1fr; min-height: 4; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New run", tooltip="Start a run: choose a graph, see its plan.", id="runs.new"),
        Binding(
            "s", "stop", "Stop", tooltip="Stop the run at work, as Ctrl-C does; it can be resumed.", id="runs.stop"
        ),
        Binding("R", "resume", "Resume", tooltip="Go on with the chosen run where it stopped.", id="runs.resume"),
        Binding("t", "retry", "Retry", tooltip="Ask again what failed in the chosen run.", id="runs.retry"),
        Binding("a", "answer", "Answer", tooltip="Go to the revisions that the run waits for.", id="runs.answer"),
        Binding("l", "log", "Log", tooltip="Read the end of the chosen run's log.", id="runs.log"),
        Binding("w", "follow", "Follow", tooltip="Follow what comes in, or hold the list still.", id="runs.follow"),
        Binding(
            "o",
            "open",
            "Open",
            show=False,
            tooltip="Show the segment of the marked decision in the corpus.",
            id="runs.open",
        ),
        Binding("escape", "back", "Back", show=False, tooltip="Go back to the list of runs.", id="runs.back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.following = True
        self._chosen = ""
        self._watches: dict[str, RunWatch] = {}
        self._looking = False
        self._again = False

    def body(self) -> ComposeResult:
        """List, the chosen run, failures, what comes in; where there is room, settings beside them."""
        with Horizontal():
            with Vertical(id="runs", classes="pane") as left:
                left.border_title = "Runs"
                yield VirtualList(row_height=2, id="list", empty=Content("No run yet. Press n to start one."))
            with Vertical(id="right"):
                with VerticalScroll(id="chosen", classes="pane"):
                    yield Static(id="heading", markup=False)
                    yield Static(id="progress", markup=False)
                    yield Static(id="why", markup=False)
                    yield Static(id="inline", classes="settings", markup=False)
                with Vertical(id="failed", classes="pane") as failed:
                    failed.border_title = "Failures"
                    yield VirtualList(id="failures")
                with Vertical(id="coming", classes="pane") as coming:
                    coming.border_title = "Latest decisions"
                    yield VirtualList(id="latest", empty=Content("Nothing was decided yet."))
            with VerticalScroll(id="settings", classes="pane") as settings:
                settings.border_title = "Settings"
                yield Static(id="beside", markup=False)

    def on_mount(self) -> None:
        """Look, and go on looking while a run is at work."""
        super().on_mount()
        self.query_one("#failed").display = False
        self.query_one("#list").focus()
        self.set_interval(EVERY, self._look_again)

    def load(self) -> None:
        """Look at the runs in a thread; while one look is under way, another one waits for it."""
        if self._looking:
            self._again = True
            return
        self._looking, self._again = True, False
        self._look(self._chosen, self.review.clock())

    def show(self, **what: Any) -> None:
        """Go to a run: `run=ID`."""
        self.choose_run(str(what.get("run", "")))

    @work(thread=True, group="look")
    def _look(self, chosen: str, now: str) -> None:
        found: Look | IntercoderError
        try:
            lines = run_lines(self.folder)
            line = next((one for one in lines if one.id == chosen), lines[0] if lines else None)
            show_from_thread(self, self._listed, lines, line)
            found = self._found(line, now)
        except IntercoderError as error:
            found = error
        show_from_thread(self, self._looked, chosen, found)

    def _found(self, line: RunLine | None, now: str) -> Look:
        if line is None:
            return Look(None, Content(""))
        watch = self._watches.setdefault(line.id, RunWatch(self.folder, line.id))
        return Look(watch.look(now), self._why(line))

    def _why(self, line: RunLine) -> Content:
        """What a run that was stopped said last."""
        log = run_log(self.folder, line.id) if line.state in ("stopped", "gone") else None
        words = last_words(log) if log is not None else None
        return why_text(words.error, words.remedy) if words is not None else Content("")

    def _looked(self, chosen: str, found: Look | IntercoderError) -> None:
        self._looking = False
        if isinstance(found, IntercoderError):
            self.review.failed(found)
            return
        if not chosen or chosen == self._chosen:
            self._show_view(found.view, found.why)
        if self._again or (chosen and chosen != self._chosen):
            self.load()

    def _listed(self, lines: tuple[RunLine, ...], line: RunLine | None) -> None:
        """Show the list; the first time that a run of many answers is looked at, counting them takes a moment."""
        self._show_lines(lines)
        if line is not None and (self.view is None or self.view.run.id != line.id):
            self.query_one("#heading", Static).update(heading(line))
            self.query_one("#progress", Static).update(Content("Its answers are being counted…"))

    def _show_lines(self, lines: tuple[RunLine, ...]) -> None:
        self.lines = lines
        listed = self.query_one("#list", VirtualList)
        ids = [line.id for line in lines]
        if not self._chosen and ids:
            self._chosen = ids[0]
        cursor = ids.index(self._chosen) if self._chosen in ids else 0
        listed.set_source(len(lines), self._rows, cursor=cursor)

    def _rows(self, begin: int, end: int) -> Sequence[Content]:
        width = self.query_one("#list").scrollable_content_region.width - 2
        return [list_row(line, self.review.clock(), width) for line in self.lines[begin:end]]

    def _show_view(self, view: RunView | None, why: Content) -> None:
        before, self.view = self.view, view
        if view is None:
            return
        if not view.run.at_work:
            self.told_to_stop = 0
        width = max(self.query_one("#chosen").size.width - 4, 30)
        settings = settings_text(view.settings, view.actors)
        for name, text in (
            ("heading", heading(view.run)),
            ("progress", progress_text(view, width)),
            ("why", why),
            ("inline", settings),
            ("beside", settings),
        ):
            self.query_one(f"#{name}", Static).update(text)
        self.query_one("#why").display = bool(why.plain)
        other = before is None or before.run.id != view.run.id
        self._show_failures(view.failures)
        self._show_latest(before.latest if before is not None and not other else (), view.latest)
        self.refresh_bindings()

    def _show_failures(self, failures: tuple[FailureGroup, ...]) -> None:
        self.query_one("#failed").display = bool(failures)
        rows = self.query_one("#failures", VirtualList)
        rows.styles.height = max(1, min(6, len(failures)))
        rows.set_source(len(failures), partial(_cut, [failure_row(one) for one in failures]), cursor=rows.cursor)

    def _show_latest(self, before: tuple[Latest, ...], latest: tuple[Latest, ...]) -> None:
        rows = self.query_one("#latest", VirtualList)
        cursor = len(latest) - 1
        if not self.following and 0 <= rows.cursor < len(before):
            ids = [one.decision_id for one in latest]
            held = before[rows.cursor].decision_id
            cursor = ids.index(held) if held in ids else 0
        rows.set_source(len(latest), partial(_cut, [latest_row(one) for one in latest]), cursor=cursor)
        coming = self.query_one("#coming")
        coming.border_subtitle = "following" if self.following else "held still; w follows"

    def _look_again(self) -> None:
        if self.is_current and (self.starting or any(line.at_work for line in self.lines)):
            self.load()

    def choose_run(self, run: str) -> None:
        """Look at another run."""
        if run and run != self._chosen:
            self._chosen = run
            self.following = True
            self.load()

    @on(VirtualList.Highlighted, "#list")
    def choose(self, event: VirtualList.Highlighted) -> None:
        """Show the run under the cursor."""
        if event.index < len(self.lines) and event.virtual_list.has_focus:
            self.choose_run(self.lines[event.index].id)

    @on(VirtualList.Chosen, "#list")
    def go_deeper(self) -> None:
        """Go to what came in."""
        self.query_one("#latest").focus()

    @on(VirtualList.Chosen, "#latest")
    def action_open(self) -> None:
        """Read the segment that was decided about."""
        place = self.query_one("#latest", VirtualList).cursor
        if self.view is not None and 0 <= place < len(self.view.latest):
            self.review.go("corpus", segment=self.view.latest[place].segment_id)

    @on(VirtualList.Chosen, "#failures")
    def read_failure(self, event: VirtualList.Chosen) -> None:
        """Read a failure's whole text."""
        if self.view is not None and event.index < len(self.view.failures):
            self.app.push_screen(Reading("Failure", failure_text(self.view.failures[event.index])))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey what does not apply to the chosen run now."""
        run = self.view.run if self.view is not None else None
        at_work = any(line.at_work for line in self.lines) or bool(self.starting)
        possible = {
            "stop": at_work,
            "resume": not at_work and run is not None and not run.over,
            "retry": not at_work and run is not None and self._retriable(run),
            "answer": run is not None and run.graph == "codevelop" and bool(self.view and self.view.waiting),
            "log": run is not None,
            "follow": run is not None,
            "open": bool(self.view and self.view.latest),
        }
        return True if possible.get(action, True) else None

    def _retriable(self, run: RunLine) -> bool:
        """Whether `retry` would take this run: the latest of its kind that is done, if anything failed in it."""
        done = [line.id for line in self.lines if line.graph in RETRIED and line.state == "done"]
        return bool(run.failures) and done[:1] == [run.id]

    def action_back(self) -> None:
        """Go back to the list."""
        self.query_one("#list").focus()

    def action_follow(self) -> None:
        """Follow what comes in, or hold still."""
        self.following = not self.following
        if self.view is not None:
            self._show_latest(self.view.latest, self.view.latest)

    def action_answer(self) -> None:
        """Go where revisions are answered."""
        self.review.go("revisions")

    def action_log(self) -> None:
        """Read the end of the log."""
        if self.view is None:
            return
        run = self.view.run.id
        log = run_log(self.folder, run)
        text = log_tail(log, LOG_LINES) if log is not None else (
            "There is no log: the run was started elsewhere, and what it said stands in that terminal."
        )  # fmt: skip
        self.app.push_screen(Reading(f"Log of {run}", shown(text), at_end=True))


def _cut(rows: Sequence[Content], begin: int, end: int) -> Sequence[Content]:
    return rows[begin:end]
