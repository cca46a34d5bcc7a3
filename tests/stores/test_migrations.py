"""Studies of earlier versions: what they hold comes along; a migration cut short leaves them as they were."""

from pathlib import Path

import alembic.op
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Engine

from intercoder.stores.database import SCHEMA_REVISION, connect

FAILURE = {
    "study_id": "study",
    "run": "inductive-1",
    "round": 1,
    "segment_id": "s_1",
    "role": "coder",
    "coder": "first",
    "kind": "error",
    "message": "It did not answer.",
    "answer_key": "",
}


@pytest.fixture
def old(tmp_path: Path) -> str:
    """URL of a database before codebooks were developed, with a question that failed."""
    url = f"sqlite:///{tmp_path / 'study.db'}"
    engine = sa.create_engine(url)
    config = Config()
    config.set_main_option("script_location", "intercoder.stores:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        names = ", ".join(FAILURE)
        values = ", ".join(f":{name}" for name in FAILURE)
        connection.execute(sa.text(f"INSERT INTO failures ({names}) VALUES ({values})"), FAILURE)
    engine.dispose()
    return url


def failures(engine: Engine) -> list[dict[str, object]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(sa.text("SELECT * FROM failures")).mappings()]


def version(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one())


def test_what_failed_before_codes_had_questions_of_their_own_comes_along(old: str) -> None:
    engine = connect(old)
    assert version(engine) == SCHEMA_REVISION
    assert failures(engine) == [{**FAILURE, "code_id": ""}]
    engine.dispose()


def test_a_migration_that_is_cut_short_leaves_the_study_as_it_was(
    old: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = alembic.op.create_table

    def create_table(name: str, *columns: sa.schema.SchemaItem) -> object:
        if name == "verdicts":
            raise KeyboardInterrupt
        return made(name, *columns)

    with monkeypatch.context() as patched:
        patched.setattr(alembic.op, "create_table", create_table)
        with pytest.raises(KeyboardInterrupt):
            connect(old)
    before = sa.create_engine(old)
    assert version(before) == "0002"
    assert failures(before) == [FAILURE]
    before.dispose()
    engine = connect(old)
    assert failures(engine) == [{**FAILURE, "code_id": ""}]
    engine.dispose()
