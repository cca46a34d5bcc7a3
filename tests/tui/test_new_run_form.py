"""The form of a new run: choices are offered, what is wrong stands beside its field, what is lost is told."""

import pytest
from textual.widgets import Input

from intercoder.graphs.new_runs import GRAPHS, Graph
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.app import ReviewApp
from intercoder.tui.dialogs import Choose
from intercoder.tui.widgets.run_dialogs import PlanDialog, RunForm
from tests.tui.conftest import SIZES, started, text_of
from tests.tui.test_runs import until


async def form(pilot: object, app: ReviewApp, graph: Graph) -> None:
    await until(pilot, lambda: "codevelop-1" in text_of(app))  # type: ignore[arg-type]
    await pilot.press("n")  # type: ignore[attr-defined]
    await until(pilot, lambda: isinstance(app.screen, Choose))  # type: ignore[arg-type]
    await pilot.press(*["down"] * list(GRAPHS).index(graph), "enter")  # type: ignore[attr-defined]
    await until(pilot, lambda: isinstance(app.screen, RunForm))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", SIZES)
async def test_a_sample_is_chosen_and_a_wrong_one_keeps_the_form_open(
    study: StudyFolder, size: tuple[int, int]
) -> None:
    app = started(study, "runs")
    async with app.run_test(size=size) as pilot:
        await form(pilot, app, "calibrate")
        field = app.screen.query_one(Input)
        await pilot.press(*"none", "enter")
        await until(pilot, lambda: "✗ there is no sample `none`" in " ".join(text_of(app).split()))
        assert isinstance(app.screen, RunForm) and field.value == "none"
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("enter")
        await until(pilot, lambda: field.value == "calibration" and "no sample" not in text_of(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PlanDialog) and "40 segments" in text_of(app))


async def test_beginning_anew_says_which_revisions_are_given_up(study: StudyFolder) -> None:
    app = started(study, "runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await form(pilot, app, "codevelop")
        app.screen.query_one("#new", Input).value = "yes"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PlanDialog))
        assert "5 revisions that wait would be asked about no more" in text_of(app)
