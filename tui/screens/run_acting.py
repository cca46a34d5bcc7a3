"""What is done with runs from their screen: begin, stop, resume, retry, each as a process of its own."""

from __future__ import annotations

from collections.abc import Sequence

from textual import work
from textual.worker import get_current_worker

from intercoder.core.errors import IntercoderError
from intercoder.graphs.detached import Started, start, stop
from intercoder.graphs.new_runs import GRAPHS, command
from intercoder.stores.lease import busy, read_holder
from intercoder.stores.runs.run_progress import RunLine, RunView
from intercoder.tui.dialogs import AskYes, Choose
from intercoder.tui.screens.base import StudyScreen
from intercoder.tui.threads import show_from_thread
from intercoder.tui.widgets.plan_words import plan_text
from intercoder.tui.widgets.run_dialogs import PlanDialog, RunForm


class RunActing(StudyScreen):
    """The actions of the screen of runs.

    Attributes:
        lines: The study's runs as they were last seen, newest first.
        view: The chosen run; None where there is none.
        starting: What is being started; empty if nothing is.
        told_to_stop: How often the run at work was told to stop.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines: tuple[RunLine, ...] = ()
        self.view: RunView | None = None
        self.starting = ""
        self.told_to_stop = 0

    def choose_run(self, run: str) -> None:
        """Look at another run."""
        raise NotImplementedError

    @work(group="ask", exclusive=True)
    async def action_new(self) -> None:
        """Choose a graph, fill in its options, look at the plan, start."""
        if self._busy():
            return
        graphs = list(GRAPHS)
        place = await self.app.push_screen_wait(Choose("New run", [(graph, GRAPHS[graph]) for graph in graphs]))
        if place is None:
            return
        wanted = await self.app.push_screen_wait(RunForm(self.folder, graphs[place], self.review.by))
        if wanted is None:
            return
        asked, plan = wanted.asked, wanted.plan
        title = f"intercoder {' '.join([*command(asked).arguments, 'STUDY', *command(asked).options])}"
        text = plan_text(plan, wanted.going, wanted.given_up)
        if await self.app.push_screen_wait(PlanDialog(title, text, startable=not plan.obstacles)):
            self._start(*command(asked))

    @work(group="ask", exclusive=True)
    async def action_stop(self) -> None:
        """Stop the run at work; a second time firmly."""
        firmly = self.told_to_stop > 0
        text = (
            "It was told before and has not stopped yet. Tell it again with SIGTERM?"
            if firmly
            else "It finishes what is under way, keeps every answer, and can be resumed."
        )
        running = next((line.id for line in self.lines if line.at_work), self.review.running)
        if not await self.app.push_screen_wait(AskYes(f"Stop {running or 'the run'}?", text)):
            return
        stopping = self.attempt(stop, self.folder, firmly=firmly)
        if stopping is not None:
            self.told_to_stop += 1
            self.review.tell(f"{stopping.run} was told to stop.")

    def action_resume(self) -> None:
        """Go on with the chosen run."""
        if self.view is not None and not self._busy():
            self._start(("resume",), (self.view.run.id,))

    def action_retry(self) -> None:
        """Ask again what failed."""
        if not self._busy():
            self._start(("retry",), ())

    def _busy(self) -> bool:
        """Whether a run is at work, which is told."""
        holder = read_holder(self.folder.engine, self.folder.study.id)
        if holder is not None:
            self.review.failed(busy(holder))
        return holder is not None

    @work(thread=True, group="start")
    def _start(self, arguments: Sequence[str], options: Sequence[str]) -> None:
        worker = get_current_worker()
        show_from_thread(self, self._begin, " ".join(arguments))
        began: Started | IntercoderError
        try:
            began = start(self.folder, arguments, options, given_up=lambda: worker.is_cancelled)
        except IntercoderError as error:
            began = error
        show_from_thread(self, self._began, began)

    def _begin(self, what: str) -> None:
        self.starting = what
        self.query_one("#runs").border_subtitle = f"{what} is starting…"
        self.refresh_bindings()

    def _began(self, began: Started | IntercoderError) -> None:
        self.starting = ""
        self.query_one("#runs").border_subtitle = ""
        if isinstance(began, IntercoderError):
            self.review.failed(began)
        elif began.run:
            self.choose_run(began.run)
        elif began.said:
            self.review.tell(began.said)
        self.load()
