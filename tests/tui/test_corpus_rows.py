"""Names of documents, and what Corpus says where there is nothing to show."""

from contextlib import closing
from pathlib import Path

import pytest
from rich.cells import cell_len

from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.widgets.segment_lines import middle_left_out
from tests.studies import new_study
from tests.tui.conftest import SIZES, started, text_of
from tests.tui.test_corpus import press, settled

SETTINGS = 'question = "Why?"\n[[coders]]\nname = "a"\nmodel = "scripted:words"\n'


@pytest.mark.parametrize(
    ("name", "width", "told"),
    [
        ("short.txt", 12, "short.txt"),
        ("transcript_interview_P1", 12, "transcri…_P1"),
        ("修理修理修理修理01", 12, "修理修理…01"),
    ],
)
def test_a_long_name_keeps_its_end(name: str, width: int, told: str) -> None:
    assert middle_left_out(name, width) == told
    assert cell_len(told) <= width


@pytest.mark.parametrize("size", SIZES)
async def test_an_empty_study_says_how_texts_come_in(tmp_path: Path, size: tuple[int, int]) -> None:
    with closing(new_study(tmp_path / "new", SETTINGS)) as folder:
        app = started(folder, "corpus")
        async with app.run_test(size=size) as pilot:
            await settled(pilot)
            assert "intercoder import" in text_of(app)


async def test_where_nothing_is_found_no_segment_is_shown(study: StudyFolder) -> None:
    app = started(study, "corpus")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        await press(pilot, "slash", *"zzzz")
        assert screen.segment_id == "" and "no segments" in text_of(app)
        assert "Decisions" not in text_of(app) and "decisions" not in text_of(app)
