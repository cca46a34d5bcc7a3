"""The codebook's screen: every key, with its effect read back from the study."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static, TextArea

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_acts import added, recoloured, renamed
from intercoder.core.codebooks.colours import NAMED
from intercoder.core.revisions import Revision
from intercoder.graphs.codebook.codebook_acts import carry_out
from intercoder.graphs.codebook.codebook_edits import latest_or_empty
from intercoder.graphs.codebook.codebook_export import NAME
from intercoder.stores.codebooks.carried_codes import carried_codes
from intercoder.stores.codebooks.codebook_versions import list_versions
from intercoder.stores.codebooks.revisions import recorded_revisions
from intercoder.stores.study_folder import StudyFolder, create_study
from intercoder.tui.app import ReviewApp
from intercoder.tui.dialogs import AskLeave, AskText, AskYes, Choose
from intercoder.tui.screens.codebook import CodebookScreen
from intercoder.tui.screens.codebook_history import HistoryDialog
from intercoder.tui.screens.colour_dialog import ColourDialog
from intercoder.tui.screens.form import Form
from intercoder.tui.widgets.code_tree import CodeTree
from intercoder.tui.widgets.field_box import FieldBox
from tests.tui.conftest import SIZES, started, text_of

GROUP, OWN, PAID, COST, NUMBERS = (
    "keeping things going",
    "repairing it themselves",
    "having it repaired",
    "what it costs",
    "numbers",
)
HOSTILE = "\x1b[31mred [bold]b[/] [@click=app.quit]q[/] \u202eevil 修理 👩‍👩‍👧 إصلاح"


class Opened:
    """The screen on a study, and what a test asks of it."""

    def __init__(self, pilot: Pilot[None], study: StudyFolder) -> None:
        self.pilot = pilot
        self.study = study

    @property
    def app(self) -> ReviewApp:
        return cast(ReviewApp, self.pilot.app)

    @property
    def screen(self) -> CodebookScreen:
        return cast(CodebookScreen, self.app.screen_stack[0])

    @property
    def book(self) -> Codebook:
        return latest_or_empty(self.study)

    @property
    def labels(self) -> list[str]:
        return [code.label for code in self.book.codes]

    def code(self, label: str) -> Code:
        return next(code for code in self.book.codes if code.label == label)

    async def until(self, holds: Callable[[], Any], what: str = "") -> None:
        for _ in range(800):
            await self.pilot.pause()
            if holds():
                break
            await asyncio.sleep(0.01)
        else:
            pytest.fail(f"it never held: {what}\n{text_of(self.app)}")
        await self.pilot.pause()

    async def on(self, dialog: type) -> None:
        await self.until(lambda: type(self.app.screen) is dialog, f"{dialog.__name__}, not {self.app.screen}")

    async def idle(self) -> None:
        await self.until(
            lambda: len(self.app.screen_stack) == 1 and all(one.is_finished for one in self.app.workers), "idle"
        )

    async def version(self, number: int) -> None:
        """Wait until a version is in the study and on the screen."""
        await self.until(lambda: self.screen.book.version == self.book.version == number, f"version {number}")
        await self.idle()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        field = self.app.screen.query(Input).first()
        field.value = text
        await self.pilot.pause()

    async def go_to(self, label: str) -> None:
        self.screen.query_one(CodeTree).go_to_code(self.code(label).id)
        await self.pilot.pause()


@asynccontextmanager
async def opened(study: StudyFolder, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Opened]:
    app = started(study, "codebook")
    async with app.run_test(size=size, notifications=True) as pilot:
        shown = Opened(pilot, study)
        await shown.idle()
        yield shown


def do(study: StudyFolder, make: Callable[[Codebook], Sequence[Revision]], by: str = "ben") -> Codebook:
    """Somebody else's change."""
    book = latest_or_empty(study)
    return carry_out(study, book, make(book), by).after


