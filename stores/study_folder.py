"""A study on disk: its settings, its database, its code memory, and where exports and reports go."""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from intercoder.core.classifiers import CLASSIFIERS
from intercoder.core.errors import StudyError
from intercoder.core.study import Study
from intercoder.core.study_toml import parse_study, with_adapters_of
from intercoder.stores import schema
from intercoder.stores.database import connect, now, reading, remove, writing

if TYPE_CHECKING:
    from intercoder.core.coding.refinement import LabelMemory
    from intercoder.core.protocols import Run

SETTINGS = "study.toml"
DATABASE = "study.db"


class StudyFolder:
    """An open study.

    Attributes:
        path: The directory.
        study: Its settings as study.toml has them now.
        engine: Its database.
    """

    def __init__(self, path: Path, study: Study, engine: Engine) -> None:
        self.path = path
        self.study = study
        self.engine = engine

    @property
    def argument(self) -> str:
        """The directory as it is typed after a command: quoted where a shell needs that."""
        return shlex.quote(str(self.path))

    @property
    def prompts(self) -> Path:
        """The study's own prompts, which replace ours of the same name."""
        return self.path / "prompts"

    @property
    def classifiers(self) -> Path:
        """The study's classifiers, each in a folder of its name."""
        return self.path / CLASSIFIERS

    @property
    def adapters(self) -> Path:
        """The study's LoRA adapters, each in a folder of its name."""
        return self.path / "adapters"

    @property
    def checkpoints(self) -> Path:
        """LangGraph cursors; may be deleted."""
        return self.path / "checkpoints.db"

    @property
    def vectors(self) -> Path:
        """Cached embeddings; may be deleted."""
        return self.path / "memory" / "embeddings.db"

    def memory(self, run: Run) -> LabelMemory:
        """The code memory of a run's round: a folder in the study, or the server that study.toml names.

        Whether the privacy settings allow the server is for the caller to check first.

        Raises:
            StudyError: The server cannot be reached, or another study uses its collection.
        """
        from intercoder.stores.memory.code_memory import open_memory

        return open_memory(
            self.study.memory.url or self.path / "memory",
            study_id=self.study.id,
            run_id=run.id,
            round=run.round,
            owner=self._owner(),
        )

    def _owner(self) -> str:
        with reading(self.engine) as connection:
            query = sa.select(schema.studies.c.owner).where(schema.studies.c.study_id == self.study.id)
            return str(connection.execute(query).scalar_one())

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def create_study(path: Path, settings: str) -> StudyFolder:
    """Make a study directory.

    Args:
        path: The directory; may exist if there is no study in it.
        settings: Content of its study.toml.

    Raises:
        StudyError: There is a study already, or the directory cannot be written; nothing is left in it then.
        SettingsError: The settings are not valid.
    """
    study = parse_study(settings)
    file, database = path / SETTINGS, path / DATABASE
    if file.exists():
        raise StudyError("there is a study here already.", where=str(file), remedy="Choose another directory.")
    if database.exists():
        raise StudyError(
            "there is a study's database here already, without its study.toml.",
            where=str(database),
            remedy="Put study.toml back from a backup, or choose another directory.",
        )
    new = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
        engine = _create_database(database, study)
        file.write_text(settings, encoding="utf-8")
    except FileExistsError:
        raise StudyError(
            "this is a file, not a directory.", where=str(path), remedy="Name a directory that is new or empty."
        ) from None
    except OSError as error:
        _remove(path, whole=new)
        raise StudyError(
            f"the study cannot be written: {error.strerror}.",
            where=str(path),
            remedy="Choose a directory you may write to, on a disk with space.",
        ) from error
    except BaseException:
        _remove(path, whole=new)
        raise
    return StudyFolder(path, study, engine)


def _create_database(file: Path, study: Study) -> Engine:
    engine = connect(f"sqlite:///{file}", create=True)
    with writing(engine) as connection:
        connection.execute(sa.insert(schema.studies).values(study_id=study.id, owner=_token(), created_at=now()))
    return engine


def _remove(path: Path, *, whole: bool) -> None:
    """Take away what a failed `create_study` left: the directory too, if it made it."""
    with contextlib.suppress(OSError):
        remove(path / DATABASE)
        (path / SETTINGS).unlink(missing_ok=True)
        if whole:
            path.rmdir()


def open_study(path: Path) -> StudyFolder:
    """Open a study directory.

    Raises:
        StudyError: It is no study, or its database cannot be used (see `stores.database.connect`).
        SettingsError: study.toml is not valid.
    """
    file = path / SETTINGS
    if not file.is_file():
        raise StudyError(
            "this is not a study: it holds no study.toml." if path.is_dir() else "there is no such directory.",
            where=str(path),
            remedy=f'Make a study with `intercoder init {shlex.quote(str(path))} --question "..."`.',
        )
    try:
        study = with_adapters_of(parse_study(file.read_text(encoding="utf-8"), str(file)), path.absolute())
    except UnicodeDecodeError:
        raise StudyError("the file is not UTF-8.", where=str(file), remedy="Save it as UTF-8.") from None
    if not (path / DATABASE).is_file():
        raise StudyError(
            "the study's database is missing.", where=str(path / DATABASE), remedy="Restore it from a backup."
        )
    engine = connect(f"sqlite:///{path / DATABASE}")
    return StudyFolder(path, _with_stored_id(study, engine, file), engine)


def _with_stored_id(study: Study, engine: Engine, file: Path) -> Study:
    """The study under the id that its database knows, whatever happened to the question since."""
    with reading(engine) as connection:
        known = list(connection.execute(sa.select(schema.studies.c.study_id)).scalars())
    if study.id in known:
        return study
    if len(known) == 1 and "id =" not in file.read_text(encoding="utf-8"):
        return study.model_copy(update={"id": known[0]})
    raise StudyError(
        f"the database holds study {', '.join(known) or '(none)'}, not {study.id}.",
        where=f"{file}: id",
        remedy="Put the id back as it was.",
    )


def _token() -> str:
    import secrets

    return secrets.token_hex(16)
