"""The revisions' screen: every key, with its effect read back from the study."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static, TextArea

from intercoder.core.codebook import Code
from intercoder.core.errors import StudyError
from intercoder.core.revisions import RecordedRevision, Revision, revised
from intercoder.graphs.codebook.answering import answer_revision, waiting_revisions
from intercoder.graphs.codebook.drafting import draft_answer, review_queue
from intercoder.graphs.detached import Started
from intercoder.graphs.jobs import execute, unfinished
from intercoder.stores.codebooks.counted_codebooks import latest_codebook
from intercoder.stores.codebooks.development import SqlDevelopmentStore
from intercoder.stores.codebooks.revisions import recorded_revisions, revise_by_hand, revision_numbered
from intercoder.stores.runs.runs import list_runs
from intercoder.stores.study_folder import StudyFolder, open_study
from intercoder.tui.app import ReviewApp
from intercoder.tui.dialogs import AskText, AskYes
from intercoder.tui.screens import revisions as module
from intercoder.tui.screens.code_findings import FindingsDialog
from intercoder.tui.screens.form import Form
from intercoder.tui.screens.revision_confirm import ConfirmDialog
from intercoder.tui.screens.revisions import RevisionsScreen
from intercoder.tui.widgets.book_tree import BookTree
from intercoder.tui.widgets.evidence_list import EvidenceList
from intercoder.tui.widgets.field_box import FieldBox
from intercoder.tui.widgets.revision_queue import RevisionQueue
from intercoder.tui.widgets.revision_view import RevisionView
from tests.tui.conftest import CLOCK, SIZES, started, text_of

WIDE = (120, 40)


@pytest.fixture
def numbers(study: StudyFolder) -> list[int]:
    """Of the revisions that wait: a definition and an exclude rule of one code, an include rule of another, and a
    rename and a split of a third."""
    return [one.number for one in waiting_revisions(study)]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[StudyFolder]:
    """Studies whose round was let go on; no process is started."""
    called: list[StudyFolder] = []

    def go_on(folder: StudyFolder) -> Started:
        called.append(folder)
        return Started(run="codevelop-1", pid=1, log=Path("log"))

    monkeypatch.setattr(module, "go_on", go_on)
    return called


async def settled(pilot: Pilot[None]) -> None:
    """Let what is under way come to its end, but for dialogs that wait for a person."""
    for _ in range(500):
        await pilot.pause()
        busy = [one for one in pilot.app.workers if not one.is_finished]
        if not busy or (len(pilot.app.screen_stack) > 1 and all(one.group == "dialog" for one in busy)):
            break
        await asyncio.sleep(0.01)
    else:
        pytest.fail(f"still at work: {busy}")
    await pilot.pause()


async def press(pilot: Pilot[None], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


def look(pilot: Pilot[None]) -> None:
    """Let an app see what others wrote; of several in one process, this one."""
    with pilot.app._context():
        cast(ReviewApp, pilot.app).look()


def screen_of(pilot: Pilot[None]) -> RevisionsScreen:
    return next(one for one in pilot.app.screen_stack if isinstance(one, RevisionsScreen))


def current(pilot: Pilot[None]) -> int:
    return screen_of(pilot).query_one(RevisionQueue).number


def rows(pilot: Pilot[None]) -> str:
    """The queue, a revision a line."""
    return "\n".join(str(option.prompt) for option in screen_of(pilot).query_one(RevisionQueue).options)


def drafts(folder: StudyFolder) -> dict[int, tuple[str, str, str]]:
    """Number -> answer, person and note."""
    return {
        one.recorded.number: (one.draft.answer.answer, one.draft.answer.by, one.draft.answer.note)
        for one in review_queue(folder)
        if one.draft is not None
    }


def statuses(folder: StudyFolder, numbers: Sequence[int]) -> list[str]:
    return [revision_numbered(folder.engine, folder.study.id, number).status for number in numbers]


def told(pilot: Pilot[None]) -> str:
    """All notifications so far."""
    return "\n".join(one.message for one in pilot.app._notifications)


async def typed(pilot: Pilot[None], text: str) -> None:
    for character in text:
        await pilot.press({" ": "space", ".": "full_stop"}.get(character, character))
    await settled(pilot)


async def test_approving_is_one_keystroke_each_and_answers_nothing(study: StudyFolder, numbers: list[int]) -> None:
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert current(pilot) == numbers[0]
        await press(pilot, "a", "a", "a")
        assert current(pilot) == numbers[3]
        assert drafts(study) == dict.fromkeys(numbers[:3], ("approve", "ana", ""))
        assert f"✓ {numbers[0]} definition  approve (draft)" in text_of(cast(ReviewApp, pilot.app))
    assert statuses(study, numbers) == ["waiting"] * 5


async def test_drafts_are_there_when_the_next_app_starts(study: StudyFolder, numbers: list[int]) -> None:
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "a", "ctrl+q")
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "approve (draft) by you" in text_of(cast(ReviewApp, pilot.app))
        assert "4 of 5 open" in str(screen_of(pilot).query_one("#left").border_subtitle)


async def test_a_rejection_asks_why(study: StudyFolder, numbers: list[int]) -> None:
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "r")
        assert isinstance(pilot.app.screen, AskText)
        await press(pilot, "ctrl+s")
        assert isinstance(pilot.app.screen, AskText)
        await typed(pilot, "Too wide.")
        await press(pilot, "enter")
        assert drafts(study) == {numbers[0]: ("reject", "ana", "Too wide.")}
        assert current(pilot) == numbers[1]
        await press(pilot, "r", "escape")
        assert len(drafts(study)) == 1


async def test_a_rejection_that_is_refused_loses_no_note(study: StudyFolder, numbers: list[int]) -> None:
    draft_answer(study, numbers[0], "approve", by="ben", at=CLOCK)
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "r")
        assert isinstance(pilot.app.screen, RevisionsScreen)
        assert f"revision {numbers[0]} was taken before: approved in draft by ben" in told(pilot)
        await press(pilot, "s", "r")
        await typed(pilot, "No.")
        draft_answer(study, numbers[1], "approve", by="ben", at=CLOCK)
        await press(pilot, "enter")
        dialog = pilot.app.screen
        assert isinstance(dialog, AskText)
        assert dialog.text == "No."
        assert "was taken before" in str(dialog.query_one(".problem", Static).content)
        assert drafts(study)[numbers[1]][1] == "ben"


async def test_all_of_a_revision_is_read_without_leaving_the_queue(study: StudyFolder, numbers: list[int]) -> None:
    async with started(study).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        screen = screen_of(pilot)
        view = screen.query_one(RevisionView)
        cost = screen.query_one("#cost").region
        assert view.border_subtitle == "ctrl+↓ more"
        await press(pilot, "ctrl+down")
        assert view.pane.scroll_offset.y == 3
        await press(pilot, "ctrl+up", "pagedown")
        assert view.pane.scroll_offset.y > 3
        await press(pilot, *["pagedown"] * 8)
        assert view.pane.scroll_offset.y == view.pane.max_scroll_y
        assert (view.border_subtitle, screen.query_one("#cost").region) == ("", cost)
        assert isinstance(pilot.app.focused, RevisionQueue)
        assert current(pilot) == numbers[0]
        await press(pilot, "down")
        assert (current(pilot), view.pane.scroll_offset.y) == (numbers[1], 0)
        await press(pilot, "pagedown", "pageup")
        assert view.pane.scroll_offset.y == 0


async def test_undo_takes_back_the_last_draft_and_goes_there(study: StudyFolder, numbers: list[int]) -> None:
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "a", "a", "u")
        assert (list(drafts(study)), current(pilot)) == ([numbers[0]], numbers[1])
        await press(pilot, "u", "u")
        assert (drafts(study), current(pilot)) == ({}, numbers[0])


async def test_moving_by_revision_and_by_code(study: StudyFolder, numbers: list[int]) -> None:
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        places = []
        for key in ("s", "n", "n", "n", "p", "p", "down", "j", "k"):
            await press(pilot, key)
            places.append(numbers.index(current(pilot)))
        assert places == [1, 2, 3, 0, 3, 2, 3, 4, 3]
        await press(pilot, "n", "a")
        await press(pilot, "k", "s")
        assert current(pilot) == numbers[1]


async def test_what_contradicts_a_draft_is_refused_at_once(study: StudyFolder, numbers: list[int]) -> None:
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "p", "a")
        book = latest_codebook(study.engine, study.study.id)
        code = next(one for one in book.codes if one.label == "what it costs")
        revise_by_hand(study.engine, study.study.id, [revised("definition", code, definition="By hand.")], "caro")
        await press(pilot, "a")
        assert list(drafts(study)) == [numbers[3]]
        assert f"revision {numbers[4]} cannot be approved: the code 'what it costs' was changed" in told(pilot)
        assert current(pilot) == numbers[4]


async def test_a_key_that_does_not_apply_says_why(study: StudyFolder, numbers: list[int]) -> None:
    answer_revision(study, numbers[0], "reject", by="ben", note="No.")
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        cast(ReviewApp, pilot.app).go("revisions", number=numbers[0])
        await settled(pilot)
        for key, action, why in (
            ("u", "undo", "You have no draft to take back."),
            ("c", "confirm", "Nobody has drafted an answer yet."),
            ("a", "approve", f"Revision {numbers[0]} is answered: rejected by ben."),
            ("r", "reject", f"Revision {numbers[0]} is answered: rejected by ben."),
            ("e", "edit", f"Revision {numbers[0]} is answered: rejected by ben."),
        ):
            assert screen_of(pilot).check_action(action, ()) is None
            before = told(pilot)
            await press(pilot, key)
            assert told(pilot) == f"{before}\n{why}".strip()
        await press(pilot, "x")
        assert told(pilot).count("\n") == 4
    assert drafts(study) == {}


async def test_what_it_costs_and_rests_on_is_shown(study: StudyFolder, numbers: list[int]) -> None:
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        text = " ".join(text_of(cast(ReviewApp, pilot.app)).split())
        assert "If approved: touches" in text
        assert "{+or tries to" in text
        assert "It rests on 3 passages" in text
        assert "Why" in text
        assert "reader: " in text
        await press(pilot, "enter")
        assert isinstance(pilot.app.focused, EvidenceList)
        await press(pilot, "down", "down")
        pane, evidence = screen_of(pilot).query_one(RevisionView).pane, screen_of(pilot).query_one(EvidenceList)
        first, height = evidence.marked
        assert pane.scroll_offset.y <= evidence.virtual_region.y + first
        assert evidence.virtual_region.y + first + height <= pane.scroll_offset.y + pane.size.height
        await press(pilot, "escape")
        assert isinstance(pilot.app.focused, RevisionQueue)


@pytest.mark.parametrize("keys", [["o"], ["enter", "down", "enter"]])
async def test_a_passage_is_opened_in_the_corpus(
    study: StudyFolder, monkeypatch: pytest.MonkeyPatch, keys: list[str]
) -> None:
    gone: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(ReviewApp, "go", lambda self, place, **what: gone.append((place, what)))
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        shown = [one for one, _ in screen_of(pilot).query_one(EvidenceList)._items]
        await press(pilot, *keys)
    assert gone == [("corpus", {"segment": shown[0 if keys == ["o"] else 1]})]


async def test_a_code_is_opened_in_the_codebook(study: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(ReviewApp, "go", lambda self, place, **what: gone.append((place, what)))
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        screen_of(pilot).query_one(BookTree).focus()
        await press(pilot, "enter")
    label = {code.id: code.label for code in latest_codebook(study.engine, study.study.id).codes}
    assert [(place, label[what["code"]]) for place, what in gone] == [("codebook", "repairing it themselves")]


async def test_an_edit_is_checked_while_it_is_typed_and_kept_as_a_draft(
    study: StudyFolder, numbers: list[int]
) -> None:
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "e")
        form = pilot.app.screen
        assert isinstance(form, Form)
        area = form.query_one(TextArea)
        area.text = latest_codebook(study.engine, study.study.id).codes[1].definition
        await settled(pilot)
        assert "it changes nothing in the codebook" in str(form.query_one("#wrong", Static).content)
        await press(pilot, "ctrl+s")
        assert pilot.app.screen is form
        area.text = "They mend it."
        await settled(pilot)
        assert str(form.query_one("#wrong", Static).content) == ""
        form.query_one(Input).value = "Plainer."
        await press(pilot, "ctrl+s")
        assert drafts(study) == {numbers[0]: ("edit", "ana", "Plainer.")}
        assert current(pilot) == numbers[1]
        await press(pilot, "k")
        assert "As edited" in text_of(cast(ReviewApp, pilot.app))
        await press(pilot, "e")
        assert pilot.app.screen.query_one(TextArea).text == "They mend it."
    (edited,) = [one for one in review_queue(study) if one.draft is not None]
    assert edited.drafted.settled.after[0].definition == "They mend it."


async def test_a_form_left_with_changes_asks_first(study: StudyFolder) -> None:
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "e", "escape")
        assert isinstance(pilot.app.screen, RevisionsScreen)
        await press(pilot, "e")
        form = pilot.app.screen
        form.query_one(TextArea).text = "Other."
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, AskYes)
        await press(pilot, "n")
        assert pilot.app.screen is form
        await press(pilot, "escape", "y")
        assert isinstance(pilot.app.screen, RevisionsScreen)
    assert drafts(study) == {}


async def test_nothing_edited_is_told(study: StudyFolder) -> None:
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "e", "ctrl+s")
        assert "nothing was edited" in str(pilot.app.screen.query_one("#wrong", Static).content)
    assert drafts(study) == {}


async def test_a_split_is_edited_part_by_part_with_problems_beside_their_fields(
    study: StudyFolder, numbers: list[int]
) -> None:
    async with started(study).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "p", "down", "e")
        form = pilot.app.screen
        assert isinstance(form, Form)
        labels = list(form.query(Input))
        labels[1].value = labels[0].value
        await settled(pilot)
        wrong = [box.field.key for box in form.query(FieldBox) if box.has_class("-wrong")]
        assert wrong == ["1.label"]
        labels[1].value = "hours"
        await press(pilot, "ctrl+n")
        assert isinstance(pilot.app.focused, Input)
        await typed(pilot, "parts")
        await press(pilot, "ctrl+s")
    (edited,) = [one for one in review_queue(study) if one.draft is not None]
    assert [code.label for code in edited.drafted.settled.after] == ["price of a repair", "hours", "parts"]


async def test_confirming_asks_then_gives_the_answers(
    study: StudyFolder, numbers: list[int], begun: list[StudyFolder]
) -> None:
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "a", "a", "c")
        assert isinstance(pilot.app.screen, ConfirmDialog)
        assert f"You: approved {numbers[0]}, {numbers[1]}." in text_of(cast(ReviewApp, pilot.app))
        await press(pilot, "a")
        assert isinstance(pilot.app.screen, ConfirmDialog)
        assert "2 approved; 3 still wait." in text_of(cast(ReviewApp, pilot.app))
        await press(pilot, "escape")
        assert statuses(study, numbers) == ["waiting"] * 5
        await press(pilot, "c", "y")
        assert statuses(study, numbers) == ["approved", "approved", "waiting", "waiting", "waiting"]
        assert (drafts(study), begun) == ({}, [])
        assert screen_of(pilot).query_one(RevisionQueue).numbers == numbers[2:]
        assert "2 answers given. 3 revisions still to answer." in told(pilot)


async def test_a_draft_that_does_not_fit_any_more_is_told_and_kept(
    study: StudyFolder, numbers: list[int], begun: list[StudyFolder]
) -> None:
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "a", "a")
        code = latest_codebook(study.engine, study.study.id).codes[1]
        revise_by_hand(study.engine, study.study.id, [revised("definition", code, definition="By hand.")], "caro")
        look(pilot)
        await settled(pilot)
        assert "does not fit" in rows(pilot)
        await press(pilot, "c", "y")
        assert f"revision {numbers[0]} cannot be approved" in told(pilot)
        assert list(drafts(study)) == numbers[:2]
    assert statuses(study, numbers) == ["waiting"] * 5


async def test_what_is_left_pending_in_one_app_is_answered_in_another_and_the_round_goes_on(
    study: StudyFolder, numbers: list[int], begun: list[StudyFolder]
) -> None:
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "a", "a", "ctrl+q")
    async with started(study, by="ben").run_test(size=WIDE) as pilot:
        await settled(pilot)
        screen_of(pilot).query_one(RevisionQueue).go_to(numbers[2])
        await press(pilot, "a")
        for _ in range(2):
            await press(pilot, "r")
            await typed(pilot, "No.")
            await press(pilot, "enter")
        await press(pilot, "c")
        text = " ".join(text_of(cast(ReviewApp, pilot.app)).replace("│", " ").split())
        assert f"ana: approved {numbers[0]}, {numbers[1]}." in text
        assert "a: give all, also ana's 2, each in the name of who drafted it; nothing waits any more" in text
        await press(pilot, "y")
        assert (list(drafts(study)), begun) == (numbers[:2], [])
        await press(pilot, "c", "y")
        assert isinstance(pilot.app.screen, ConfirmDialog)
        await press(pilot, "a")
        assert [folder.path for folder in begun] == [study.path]
    by = [one.answer.by for one in recorded_revisions(study.engine, study.study.id)[-5:] if one.answer]
    assert by == ["ana", "ana", "ben", "ben", "ben"]
    done = await asyncio.to_thread(execute, study, lambda: unfinished(study), lambda event: None)
    assert done is not None
    assert (done.run.status, done.codebook.version) == ("done", 2)
    assert "one day" in done.codebook.codes[1].exclude[-1]


async def test_of_two_apps_the_first_answer_stands(study: StudyFolder, numbers: list[int]) -> None:
    other = open_study(study.path)
    async with started(study).run_test(size=WIDE) as first, started(other, by="ben").run_test(size=WIDE) as second:
        await settled(first)
        await settled(second)
        await press(first, "a")
        await press(second, "a")
        assert f"revision {numbers[0]} was taken before: approved in draft by ana" in told(second)
        look(second)
        await settled(second)
        assert "approve (draft), ana" in rows(second)
        await press(second, "s", "a")
        look(first)
        await settled(first)
        assert "approve (draft), ben" in rows(first)
        answer_revision(other, numbers[2], "reject", by="ben", note="No.")
        screen_of(first).query_one(RevisionQueue).go_to(numbers[2])
        await press(first, "a")
        # Whether the app has seen the answer by itself before the key is a matter of time.
        assert "rejected by ben" in told(first)
    other.close()
    assert {number: by for number, (_, by, _) in drafts(study).items()} == {numbers[0]: "ana", numbers[1]: "ben"}


async def test_whose_draft_was_confirmed_by_another_sees_by_whom(
    study: StudyFolder, numbers: list[int], begun: list[StudyFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(ReviewApp, "tell", lambda self, text: said.append(text))
    other = open_study(study.path)
    async with started(study).run_test(size=WIDE) as first, started(other, by="ben").run_test(size=WIDE) as second:
        await settled(first)
        await press(first, "a")
        await settled(second)
        look(second)
        await settled(second)
        await press(second, "c", "a")
        look(first)
        await settled(first)
        assert f"Your draft on revision {numbers[0]} was confirmed by ben." in said
        with first.app._context():
            cast(ReviewApp, first.app).go("revisions", number=numbers[0])
        await settled(first)
        assert "; confirmed by ben" in str(screen_of(first).query_one("#head", Static).content)
    other.close()


async def test_others_are_listed_on_demand_and_found_by_number(study: StudyFolder, numbers: list[int]) -> None:
    answer_revision(study, numbers[2], "reject", by="ben", note="We need it.")
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        queue = screen_of(pilot).query_one(RevisionQueue)
        assert numbers[2] not in queue.numbers
        await press(pilot, "f")
        assert set(queue.numbers) == {one.number for one in recorded_revisions(study.engine, study.study.id)}
        await press(pilot, "f")
        assert numbers[2] not in queue.numbers
        cast(ReviewApp, pilot.app).go("revisions", number=numbers[2])
        await settled(pilot)
        assert current(pilot) == numbers[2]
        assert "rejected by ben" in text_of(cast(ReviewApp, pilot.app))
        assert screen_of(pilot).check_action("approve", ()) is None
        assert screen_of(pilot).check_action("edit", ()) is None


async def test_the_findings_of_the_round_are_a_page(study: StudyFolder) -> None:
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "i")
        assert isinstance(pilot.app.screen, FindingsDialog)
        text = " ".join(text_of(cast(ReviewApp, pilot.app)).split())
        assert "repairing it themselves" in text
        assert "Yes," in text
        assert "kappa" in text
        await press(pilot, "down", "escape")
        assert isinstance(pilot.app.screen, RevisionsScreen)


async def test_the_codebook_beside_it_is_shown_and_hidden(study: StudyFolder) -> None:
    for size, first in ((80, False), (120, True)):
        async with started(study).run_test(size=(size, 24)) as pilot:
            await settled(pilot)
            tree = screen_of(pilot).query_one("#right")
            assert tree.region.width > 0 if first else tree.region.width == 0
            await press(pilot, "t")
            assert bool(tree.region.width) is not first
            await press(pilot, "t")
            assert bool(tree.region.width) is first


async def test_where_nothing_waits_it_says_what_to_do(
    study: StudyFolder, numbers: list[int], begun: list[StudyFolder]
) -> None:
    for number in numbers:
        answer_revision(study, number, "reject", by="ben", note="No.")
    async with started(study, "revisions").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "c: let codevelop-1 go on." in text_of(cast(ReviewApp, pilot.app))
        await press(pilot, "a", "r", "e", "s", "u", "o", "i", "n", "p", "enter")
        await press(pilot, "c", "y")
        assert len(begun) == 1
        await asyncio.to_thread(execute, study, lambda: unfinished(study), lambda event: None)
        look(pilot)
        await settled(pilot)
        text = text_of(cast(ReviewApp, pilot.app))
        assert "No revision waits." in text
        assert "intercoder run codevelop" in text
    assert list_runs(study.engine, study.study.id)[-1].status == "done"


async def test_where_the_round_cannot_go_on_the_answers_stand(
    study: StudyFolder, numbers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def go_on(folder: StudyFolder) -> Started:
        raise StudyError("a run is at work.", remedy="Wait for it.")

    monkeypatch.setattr(module, "go_on", go_on)
    for number in numbers[1:]:
        answer_revision(study, number, "reject", by="ben", note="No.")
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "a", "c", "y")
        assert "a run is at work." in told(pilot)
        assert "c: let codevelop-1 go on." in text_of(cast(ReviewApp, pilot.app))
    assert statuses(study, numbers[:1]) == ["approved"]


HOSTILE = "\x1b[31mred\x1b]0;title\x07 [bold]b[/bold] [@click=app.quit]x[/] \u202eevil 修理 🔧 إصلاح"


def propose_hostile(study: StudyFolder) -> RecordedRevision:
    code = latest_codebook(study.engine, study.study.id).codes[2]
    revision = revised("definition", code, definition=HOSTILE).model_copy(
        update={"id": "r_hostile", "run": "codevelop-1", "round": 1, "rationale": HOSTILE, "author": HOSTILE}
    )
    added = Revision(kind="add", after=(Code(id="c_hostile", label=HOSTILE),))
    book = revise_by_hand(study.engine, study.study.id, [added], "ana")
    store = SqlDevelopmentStore(study.engine, study.study.id)
    from intercoder.stores.codebooks.revisions import write_proposals
    from intercoder.stores.database import writing

    with writing(study.engine) as connection:
        write_proposals(
            connection, study.study.id, [revision.model_copy(update={"base_version": book.version})], {}
        )
    assert store.waiting("codevelop-1")
    return waiting_revisions(study)[-1]


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_text_is_shown_escaped_everywhere(study: StudyFolder, size: tuple[int, int]) -> None:
    number = propose_hostile(study).number
    draft_answer(study, number, "approve", by="ben", at=CLOCK, note=HOSTILE)
    async with started(study).run_test(size=size) as pilot:
        await settled(pilot)
        cast(ReviewApp, pilot.app).go("revisions", number=number)
        await settled(pilot)
        for keys in ((), ("t",), ("t", "f"), ("i",)):
            await press(pilot, *keys)
            text = text_of(cast(ReviewApp, pilot.app))
            assert not {"\x1b", "\x07", "\u202e"} & set(text)
            assert all(len(line) <= size[0] for line in text.splitlines())
        await press(pilot, "escape")
        text = text_of(cast(ReviewApp, pilot.app)).replace("\n", "")
        assert "\\u001b[31m" in text
        assert "[bold]" in text


async def test_hostile_text_is_edited_escaped_and_kept_where_nobody_touches_it(study: StudyFolder) -> None:
    number = propose_hostile(study).number
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        cast(ReviewApp, pilot.app).go("revisions", number=number)
        await settled(pilot)
        await press(pilot, "e")
        assert "\x1b" not in pilot.app.screen.query_one(TextArea).text
        assert "\x1b" not in text_of(cast(ReviewApp, pilot.app))
        pilot.app.screen.query_one(Input).value = "As it is."
        await settled(pilot)
        await press(pilot, "ctrl+s")
        assert "nothing was edited" in str(pilot.app.screen.query_one("#wrong", Static).content)


async def test_the_mouse_chooses_a_revision_and_a_passage(study: StudyFolder, numbers: list[int]) -> None:
    async with started(study).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.click("#queue", offset=(5, 2))
        await settled(pilot)
        assert current(pilot) == numbers[1]
        assert isinstance(screen_of(pilot).query_one("#evidence"), OptionList)