def fields(form: Form) -> dict[str, Input | TextArea]:
    """Key -> field."""
    return {box.field.key: box.entry for box in form.query(FieldBox)}


def fill(form: Form, **texts: str) -> None:
    """Type into fields of a form; `_` in a name stands for the dot."""
    known = fields(form)
    for name, text in texts.items():
        field = known[name.replace("_", ".", 1).lstrip("p")]
        if isinstance(field, Input):
            field.value = text
        else:
            field.text = text


@pytest.mark.parametrize("size", SIZES)
async def test_codes_counts_and_all_about_a_code_are_shown(study: StudyFolder, size: tuple[int, int]) -> None:
    async with opened(study, size) as shown:
        text = text_of(shown.app)
        assert "Version 1 · 5 codes" in text
        assert "A group of 2 codes" in text
        assert ("History" in text) == (size[0] >= 100)
        await shown.press("down")
        text = text_of(shown.app)
        for part in ("Somebody repairs a thing themselves.", "repairs that did not", "not  ", "7 segments"):
            assert part in text
        assert "changed    ana" in text
        await shown.press("end")
        assert r"\d+" in text_of(shown.app)
        rows = [line for line in text_of(shown.app).splitlines() if "having it" in line]
        assert " 5" in rows[0]


async def test_groups_fold_and_labels_are_filtered(study: StudyFolder) -> None:
    async with opened(study) as shown:
        await shown.press("left")
        assert OWN not in text_of(shown.app)
        await shown.press("right")
        assert OWN in text_of(shown.app)
        await shown.press("down", "left")
        assert shown.screen.code is not None and shown.screen.code.label == GROUP
        await shown.press("slash", *"COST")
        assert OWN not in text_of(shown.app) and COST in text_of(shown.app)
        await shown.press("enter")
        assert shown.screen.code is not None and shown.screen.code.label == COST
        await shown.press("escape")
        assert OWN in text_of(shown.app)
        await shown.press("slash", *"repaired", "down")
        assert isinstance(shown.app.focused, CodeTree)
        assert GROUP in text_of(shown.app)


async def test_a_code_is_renamed(study: StudyFolder) -> None:
    async with opened(study) as shown:
        await shown.go_to(COST)
        await shown.press("r")
        await shown.on(AskText)
        await shown.type(PAID.upper())
        assert "two codes have the label" in text_of(shown.app)
        await shown.press("enter")
        await shown.type("its price")
        await shown.press("enter")
        await shown.version(2)
        assert shown.code("its price").lineage.renamed_from == COST
        made = recorded_revisions(study.engine, study.study.id, run="")[-1]
        assert (made.revision.kind, made.revision.author, made.status) == ("rename", "ana", "approved")
        assert "its price" in (study.path / NAME).read_text()
        assert "was called what it costs" in text_of(shown.app)


async def test_a_count_outlives_a_rename_and_says_whose_wording_it_was(study: StudyFolder) -> None:
    async with opened(study) as shown:
        await shown.go_to(OWN)
        await shown.until(lambda: "segments · enter opens" in text_of(shown.app), "the count")
        before = carried_codes(study)[shown.code(OWN).id].segments
        do(study, lambda book: renamed(book, shown.code(OWN).id, "own repairs"))
        await shown.version(2)
        told = f"{before} segments, coded as version 1 had it"
        await shown.until(lambda: told in " ".join(text_of(shown.app).split()), told)
        assert any("own repairs" in row and f"{before}*" in row for row in text_of(shown.app).splitlines())


