"""What is asked of the synthesizer, and what is written in place of what the filter drops."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from intercoder.core.errors import InputError
from intercoder.core.synthetic import SyntheticSegment, Wanted
from intercoder.training.distillation import writing
from intercoder.training.distillation.composing import mix
from intercoder.training.distillation.distillation_settings import read_settings
from intercoder.training.distillation.grid_cells import cells_of
from intercoder.training.distillation.material import Material, prepare
from intercoder.training.distillation.synthesis import SynthesizerRepeats
from intercoder.training.distillation.writing import Way, WrittenSet, write_segments
from tests.training.distillation.studies import SETTINGS, make_study
from tests.training.distillation.test_composing import written


class Session:
    """Stands for what is asked with; the doubles ask nobody."""

    session = embeddings = None


@pytest.fixture
def material(tmp_path: Path) -> Material:
    return prepare(make_study(tmp_path / "study", 60), ["repair"], read_settings(None))


async def write(
    material: Material, monkeypatch: pytest.MonkeyPatch, number: int, drops: int, most: int = 1000
) -> tuple[WrittenSet, list[int]]:
    """Write with a filter that drops every so manieth text, and a synthesizer that has only so many of a kind."""
    calls: list[int] = []

    async def synthesize(wanted: Sequence[Wanted], **_: Any) -> list[SyntheticSegment]:
        calls.append(sum(one.count for one in wanted))
        if max(one.count for one in wanted) > most:
            raise SynthesizerRepeats("the synthesizer only repeats itself.")
        return [written(one.code, one.value, place) for one in wanted for place in range(one.count)]

    async def consistent(segments: Sequence[SyntheticSegment], *_: Any) -> list[bool]:
        return [not drops or one.call % drops != 0 for one in segments]

    monkeypatch.setattr(writing, "synthesize", synthesize)
    monkeypatch.setattr(writing, "consistent", consistent)
    asking: Any = Session()
    return await write_segments(material, number, Way(0.7, 0, 2), asking), calls


async def test_what_the_filter_drops_is_replaced(material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    made, calls = await write(material, monkeypatch, 20, drops=2)
    assert Counter(one.value for one in made.segments) == {"yes": 10, "no": 10}
    assert all(one.call % 2 for one in made.segments)
    assert made.missing == 0
    assert made.dropped >= 20
    assert len(calls) <= 1 + writing.MORE
    again, _ = await write(material, monkeypatch, 20, drops=2)
    assert again == made
    none, calls = await write(material, monkeypatch, 20, drops=0)
    assert (len(none.segments), none.dropped, calls) == (20, 0, [20])


async def test_what_cannot_be_replaced_is_counted(material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    made, calls = await write(material, monkeypatch, 20, drops=1)
    assert (made.segments, made.missing, len(calls)) == ((), 20, 1 + writing.MORE)
    made, calls = await write(material, monkeypatch, 20, drops=2, most=15)
    assert (len(made.segments), made.missing, len(calls)) == (10, 10, 2)
    with pytest.raises(SynthesizerRepeats):
        await write(material, monkeypatch, 20, drops=2, most=5)


async def test_a_filter_needs_a_language_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = SETTINGS + '[[deductive.coders]]\nname = "x"\nmodel = "classifier:x"\n'
    alone = prepare(make_study(tmp_path / "study", 60, settings=settings), ["repair"], read_settings(None))
    with pytest.raises(InputError, match="asks a language model"):
        await write(alone, monkeypatch, 4, drops=0)


def test_without_written_segments_temperature_and_filter_are_not_crossed(material: Material) -> None:
    words = [
        "grid.totals=[10, 10, 28]",
        "grid.shares=[0, 0.5]",
        "grid.seeds=[3, 4]",
        "grid.temperatures=[0.3, 1.0]",
    ]
    cells = cells_of(material.with_settings(read_settings(None, words)))
    alone = [one for one in cells if math.isnan(one.temperature)]
    assert {(one.total, one.share, one.filter) for one in alone} == {(10, 0, 0), (28, 0, 0)}
    assert len(alone) == 2 * 2
    assert len(cells) == len(alone) + 2 * 2 * 2 * 2
    assert [one.total for one in cells] == sorted(one.total for one in cells)
    everything = cells_of(material)
    assert {one.total for one in everything} == {14, 28, 56}, "half of the training part, all, and as many again"
    assert all(round((1 - one.share) * one.total) <= 28 for one in everything), "more than people coded"


def test_of_own_sizes_no_cell_is_without_a_segment_of_people(material: Material) -> None:
    few = replace(material, parts=material.parts._replace(training=material.parts.training[:12]))
    cells = cells_of(few)
    assert {one.total for one in cells} == {6, 12, 24}
    assert all(mix(one.total, one.share, 12).human for one in cells)
