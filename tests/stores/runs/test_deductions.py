"""What stands in a deductive run: read as decisions, as values, and as a stream."""

import random

import pytest
import sqlalchemy as sa

from intercoder.core.coding.deduction import CoderValues, final_of, standing_of, values_of
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.database import reading
from intercoder.stores.runs import deductions
from intercoder.stores.runs.decisions import failed_rounds
from intercoder.stores.runs.deductions import (
    Bare,
    bare_standing,
    coder_values,
    final_segments,
    final_values,
    is_moderated,
    standing,
)
from intercoder.stores.runs.runs import get_run
from intercoder.stores.study_folder import StudyFolder
from tests.stores.runs.random_runs import coded_by_models, fill


@pytest.fixture
def filled(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> StudyFolder:
    """A study whose runs are read in several blocks."""
    monkeypatch.setattr(deductions, "BLOCK", 7)
    fill(folder)
    return folder


def plain(values: CoderValues) -> tuple[str, str, dict[str, list[tuple[str, str]]]]:
    """With segments in their order."""
    return values.role, values.name, {code: list(of_code.items()) for code, of_code in values.values.items()}


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_values_and_the_stream_say_what_decisions_say(filled: StudyFolder, seed: int, exclusive: bool) -> None:
    draw = random.Random(seed)
    run = coded_by_models(filled, draw, coders=1 + seed % 2, exclusive=exclusive, rounds=1 + seed // 2)
    study = filled.study.id
    with reading(filled.engine) as connection:
        run = get_run(connection, study, run.id)
        book = read_version(connection, study, run.codebook_version)
        decisions = [one.decision for one in standing(connection, study, run)]
        bare = list(bare_standing(connection, study, run, book))
        values = coder_values(connection, study, run)
        streamed = list(final_segments(connection, study, run))
    names = Bare._fields[1:]
    assert [tuple(getattr(one, name) for name in names) for one in decisions] == [one[1:] for one in bare]
    assert list(map(plain, values)) == list(map(plain, values_of(book, decisions)))
    final = final_of(values, moderated=is_moderated(run))
    assert len({segment_id for segment_id, _ in streamed}) == len(streamed) > 10
    assert {(code, segment_id, value) for segment_id, of in streamed for code, value in of.items()} == {
        (code, segment_id, value) for code, of in final.values.items() for segment_id, value in of.items()
    }
    assert plain(final_values(filled.engine, study, run)) == plain(final)


@pytest.mark.parametrize("exclusive", [False, True])
def test_what_stands_of_a_stream_is_what_stands_of_each_segment(filled: StudyFolder, exclusive: bool) -> None:
    run = coded_by_models(filled, random.Random(5), coders=2, exclusive=exclusive, rounds=3)
    with reading(filled.engine) as connection:
        book = read_version(connection, filled.study.id, run.codebook_version)
        failed = failed_rounds(connection, filled.study.id, run.id)
        said = list(bare_standing(connection, filled.study.id, run, book))
    segments = list(dict.fromkeys(one.segment_id for one in said))
    apart = [
        one
        for segment in segments
        for one in standing_of(book, (one for one in said if one.segment_id == segment), failed)
    ]
    assert list(standing_of(book, said, failed)) == apart == said


def test_a_run_is_read_block_by_block(filled: StudyFolder) -> None:
    run = coded_by_models(filled, random.Random(1), coders=1, exclusive=False, rounds=1)
    asked: list[str] = []
    sa.event.listen(filled.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with reading(filled.engine) as connection:
        found = final_segments(connection, filled.study.id, run)
        next(found)
        first = len([query for query in asked if "sample_segments" in query])
        list(found)
        assert (first, len([query for query in asked if "sample_segments" in query])) == (1, 6)