async def test_what_a_code_means_is_edited_in_a_form_that_checks_as_one_types(study: StudyFolder) -> None:
    async with opened(study) as shown:
        await shown.go_to(OWN)
        await shown.press("d")
        await shown.on(Form)
        form = cast(Form, shown.app.screen)
        fill(form, p0_pattern="(a|aa)+$")
        await shown.until(lambda: form.query(".-wrong"))
        assert "takes more than" in text_of(shown.app)
        fill(form, p0_pattern="", p0_definition="By hand.", p0_exclude="paid repairs\nplans")
        await shown.press("ctrl+s")
        await shown.on(AskYes)
        text = text_of(shown.app)
        assert "decisions of models" in text and "By hand." in text
        await shown.press("y")
        await shown.version(2)
        code = shown.code(OWN)
        assert (code.definition, code.exclude, code.kind) == ("By hand.", ("paid repairs", "plans"), "model")
        assert code.include == ("repairs together with neighbours or friends", "repairs that did not succeed")
        await shown.press("d")
        await shown.on(Form)
        fill(cast(Form, shown.app.screen), p0_pattern="repair")
        await shown.press("ctrl+s")
        await shown.on(AskYes)
        assert "is found by a pattern now" in text_of(shown.app)
        await shown.press("y")
        await shown.version(3)
        assert (shown.code(OWN).kind, shown.code(OWN).pattern) == ("pattern", "repair")


async def test_what_was_typed_into_a_form_is_not_lost(study: StudyFolder) -> None:
    async with opened(study) as shown:
        await shown.go_to(OWN)
        await shown.press("d")
        await shown.on(Form)
        form = cast(Form, shown.app.screen)
        fill(form, p0_definition="Mine.")
        await shown.press("escape")
        await shown.on(AskLeave)
        await shown.press("n")
        await shown.on(Form)
        do(study, lambda book: [*_redefined(book, OWN, "Ben's.")])
        await shown.press("ctrl+s")
        await shown.on(AskYes)
        await shown.press("y")
        await shown.until(lambda: "ben changed the definition of" in text_of(shown.app))
        assert cast(TextArea, fields(form)["0.definition"]).text == "Mine."
        assert shown.code(OWN).definition == "Ben's."
        await shown.press("ctrl+s")  # told who was first, they want it all the same
        await shown.on(AskYes)
        await shown.press("y")
        await shown.version(3)
        assert shown.code(OWN).definition == "Mine."


def _redefined(book: Codebook, label: str, definition: str) -> Sequence[Revision]:
    from intercoder.core.codebooks.codebook_acts import redefined

    code = next(code for code in book.codes if code.label == label)
    return redefined(book, code.model_copy(update={"definition": definition}))


async def test_a_change_that_still_fits_is_made_on_top_of_anothers(study: StudyFolder) -> None:
    async with opened(study) as shown:
        await shown.go_to(COST)
        await shown.press("r")
        await shown.on(AskText)
        do(study, lambda book: _redefined(book, COST, "Ben's."))
        await shown.type("its price")
        await shown.press("enter")
        await shown.version(3)
        assert shown.code("its price").definition == "Ben's."
        await shown.press("r")
        await shown.on(AskText)
        do(study, lambda book: renamed(book, shown.code("its price").id, "price"))
        await shown.type("dear")
        await shown.press("enter")
        await shown.until(lambda: "ben changed the label of" in text_of(shown.app))
        await shown.on(AskText)
        assert shown.app.screen.query_one(Input).value == "dear"
        await shown.press("enter")
        await shown.version(5)
        assert "dear" in shown.labels


async def test_what_others_change_shows_within_a_second(study: StudyFolder) -> None:
    async with opened(study) as shown:
        await shown.go_to(NUMBERS)
        do(study, lambda book: renamed(book, shown.code(COST).id, "its price"))
        await shown.until(lambda: "its price" in text_of(shown.app))
        assert "Version 2" in text_of(shown.app)
        assert shown.screen.code is not None and shown.screen.code.label == NUMBERS


