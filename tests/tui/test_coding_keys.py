"""Keys on Coding act in the order in which they are pressed, however fast they come."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events

from intercoder.core.documents import Document
from intercoder.core.texts.segmentation import segment
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.widgets.code_picker import CodePicker
from tests.stores.conftest import SETTINGS
from tests.studies import new_study
from tests.tui.test_coding import Driver, codebook, coding

ROUNDS = 20
ALL_NO = dict.fromkeys(("mending", "buying new", "lending tools"), "no")


@pytest.fixture
def long(tmp_path: Path) -> Iterator[StudyFolder]:
    """Two segments for each round, and one more."""
    folder = new_study(tmp_path / "study", SETTINGS)
    text = "\n\n".join(f"This is paragraph {number}." for number in range(2 * ROUNDS + 1))
    source = Source(name="a.txt", sha256="a", options={}, unit="paragraph")
    document = Document(name="a.txt", source="a.txt", text=text)
    import_source(
        folder.engine, folder.study.id, source, [document], lambda one: segment(one.text, "paragraph"), []
    )
    codebook(folder)
    yield folder
    folder.close()


def burst(one: Driver, *keys: str) -> None:
    """Keys that arrive all at once."""
    signs = {"space": " ", "plus": "+", "minus": "-"}
    for key in keys:
        one.pilot.app.post_message(events.Key(key, key if len(key) == 1 else signs.get(key)))


def expected(*given: str) -> dict[str, dict[str, str]]:
    return {str(place): ALL_NO | {label: "yes"} for place, label in enumerate(given)}


@pytest.mark.parametrize(("at_once", "rounds"), [(False, 3), (True, ROUNDS)])
async def test_what_is_typed_is_what_enter_gives(long: StudyFolder, at_once: bool, rounds: int) -> None:
    keys = (*"lend", "enter", "enter", *"buy", "enter", "enter")
    async with coding(long) as one:
        for _ in range(rounds):
            if at_once:
                burst(one, *keys)
                await one.pilot.pause()
            else:
                await one.pilot.press(*keys)
        await one.settle()
        assert one.values() == expected(*["lending tools", "buying new"] * rounds)


async def test_all_rounds_at_once(long: StudyFolder) -> None:
    async with coding(long) as one:
        burst(one, *[*"lend", "enter", "enter", *"buy", "enter", "enter"] * ROUNDS)
        await one.settle()
        assert one.values() == expected(*["lending tools", "buying new"] * ROUNDS)


async def test_editing_digits_signs_and_arrows_wait_their_turn(long: StudyFolder) -> None:
    async with coding(long) as one:
        burst(one, *"lendx", "backspace", "enter", "2", "enter")
        burst(one, "l", "2", "escape", "2", "space", "3", "minus", "1", "enter")
        burst(one, *"mend", "home", *"xx", "ctrl+w", "delete", "m", "enter", "enter")
        await one.settle()
        assert one.values() == {
            "0": {"mending": "no", "buying new": "yes", "lending tools": "yes"},
            "1": ALL_NO | {"mending": "yes"},
            "2": ALL_NO | {"mending": "yes"},
        }


async def test_a_quote_is_marked_in_the_same_order(long: StudyFolder) -> None:
    async with coding(long) as one:
        burst(one, "tab", "w", "space", "w", "e", "enter", *"buy", "enter", "enter")
        burst(one, "tab", "a", "escape", "2", "enter")
        await one.settle()
        assert one.values() == expected("buying new", "buying new")
        assert [said.quote.text for said in one.said() if said.quote.text] == ["is paragraph"]


async def test_enter_on_what_matches_nothing_never_ends_the_segment(long: StudyFolder) -> None:
    async with coding(long) as one:
        burst(one, *"zzz", "enter", "enter", "enter")
        await one.settle()
        assert one.values() == {}


async def test_pasted_lines_are_one_text_and_no_keys(long: StudyFolder) -> None:
    async with coding(long) as one:
        one.pilot.app.post_message(events.Paste("\nlending\ntools\n\n"))
        await one.settle()
        assert one.values() == {}
        assert one.screen.query_one(CodePicker).value == "lending tools"
        burst(one, "enter")
        await one.settle()
        assert one.values() == {"0": {"lending tools": "yes"}}
        one.pilot.app.copy_to_clipboard("buying\nnew\n")
        burst(one, "ctrl+v", "enter", "enter")
        await one.settle()
        assert one.values()["0"] == ALL_NO | {"lending tools": "yes", "buying new": "yes"}
