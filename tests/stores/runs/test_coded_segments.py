"""Who gave which code to what: looked up by index, the same as when all that stands is read from the beginning."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.deduction import PATTERN
from intercoder.core.documents import Document, Span
from intercoder.core.errors import InputError
from intercoder.stores import schema
from intercoder.stores.codebooks.carried_codes import carried_codes
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.named_filters import named_filters
from intercoder.stores.corpus.search import CorpusSearch, Filters
from intercoder.stores.corpus.segment_details import segment_details
from intercoder.stores.corpus.segments import sample_ids
from intercoder.stores.corpus.text_index import corpus_index
from intercoder.stores.database import reading, writing
from intercoder.stores.people.human_codings import human_decisions, human_values
from intercoder.stores.runs.coded_segments import CodedSegments, Reader, codes_meant
from intercoder.stores.runs.decisions import assigned_segments
from intercoder.stores.runs.deductions import coder_values, final_values
from intercoder.stores.runs.runs import get_run, update_run
from intercoder.stores.runs.unit_decisions import run_decisions
from intercoder.stores.study_folder import StudyFolder
from tests.stores.runs.random_runs import (
    CODES,
    SEGMENTS,
    coded_by_models,
    coded_by_people,
    fill,
    found_by_models,
)


@pytest.fixture
def filled(folder: StudyFolder) -> StudyFolder:
    fill(folder)
    return folder


def everything(folder: StudyFolder) -> Iterator[tuple[str, str, str]]:
    """Segment, code and whom it was given by, empty in the end: from whole runs and all codings, as exports do."""
    with reading(folder.engine) as connection:
        runs = [
            get_run(connection, folder.study.id, name)
            for name in connection.execute(sa.select(schema.runs.c.run)).scalars()
        ]
    for run in runs:
        if run.status == "undone":
            continue
        if not run.deductive:
            with reading(folder.engine) as connection:
                for code_id, segment in assigned_segments(connection, folder.study.id, run.id):
                    yield segment, code_id, ""
                    yield segment, code_id, "medoid"
            continue
        with reading(folder.engine) as connection:
            values = coder_values(connection, folder.study.id, run)
        for coder in (*values, final_values(folder.engine, folder.study.id, run)):
            if coder.role != "repeat":
                name = "" if coder.name == "final" else coder.name
                yield from (
                    (segment, code, name)
                    for code, of in coder.values.items()
                    for segment, value in of.items()
                    if value == "yes"
                )
    for person in human_values(folder.engine, folder.study.id):
        for code, of in person.values.items():
            for segment, value in of.items():
                if value == "yes":
                    yield segment, code, ""
                    yield segment, code, person.name


@pytest.mark.parametrize("seed", range(6))
def test_what_stands_is_what_reading_everything_gives(filled: StudyFolder, seed: int) -> None:
    draw = random.Random(seed)
    coded_by_models(filled, draw, coders=1 + seed % 2, exclusive=False, rounds=1 + seed % 3)
    coded_by_models(filled, draw, coders=2 - seed % 2, exclusive=True, rounds=1 + seed % 2)
    found_by_models(filled, draw, 1 + seed % 3)
    undone = found_by_models(filled, draw, 1)
    with writing(filled.engine) as connection:
        update_run(connection, filled.study.id, undone.id, status="undone")
    coded_by_people(filled, draw)
    expected = set(everything(filled))
    with reading(filled.engine) as connection:
        coded = CodedSegments(connection, filled.study.id)
        for code in CODES:
            for coder in ("", "model0", "model1", "moderator", "medoid", "ana", "ben", PATTERN, "nobody"):
                found = coded.with_code(connection, [code.id], coder)
                assert found == {one for one, id_, name in expected if (id_, name) == (code.id, coder)}, (
                    code,
                    coder,
                )
        segments = list(connection.execute(sa.select(schema.segments.c.segment_id)).scalars())
        codes = coded.codes_of(connection, segments)
        assert {(one, id_) for one, ids in codes.items() for id_ in ids} == {
            (one, id_) for one, id_, name in expected if not name
        }
        for segment in segments[:10]:
            by_run = [one for run in coded.runs for one in run_decisions(connection, filled.study.id, run, segment)]
            standing = coded.standing(connection, segment)
            assert {one.id for one in standing if one.run} == {one.id for one in by_run}


def test_a_coder_alone_means_what_it_answered_to(filled: StudyFolder) -> None:
    run = found_by_models(filled, random.Random(1), 1)
    with writing(filled.engine) as connection:
        update_run(connection, filled.study.id, run.id, position=10)
    coded_by_people(filled, random.Random(1))
    with reading(filled.engine) as connection:
        coded = CodedSegments(connection, filled.study.id)
        segments = sample_ids(connection, filled.study.id, run.sample)
        failures = connection.execute(
            sa.select(schema.failures.c.segment_id).where(schema.failures.c.role == "moderator")
        )
        assert coded.readers(connection) == [
            Reader("ana", "person"),
            Reader("ben", "person"),
            Reader("ana", "coder"),
            Reader("medoid", "moderator"),
        ]
        assert coded.by_coder(connection, "medoid") == set(segments[:10]) - set(failures.scalars())
        stands = {one.segment_id for one in human_decisions(connection, filled.study.id, coder="ben")}
        table = schema.decisions
        spoken_of = sa.select(table.c.segment_id).where(table.c.coder == "ben")
        assert stands < set(connection.execute(spoken_of).scalars())
        assert coded.by_coder(connection, "ben") == stands


def test_a_code_stands_for_what_it_was_made_of_and_what_is_under_it() -> None:
    from intercoder.core.codebook import Lineage

    parts = (
        Code(id="group", label="Group"),
        Code(id="merged", label="Merged", parent="group", lineage=Lineage(merged_from=("a", "b"))),
        Code(id="other", label="Other"),
    )
    books = [Codebook(version=1, codes=parts)]
    assert codes_meant(books, "merged") == {"merged", "a", "b"}
    assert codes_meant(books, "group") == {"group", "merged", "a", "b"}
    assert codes_meant(books, "gone") == {"gone"}


def test_filters_go_together(filled: StudyFolder) -> None:
    coded_by_models(filled, random.Random(3), coders=1, exclusive=False, rounds=1)
    search = CorpusSearch(filled, corpus_index(filled))
    by_code = set(search.find(Filters(code="c_1")))
    by_text = set(search.find(Filters(text="1")))
    by_speaker = set(search.find(Filters(speaker="Ada")))
    assert by_code and by_text and by_speaker
    assert list(search.find(Filters(code="c_1", text="1", speaker="Ada"))) == sorted(by_code & by_text & by_speaker)
    assert list(search.find(Filters(document=7, speaker="Ada"))) == [7]
    assert list(search.find(Filters(document=8, speaker="Ada"))) == []
    assert list(search.find(Filters())) == list(range(SEGMENTS))
    assert list(search.find(Filters(unit="row", text="  "))) == list(range(SEGMENTS))
    assert list(search.find(Filters(text="zzz", code="c_1"))) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_codebook_counts_as_many_as_the_corpus_finds(filled: StudyFolder, seed: int) -> None:
    draw = random.Random(seed)
    coded_by_models(filled, draw, coders=1 + seed % 2, exclusive=seed == 3, rounds=1 + seed % 3)
    found_by_models(filled, draw, 1 + seed % 2)
    coded_by_people(filled, draw)
    carried = carried_codes(filled)
    search = CorpusSearch(filled, corpus_index(filled))
    assert {one: carried[one].segments for one in carried} == {
        code.id: len(search.find(Filters(code=code.id))) for code in CODES
    }
    source = Source(name="t", sha256="2", options={}, unit="row")
    documents = [Document(name="t#0", source="t", key="0", text="all new")]
    import_source(filled.engine, filled.study.id, source, documents, lambda one: [Span(start=0, end=7)], [])
    assert {one.segments for one in carried_codes(filled).values()} == {0}


def test_what_is_coded_later_is_found_once_it_is_renewed(filled: StudyFolder) -> None:
    search = CorpusSearch(filled, corpus_index(filled))
    assert list(search.find(Filters(coder="model0"))) == []
    coded_by_models(filled, random.Random(3), coders=1, exclusive=False, rounds=1)
    search.renew()
    assert len(search.find(Filters(code="c_1"))) > 0


@pytest.mark.parametrize(
    ("named", "filters"),
    [
        ({"code": "pride"}, {"code": "c_1"}),
        ({"code": "c_2"}, {"code": "c_2"}),
        ({"coder": "Model0"}, {"coder": "model0"}),
        ({"speaker": "ada"}, {"speaker": "Ada"}),
        ({"document": "t#3", "text": "x"}, {"document": 3, "text": "x"}),
    ],
)
def test_names_are_found(filled: StudyFolder, named: dict[str, str], filters: dict[str, object]) -> None:
    coded_by_models(filled, random.Random(3), coders=1, exclusive=False, rounds=1)
    search = CorpusSearch(filled, corpus_index(filled))
    assert named_filters(search, **named) == Filters.model_validate(filters)


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ({"code": "prid"}, "there is no code 'prid'. Did you mean 'Pride'?"),
        ({"code": "zzz"}, "There are: Pride, Thrift, Care."),
        ({"coder": "zzz"}, "there is no coder 'zzz'. There are: model0"),
        ({"speaker": "\x1b[31m"}, "there is no speaker '\\\\u001b[31m'. There are: Ada."),
        ({"document": "t#99"}, "there is no document 't#99'. Did you mean"),
    ],
)
def test_names_that_are_not_there_are_told(filled: StudyFolder, named: dict[str, str], told: str) -> None:
    coded_by_models(filled, random.Random(3), coders=1, exclusive=False, rounds=1)
    search = CorpusSearch(filled, corpus_index(filled))
    with pytest.raises(InputError) as caught:
        named_filters(search, **named)
    assert told in f"{caught.value.message} {caught.value.remedy}"


def test_a_segment_of_an_older_text_is_still_shown(filled: StudyFolder) -> None:
    with reading(filled.engine) as connection:
        first = connection.execute(sa.select(schema.segments.c.segment_id)).scalars().first()
    assert first is not None
    source = Source(name="t", sha256="2", options={}, unit="row")
    documents = [Document(name="t#0", source="t", key="0", text="all new")]
    import_source(filled.engine, filled.study.id, source, documents, lambda one: [Span(start=0, end=7)], [])
    assert corpus_index(filled).place(first) is None
    assert segment_details(filled.engine, filled.study.id, first).segment.text.startswith("text number")