async def test_codes_are_added_and_dropped(study: StudyFolder) -> None:
    async with opened(study) as shown:
        await shown.go_to(OWN)
        await shown.press("a")
        await shown.on(Form)
        assert GROUP in text_of(shown.app)
        fill(cast(Form, shown.app.screen), p0_label="swapping", p0_definition="Two people swap.")
        await shown.press("ctrl+s")
        await shown.version(2)
        assert shown.code("swapping").parent == shown.code(GROUP).id
        assert shown.screen.code is not None and shown.screen.code.label == "swapping"
        await shown.go_to(OWN)
        await shown.press("x")
        await shown.on(AskYes)
        text = text_of(shown.app)
        assert "297 decisions of models and 80 decisions of people" in text
        assert "2 proposed revisions about it may not fit" in text
        await shown.press("n")
        await shown.idle()
        assert shown.book.version == 2
        await shown.press("x")
        await shown.on(AskYes)
        await shown.press("enter")
        await shown.version(3)
        assert OWN not in shown.labels


async def test_a_code_is_split_into_as_many_parts_as_one_likes(study: StudyFolder) -> None:
    async with opened(study, (80, 24)) as shown:
        await shown.go_to(COST)
        await shown.press("s")
        await shown.on(Form)
        form = cast(Form, shown.app.screen)
        fill(form, p0_label="money")
        await shown.press("ctrl+s")
        await shown.until(lambda: "two codes or more" in text_of(shown.app))
        fill(form, p1_label="time", p1_definition="Hours.")
        await shown.press("ctrl+n")
        await shown.until(lambda: len(fields(form)) == 6)
        fill(form, p2_label="trouble")
        await shown.press("ctrl+s")
        await shown.on(AskYes)
        await shown.press("y")
        await shown.version(2)
        assert shown.labels[3:6] == ["money", "time", "trouble"]
        assert {shown.code(label).lineage.split_from for label in ("money", "time")} != {""}
        assert shown.code("time").definition == "Hours."
        assert f"split from {COST}" in text_of(shown.app)


async def test_marked_codes_are_merged_into_the_one_that_is_chosen(study: StudyFolder) -> None:
    async with opened(study) as shown:
        await shown.go_to(OWN)
        await shown.press("space", "space")
        assert text_of(shown.app).count("✓") == 2
        await shown.press("escape")
        assert "✓" not in text_of(shown.app)
        await shown.go_to(OWN)
        own, paid = shown.code(OWN), shown.code(PAID)
        await shown.press("space", "m")
        await shown.on(Choose)
        await shown.press("down", "enter")
        await shown.on(Form)
        fill(cast(Form, shown.app.screen), p0_label="repairing")
        await shown.press("ctrl+s")
        await shown.on(AskYes)
        assert "merged into" in text_of(shown.app)
        await shown.press("y")
        await shown.version(2)
        whole = shown.code("repairing")
        assert (whole.id, whole.lineage.merged_from) == (paid.id, (own.id,))
        assert whole.include == own.include
        assert "✓" not in text_of(shown.app)


async def test_codes_are_moved_by_keys(study: StudyFolder) -> None:
    async with opened(study) as shown:
        await shown.go_to(PAID)
        await shown.press("left_square_bracket")
        await shown.version(2)
        assert shown.labels == [GROUP, PAID, OWN, COST, NUMBERS]
        await shown.press("alt+down")
        await shown.version(3)
        assert shown.labels == [GROUP, OWN, PAID, COST, NUMBERS]
        await shown.press("less_than_sign")
        await shown.on(AskYes)  # coders are shown the group, so its decisions do not hold
        await shown.press("y")
        await shown.version(4)
        assert shown.code(PAID).parent == ""
        assert shown.labels == [GROUP, PAID, OWN, COST, NUMBERS]
        await shown.press("greater_than_sign")
        await shown.on(AskYes)
        await shown.press("y")
        await shown.version(5)
        assert shown.code(PAID).parent == shown.code(GROUP).id
        await shown.go_to(COST)
        await shown.press("p")
        await shown.on(Choose)
        await shown.type("keeping")
        await shown.press("enter")
        await shown.on(AskYes)
        await shown.press("y")
        await shown.version(6)
        assert shown.code(COST).parent == shown.code(GROUP).id
        assert shown.screen.code is not None and shown.screen.code.label == COST


