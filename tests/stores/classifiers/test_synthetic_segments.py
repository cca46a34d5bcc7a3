"""Synthetic segments are kept apart from the data, and come back as they were written."""

import pytest
import sqlalchemy as sa

from intercoder.core.codebook import Code, Codebook
from intercoder.core.decisions import Provenance
from intercoder.core.synthetic import SyntheticSegment, as_segment, fates
from intercoder.stores import schema
from intercoder.stores.classifiers.synthetic_segments import COLUMNS, SqlSyntheticStore, synthetic_lines
from intercoder.stores.codebooks.codebooks import reserve_version, write_version
from intercoder.stores.database import reading, writing
from intercoder.stores.study_folder import StudyFolder

TRAIL = Provenance(model="scripted:words", prompt="synthesizer/yes", prompt_hash="abc", answer_key="k")


def one(call: int, **changes: object) -> SyntheticSegment:
    kept = SyntheticSegment(
        id=f"y_{call}",
        origin="o_a",
        code_id="c_1",
        code_revision=2,
        codebook_version=1,
        value="yes",
        call=call,
        text=f"Text {call} “quoted” 👍",
        examples=("s_1", "s_2"),
        temperature=0.7,
        seed=3,
        provenance=TRAIL,
    )
    return kept.model_copy(update=changes)


DROPPED = one(1, dropped="human_cosine", like="s_1", likeness=0.9731)
OTHER = one(7, id="y_other", origin="o_b", value="no")


@pytest.fixture
def store(folder: StudyFolder) -> SqlSyntheticStore:
    return SqlSyntheticStore(folder.engine, folder.study.id)


def test_what_was_written_comes_back_in_order(store: SqlSyntheticStore) -> None:
    store.write([one(2), OTHER, DROPPED, one(0)])
    assert store.written(["o_a"]) == [one(0), DROPPED, one(2)]
    assert store.written(["o_b", "o_a", "o_b"]) == [OTHER, one(0), DROPPED, one(2)]
    assert store.written(["o_c"]) == store.written([]) == []
    assert store.everything() == [one(0), DROPPED, one(2), OTHER]
    assert fates(store.everything()) == {"": 3, "human_cosine": 1}


def test_what_is_there_stays_as_it_is(store: SqlSyntheticStore) -> None:
    store.write([one(0)])
    store.write([one(0, text="another"), one(1)])
    store.write([])
    assert [each.text for each in store.everything()] == [one(0).text, one(1).text]


def test_another_study_sees_none_of_it(store: SqlSyntheticStore) -> None:
    store.write([one(0)])
    assert SqlSyntheticStore(store.engine, "study_other").everything() == []


def test_no_table_of_the_data_holds_any(store: SqlSyntheticStore) -> None:
    store.write([one(0), DROPPED])
    with reading(store.engine) as connection:
        filled = [
            table.name
            for table in schema.metadata.sorted_tables
            if table.name not in ("studies", "synthetic_segments")
            and connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        ]
    assert filled == []


def test_a_coder_is_shown_it_as_a_segment_that_keeps_its_id() -> None:
    segment = as_segment(one(0))
    assert (segment.id, segment.text, segment.document) == ("y_0", one(0).text, "synthetic")
    assert segment.text == segment.text[segment.start : segment.end]


def test_lines_say_that_they_are_synthetic_and_what_became_of_them(store: SqlSyntheticStore) -> None:
    with writing(store.engine) as connection:
        before = Codebook(version=0)
        version = reserve_version(connection, store.study_id, "", 1)
        write_version(connection, store.study_id, version, [Code(id="c_1", label="thrift")], before, author="me")
    store.write([one(0), DROPPED, one(2, code_id="c_gone")])
    kept, dropped, gone = list(synthetic_lines(store))
    assert tuple(kept) == COLUMNS
    assert kept == {
        "synthetic_id": "y_0",
        "synthetic": True,
        "text": one(0).text,
        "code": "thrift",
        "code_id": "c_1",
        "code_revision": 2,
        "codebook_version": 1,
        "value": "yes",
        "dropped": None,
        "like": None,
        "likeness": None,
        "examples": "s_1 s_2",
        "temperature": 0.7,
        "seed": 3,
        **TRAIL.model_dump(),
    }
    assert (dropped["synthetic"], dropped["dropped"], dropped["like"]) == (True, "human_cosine", "s_1")
    assert dropped["likeness"] == 0.9731
    assert gone["code"] is None
