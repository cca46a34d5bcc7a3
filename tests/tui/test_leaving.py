"""Nothing typed is lost: leaving a dialog, a form or the program asks first where something was typed."""

from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from intercoder.core.errors import StudyError
from intercoder.formats.revision_fields import FormField
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.app import ReviewApp
from intercoder.tui.dialogs import AskLeave, AskText, Choose, Dialog
from intercoder.tui.screens.base import StudyScreen
from intercoder.tui.screens.form import Form, Texts
from intercoder.tui.widgets.run_dialogs import RunForm
from tests.tui.conftest import settled, started, text_of

SIZE = (120, 40)


async def done(texts: Texts) -> bool:
    return True


def a_form(folder: StudyFolder) -> Form:
    return Form(
        "A form", [[FormField(key="0.label", name="Label", text="mending", lines=1)]], lambda texts: None, done
    )


def a_run(folder: StudyFolder) -> RunForm:
    return RunForm(folder, "inductive", "ana")


def a_text(folder: StudyFolder) -> AskText:
    return AskText("Memo", value="before")


async def pushed(app: ReviewApp, pilot: Pilot[None], dialog: Dialog[Any]) -> list[object]:
    """The dialog open, its first field in focus at its end; what it is answered with comes into the list."""
    answers: list[object] = []
    app.push_screen(dialog, answers.append)
    await pilot.pause()
    field = dialog.query(Input).first()
    field.focus()
    field.cursor_position = len(field.value)
    await pilot.pause()
    return answers


@pytest.mark.parametrize("make", [a_text, a_form, a_run])
async def test_escape_asks_where_something_was_typed(
    study: StudyFolder, make: Callable[[StudyFolder], Dialog[Any]]
) -> None:
    app = started(study, "corpus")
    async with app.run_test(size=SIZE) as pilot:
        dialog = make(study)
        answers = await pushed(app, pilot, dialog)
        before = dialog.query(Input).first().value
        await pilot.press("x", "escape")
        assert isinstance(app.screen, AskLeave)
        await pilot.press("n")
        assert app.screen is dialog
        assert dialog.query(Input).first().value == f"{before}x"
        await pilot.press("escape", "y")
        assert isinstance(app.screen, StudyScreen)
        assert answers == [None]


@pytest.mark.parametrize("make", [a_text, a_form, a_run])
async def test_escape_leaves_at_once_where_all_is_as_it_was(
    study: StudyFolder, make: Callable[[StudyFolder], Dialog[Any]]
) -> None:
    app = started(study, "corpus")
    async with app.run_test(size=SIZE) as pilot:
        answers = await pushed(app, pilot, make(study))
        await pilot.press("1", "backspace", "escape")
        assert isinstance(app.screen, StudyScreen)
        assert answers == [None]


async def test_what_narrows_a_list_is_no_loss(study: StudyFolder) -> None:
    app = started(study, "corpus")
    async with app.run_test(size=SIZE) as pilot:
        answers = await pushed(app, pilot, Choose("Which?", [("one", ""), ("two", "")]))
        await pilot.press("t", "escape")
        assert answers == [None]


async def test_quitting_asks_once_while_something_is_typed(study: StudyFolder) -> None:
    app = started(study, "corpus")
    async with app.run_test(size=SIZE) as pilot:
        await pushed(app, pilot, a_text(study))
        await pilot.press("x", "ctrl+q", "ctrl+q")
        assert [type(screen) for screen in app.screen_stack[1:]] == [AskText, AskLeave]
        assert "without keeping what you typed" in text_of(app)
        await pilot.press("n")
        assert app.is_running and isinstance(app.screen, AskText) and app.screen.text == "beforex"
        await pilot.press("ctrl+q", "y")
        await pilot.pause()
        assert not app.is_running


async def test_quitting_asks_for_what_was_typed_on_another_screen(study: StudyFolder) -> None:
    app = started(study, "corpus")
    async with app.run_test(size=SIZE) as pilot:
        await pushed(app, pilot, a_text(study))
        await pilot.press("x")
        app.go("runs")
        await pilot.press("ctrl+q")
        assert isinstance(app.screen, AskLeave)


@pytest.mark.parametrize("keys", [(), ("1", "backspace")])
async def test_quitting_is_at_once_where_nothing_would_be_lost(study: StudyFolder, keys: tuple[str, ...]) -> None:
    app = started(study, "corpus")
    async with app.run_test(size=SIZE) as pilot:
        await pushed(app, pilot, a_text(study))
        await pilot.press(*keys, "ctrl+q")
        await pilot.pause()
        assert not app.is_running


async def test_a_text_stays_where_it_cannot_be_taken(study: StudyFolder) -> None:
    taken: list[str] = []

    def take(text: str) -> None:
        if not taken:
            taken.append("")
            raise StudyError("ben was first.", remedy="Look at it again.")
        taken.append(text)

    app = started(study, "corpus")
    async with app.run_test(size=SIZE) as pilot:
        dialog = AskText("Note", do=take)
        answers = await pushed(app, pilot, dialog)
        await pilot.press(*"why", "enter")
        assert app.screen is dialog and dialog.text == "why"
        assert "ben was first. Look at it again." in text_of(app)
        await pilot.press("ctrl+s")
        assert (answers, taken) == (["why"], ["", "why"])


async def test_an_error_in_a_worker_is_told_and_ends_nothing(study: StudyFolder) -> None:
    def fail() -> None:
        raise StudyError("the disk is full.", remedy="Free some space.")

    app = started(study, "corpus")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        app.screen.run_worker(fail, thread=True)
        while "the disk is full." not in text_of(app):
            await pilot.pause(0.01)
        assert "→ Free some space." in text_of(app)
        await pilot.press("f6")
        assert app.is_running


async def test_what_was_typed_is_given_back_where_the_program_fails(study: StudyFolder) -> None:
    app = started(study, "corpus")
    with pytest.raises(ZeroDivisionError):
        async with app.run_test(size=SIZE) as pilot:
            await pushed(app, pilot, a_text(study))
            await pilot.press("x")
            app.call_later(lambda: 1 // 0)
            await pilot.pause()
    assert app.rescued == (("Memo", "beforex"),)


def burst(app: ReviewApp, *keys: str) -> None:
    """Keys that arrive all at once."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


async def test_what_is_typed_is_what_enter_chooses(study: StudyFolder) -> None:
    app = started(study, "corpus")
    async with app.run_test(size=SIZE) as pilot:
        answers = await pushed(app, pilot, Choose("Which?", [("one", ""), ("two", "")]))
        burst(app, *"two", "enter")
        await pilot.pause()
        assert answers == [1]


async def test_what_is_typed_is_what_a_text_is_taken_with(study: StudyFolder) -> None:
    app = started(study, "corpus")
    async with app.run_test(size=SIZE) as pilot:
        answers = await pushed(app, pilot, a_text(study))
        burst(app, *"hand", "ctrl+s")
        await pilot.pause()
        assert answers == ["beforehand"]


async def test_what_is_typed_is_what_a_form_is_saved_with(study: StudyFolder) -> None:
    saved: list[str] = []

    async def do(texts: Texts) -> bool:
        saved.append(texts["0.label"])
        return True

    app = started(study, "corpus")
    field = FormField(key="0.label", name="Label", text="mend", lines=1)
    async with app.run_test(size=SIZE) as pilot:
        await pushed(app, pilot, Form("A form", [[field]], lambda texts: None, do))
        burst(app, *"ing", "ctrl+s")
        await settled(pilot)
        assert saved == ["mending"]