async def test_a_code_is_dragged_onto_another(study: StudyFolder) -> None:
    async with opened(study) as shown:
        tree = shown.screen.query_one(CodeTree)
        await shown.pilot.mouse_down(tree, offset=(8, 3))
        await shown.pilot.mouse_up(tree, offset=(8, 0))
        await shown.on(Choose)
        assert f"make it part of {GROUP}" in text_of(shown.app)
        await shown.press("enter")
        await shown.on(AskYes)
        await shown.press("y")
        await shown.version(2)
        assert shown.code(COST).parent == shown.code(GROUP).id


async def test_a_click_on_its_sign_folds_a_group(study: StudyFolder) -> None:
    async with opened(study) as shown:
        tree = shown.screen.query_one(CodeTree)
        await shown.pilot.click(tree, offset=(2, 0))
        await shown.pilot.pause()
        assert OWN not in text_of(shown.app)


async def test_colours_are_chosen_by_name_or_digits_and_let_nothing_be_coded_again(study: StudyFolder) -> None:
    async with opened(study) as shown:
        await shown.go_to(OWN)
        counts = next(line for line in text_of(shown.app).splitlines() if OWN in line)
        await shown.press("c")
        await shown.on(ColourDialog)
        await shown.type("te")
        assert shown.app.screen.query_one(OptionList).option_count == 1
        await shown.press("enter")
        await shown.version(2)
        assert shown.code(OWN).colour == NAMED["teal"]
        assert "colour     teal" in text_of(shown.app)
        assert next(line for line in text_of(shown.app).splitlines() if OWN in line)[:40] == counts[:40]
        await shown.press("c")
        await shown.on(ColourDialog)
        await shown.type("nothing of that name")
        assert "is no colour" in text_of(shown.app)
        await shown.type("#12ab9f")
        await shown.press("enter")
        await shown.version(3)
        assert shown.code(OWN).colour == "#12ab9f"
        await shown.press("c")
        await shown.on(ColourDialog)
        await shown.press("up", "down", "enter")
        await shown.version(4)
        assert shown.code(OWN).colour == ""


async def test_settings_are_shown_and_changed(study: StudyFolder) -> None:
    async with opened(study) as shown:
        do(study, lambda book: [Revision(kind="drop", before=(shown.code(NUMBERS),))])
        await shown.version(2)
        assert "any codes each" in text_of(shown.app)
        unsure = shown.book.allow_unsure
        for version, place in ((3, 0), (4, 1)):
            await shown.press("S")
            await shown.on(Choose)
            await shown.press(*["down"] * place, "enter")
            await shown.on(AskYes)
            assert "decisions of models" in text_of(shown.app)
            await shown.press("y")
            await shown.version(version)
        assert (shown.book.exclusive, shown.book.allow_unsure) == (True, not unsure)
        assert "one code each" in text_of(shown.app)


async def test_changes_are_undone_one_by_one(study: StudyFolder) -> None:
    async with opened(study) as shown:
        await shown.press("u")  # grey: there is only one version
        await shown.idle()
        for version in (2, 3):
            do(study, lambda book: recoloured(book, book.codes[1].id, f"#00000{book.version}"))
            await shown.version(version)
        for version, colour in ((4, "#000001"), (5, "")):
            await shown.press("u")
            await shown.on(AskYes)
            assert "colour" in text_of(shown.app)
            await shown.press("y")
            await shown.version(version)
            assert shown.code(OWN).colour == colour
        await shown.press("u")
        await shown.until(lambda: "there is no version before this one" in text_of(shown.app))


async def test_an_undo_is_refused_when_somebody_was_first(study: StudyFolder) -> None:
    do(study, lambda book: recoloured(book, book.codes[1].id, "red"))
    async with opened(study) as shown:
        await shown.press("u")
        await shown.on(AskYes)
        do(study, lambda book: recoloured(book, book.codes[2].id, "blue"))
        await shown.press("y")
        await shown.until(lambda: "ben made version 3 meanwhile" in text_of(shown.app))
        assert shown.book.version == 3


