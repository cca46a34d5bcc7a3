"""Every screen looks as it did; `make screenshots` takes the pictures anew when it should look otherwise."""

from pathlib import Path

import pytest

from intercoder.stores.study_folder import StudyFolder
from tests.tui.conftest import SIZES
from tests.tui.pictures import SHOTS, Shot, picture
from tests.tui.take_pictures import PICTURED, PICTURES, TEXTS


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
async def test_a_screen_looks_as_it_did(
    study: StudyFolder, shot: Shot, size: tuple[int, int], tmp_path: Path
) -> None:
    seen = await picture(study, shot, size)
    kept = TEXTS / f"{shot.name}-{size[0]}x{size[1]}.txt"
    assert seen.text == kept.read_text(encoding="utf-8")
    if size == PICTURED:
        assert seen.svg == (PICTURES / f"{shot.name}.svg").read_text(encoding="utf-8")


def test_pictures_fetch_nothing() -> None:
    pictures = sorted(PICTURES.glob("*.svg"))
    assert [file.stem for file in pictures] == sorted(shot.name for shot in SHOTS)
    assert not any("url(" in text.replace("url(#", "") for text in map(Path.read_text, pictures))
