import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from intercoder.core.errors import SettingsError, StudyError
from intercoder.stores.database import SCHEMA_REVISION, connect, writing
from intercoder.stores.schema import metadata, studies
from intercoder.stores.study_folder import StudyFolder, create_study, open_study


def test_migrations_make_exactly_the_schema(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'study.db'}", create=True)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert MigrationContext.configure(connection).get_current_revision() == SCHEMA_REVISION


def test_every_table_carries_the_study_id() -> None:
    assert [table.name for table in metadata.sorted_tables if "study_id" not in table.primary_key.columns] == []


def test_database_is_in_wal_mode(folder: StudyFolder) -> None:
    with folder.engine.connect() as connection:
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"


def test_a_study_of_a_newer_version_is_refused_and_left_alone(folder: StudyFolder) -> None:
    with writing(folder.engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0999'"))
    folder.close()
    with pytest.raises(StudyError, match=r"newer version of intercoder \(schema 0999"):
        open_study(folder.path)
    with sqlite3.connect(folder.path / "study.db") as again:
        assert again.execute("SELECT version_num FROM alembic_version").fetchone() == ("0999",)


def test_a_file_that_is_no_database_is_named(folder: StudyFolder) -> None:
    folder.close()
    for extra in folder.path.glob("study.db*"):
        extra.unlink()
    (folder.path / "study.db").write_text("this is not a database" * 100)
    with pytest.raises(StudyError, match=r"study.db.*(damaged|not a study)"):
        open_study(folder.path)


def test_a_missing_database_is_named(folder: StudyFolder) -> None:
    folder.close()
    for file in folder.path.glob("study.db*"):
        file.unlink()
    with pytest.raises(StudyError, match="database is missing"):
        open_study(folder.path)


def test_a_failed_write_leaves_nothing(folder: StudyFolder) -> None:
    row = {"study_id": "other", "owner": "x", "created_at": "now"}
    with pytest.raises(RuntimeError, match="of old age"), writing(folder.engine) as connection:
        connection.execute(sa.insert(studies).values(row))
        raise RuntimeError("of old age")
    with folder.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(studies)).scalar() == 1


def test_a_full_disk_is_told_as_such(folder: StudyFolder) -> None:
    with folder.engine.connect() as connection:
        pages = connection.execute(sa.text("PRAGMA page_count")).scalar_one()

    def limit(dbapi: sqlite3.Connection, _record: object) -> None:
        dbapi.execute(f"PRAGMA max_page_count={pages}")

    folder.engine.dispose()
    sa.event.listen(folder.engine, "connect", limit)
    rows = [{"study_id": f"s{place}", "owner": "x" * 60, "created_at": "now"} for place in range(2000)]
    with pytest.raises(StudyError, match="disk is full") as raised, writing(folder.engine) as connection:
        connection.execute(sa.insert(studies), rows)
    assert "study.db" in raised.value.where


def test_a_directory_with_a_study_is_not_overwritten(folder: StudyFolder) -> None:
    with pytest.raises(StudyError, match="there is a study here already"):
        create_study(folder.path, 'question = "x"\n[[coders]]\nname = "a"')


def test_bad_settings_leave_no_directory(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="`coders` is missing"):
        create_study(tmp_path / "new", "question = 3")
    assert not (tmp_path / "new").exists()


def test_a_file_in_place_of_the_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="this is a file"):
        create_study(tmp_path / "file", 'question = "x"\n[[coders]]\nname = "a"')


def test_a_changed_question_keeps_the_study(folder: StudyFolder) -> None:
    settings = folder.path / "study.toml"
    settings.write_text(settings.read_text().replace("What is said?", "What is meant?"))
    assert open_study(folder.path).study.id == "study_test"


def test_a_changed_id_is_refused(folder: StudyFolder) -> None:
    settings = folder.path / "study.toml"
    settings.write_text(settings.read_text().replace("study_test", "study_other"))
    with pytest.raises(StudyError, match="holds study study_test"):
        open_study(folder.path)