@pytest.mark.parametrize("size", SIZES[:2])
async def test_versions_are_listed_compared_and_gone_back_to(study: StudyFolder, size: tuple[int, int]) -> None:
    do(study, lambda book: renamed(book, book.codes[3].id, "its price"))
    do(study, lambda book: added(book, Code(id="", label="swapping")))
    async with opened(study, size) as shown:
        await shown.press("h")
        await shown.on(HistoryDialog)
        between = shown.app.screen.query_one("#between", Static)
        await shown.until(lambda: "From version 2 to 3" in str(between.content))
        text = text_of(shown.app)
        assert "1 added" in text and "1 renamed" in text and "swapping" in text
        await shown.press("down", "down", "space", "home")
        await shown.until(lambda: "From version 1 to 3" in str(between.content))
        await shown.until(lambda: "its price" in text_of(shown.app))
        await shown.press("g")
        assert isinstance(shown.app.screen, HistoryDialog)  # the newest is where we are
        await shown.press("end", "g")
        await shown.on(AskYes)
        await shown.press("y")
        await shown.version(4)
        assert shown.labels == [GROUP, OWN, PAID, COST, NUMBERS]
        assert list_versions(study.engine, study.study.id)[-1].author == "ana"
        await shown.press("h")
        await shown.on(HistoryDialog)
        await shown.press("escape")
        await shown.idle()


async def test_enter_opens_the_segments_and_others_send_here(study: StudyFolder) -> None:
    async with opened(study) as shown:
        await shown.press("left")
        shown.app.go("codebook", code=shown.code(PAID).id)
        await shown.until(lambda: shown.screen.code is not None and shown.screen.code.label == PAID)
        asked: list[tuple[str, dict[str, Any]]] = []
        shown.app.go = lambda place, **what: asked.append((place, what))  # type: ignore[method-assign]
        await shown.press("enter")
        assert asked == [("corpus", {"code": shown.code(PAID).id})]


async def test_a_study_without_a_codebook_says_what_to_do(tmp_path: Any) -> None:
    folder = create_study(tmp_path / "new", 'question = "Why?"\n[[coders]]\nname = "a"\nmodel = "scripted:words"\n')
    async with opened(folder, (80, 24)) as shown:
        assert "There is no codebook yet." in text_of(shown.app)
        assert "codebook import" in text_of(shown.app)
        await shown.press("r", "x", "m", "u", "h", "S")
        assert len(shown.app.screen_stack) == 1
        await shown.press("a")
        await shown.on(Form)
        fill(cast(Form, shown.app.screen), p0_label="mending")
        await shown.press("ctrl+s")
        await shown.version(1)
        assert "mending" in text_of(shown.app)
    folder.close()


async def test_hostile_text_is_shown_escaped(study: StudyFolder) -> None:
    do(study, lambda book: renamed(book, book.codes[3].id, HOSTILE), by="[red]ben\x1b")
    do(study, lambda book: _redefined(book, HOSTILE, HOSTILE))
    async with opened(study, (200, 60)) as shown:
        await shown.go_to(HOSTILE)
        text = text_of(shown.app)
        assert "\x1b" not in text and "\u202e" not in text
        assert text.count(r"\u001b[31mred [bold]b[/] [@click=app.quit]q[/] \u202eevil") >= 2
        assert r"[red]ben\u001b" in text
        for key, dialog in (("r", AskText), ("d", Form), ("s", Form), ("x", AskYes), ("c", ColourDialog)):
            await shown.press(key)
            await shown.on(dialog)
            assert "\x1b" not in text_of(shown.app)
            assert r"\u001b[31mred [bold]b[/]" in text_of(shown.app)
            await shown.press("escape")
            await shown.idle()
        await shown.press("h")
        await shown.on(HistoryDialog)
        await shown.until(lambda: r"[red]ben\u001b" in text_of(shown.app))
