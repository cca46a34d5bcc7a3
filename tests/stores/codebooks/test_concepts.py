"""What a merge writes is there as a whole or not at all; studies made before merges can be opened."""

import sqlite3

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from intercoder.core.codebook import Code, Lineage
from intercoder.core.coding.concepts import Concept, ConceptMerge, MergeStep
from intercoder.core.decisions import Failure
from intercoder.core.protocols import Run
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import add_codes, read_version, reserve_version, write_version
from intercoder.stores.codebooks.concepts import SqlConceptStore, final_concepts, read_merges
from intercoder.stores.codebooks.counted_codebooks import latest_codebook
from intercoder.stores.database import SCHEMA_REVISION, connect, now, writing
from intercoder.stores.runs.runs import create_follow_up
from intercoder.stores.study_folder import StudyFolder, open_study

STEP = MergeStep(step=1, stage=1, kind="union", concepts=2, merged=1)
CONCEPTS = (
    Concept(label="repair", alternatives=("repair", "Repair"), examples=("s2", "s1"), owners=("ana", "ben")),
    Concept(label="thrift", alternatives=("thrift",), examples=("s1",), code_ids=("c1",), members=(3, 1)),
)
MERGES = (ConceptMerge(concept=0, kept="repair", absorbed="Repair", distance=0.0, threshold=0.0),)


@pytest.fixture
def store(folder: StudyFolder) -> SqlConceptStore:
    """A store with an inductive run of one code, and a merge over it."""
    with writing(folder.engine) as connection:
        version = reserve_version(connection, folder.study.id, "inductive-1", 1)
        add_codes(connection, folder.study.id, version, [Code(id="c1", label="thrift", lineage=Lineage(run="i"))])
        source = Run(id="inductive-1", graph="inductive", total=0, codebook_version=version, settings="")
        create_follow_up(connection, folder.study, "merge", source, total=2)
    return SqlConceptStore(folder.engine, folder.study.id)


def test_a_step_is_read_as_it_was_written_and_written_once(store: SqlConceptStore) -> None:
    store.write_step("merge-1", STEP, CONCEPTS, MERGES)
    store.write_step("merge-1", STEP, CONCEPTS[:1], ())
    assert tuple(store.concepts("merge-1", 1)) == CONCEPTS
    assert store.steps("merge-1") == [STEP]
    (merge,) = read_merges(store.engine, store.study_id, "merge-1")
    assert ConceptMerge.model_validate({name: merge[name] for name in ConceptMerge.model_fields}) == MERGES[0]
    assert store.run("merge-1").position == 1


def test_a_step_counts_as_done_when_nothing_in_it_waits(store: SqlConceptStore) -> None:
    waiting = [concept.model_copy(update={"status": "undefined"}) for concept in CONCEPTS]
    store.write_step("merge-1", STEP, waiting, ())
    assert store.run("merge-1").position == 0
    defined = CONCEPTS[0].model_copy(update={"definition": "People repair.", "answer_key": "k"})
    store.write_definitions("merge-1", 1, {0: defined}, [])
    assert store.run("merge-1").position == 0
    failure = Failure(segment_id="n1", role="definer", coder="definer", kind="invalid", message="no")
    store.write_definitions("merge-1", 1, {1: waiting[1].model_copy(update={"status": "failed"})}, [failure])
    assert (store.run("merge-1").position, store.run("merge-1").failures) == (1, 1)
    first, second = final_concepts(store.engine, store.study_id, "merge-1")
    assert first == defined
    assert (second.status, second.examples) == ("failed", CONCEPTS[1].examples)


def test_finishing_twice_makes_one_version(store: SqlConceptStore) -> None:
    store.write_step("merge-1", STEP, CONCEPTS, MERGES)
    book = store.finish("merge-1")
    assert (book.version, [code.id for code in book.codes]) == (2, ["c1"])
    assert store.finish("merge-1") == book
    assert store.run("merge-1").status == "done"


def test_a_changed_code_gets_the_next_free_revision_and_keeps_its_origin(store: SqlConceptStore) -> None:
    for label in ("saving", "sparing"):
        with writing(store.engine) as connection:
            before = read_version(connection, store.study_id, 1)
            changed = before.codes[0].model_copy(
                update={"label": label, "lineage": Lineage(run="i", merged_from=(label,))}
            )
            version = reserve_version(connection, store.study_id, "x", 1)
            write_version(connection, store.study_id, version, [changed], before, author="x")
    codes = [latest_codebook(store.engine, store.study_id, version).codes[0] for version in (3, 4)]
    assert [(code.id, code.label, code.revision) for code in codes] == [("c1", "saving", 2), ("c1", "sparing", 3)]
    assert [code.lineage.merged_from for code in codes] == [("saving",), ("sparing",)]
    with store.engine.connect() as connection:
        assert read_version(connection, store.study_id, 1).codes[0].lineage == Lineage(run="i")


def test_a_study_of_the_first_schema_is_opened_and_kept(folder: StudyFolder) -> None:
    file = folder.path / "study.db"
    folder.close()
    for extra in folder.path.glob("study.db*"):
        extra.unlink()
    engine = sa.create_engine(f"sqlite:///{file}")
    config = Config()
    config.set_main_option("script_location", "intercoder.stores:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with sqlite3.connect(file) as old:
        old.execute("INSERT INTO studies VALUES ('study_test', 'me', ?)", (now(),))
        run = ("study_test", "inductive-1", "inductive", 1, "done", 1, 1, "s", 1, "{}", now(), now())
        old.execute(f"INSERT INTO runs VALUES ({','.join('?' * len(run))})", run)
        code = ("study_test", "c1", 1, "thrift", "", "[]", "[]", "[]", "", "inductive-1", now())
        old.execute(f"INSERT INTO code_revisions VALUES ({','.join('?' * len(code))})", code)
        old.execute("INSERT INTO codes VALUES ('study_test', 'c1', '{\"run\": \"inductive-1\"}', ?)", (now(),))
        old.execute("INSERT INTO codebook_entries VALUES ('study_test', 1, 0, 'c1', 1)")
    old.close()
    engine.dispose()
    opened = open_study(folder.path)
    with opened.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == SCHEMA_REVISION
        assert connection.execute(sa.select(schema.runs.c.source, schema.runs.c.base_version)).one() == ("", 0)
        assert read_version(connection, "study_test", 1).codes[0].lineage.run == "inductive-1"
    assert connect(f"sqlite:///{file}") is not None
