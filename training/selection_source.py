"""Where a selection finds people's codes and keeps answers: a study, or a file of quotes and codes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import Engine

from intercoder.core.agent_settings import DEFAULT_MODEL, default_coders
from intercoder.core.errors import InputError
from intercoder.core.protocols import Vectors
from intercoder.core.study import Study, study_id
from intercoder.llms.embeddings import CachedEmbedder
from intercoder.llms.factory import embedder
from intercoder.llms.privacy import quiet_environment
from intercoder.stores.database import connect
from intercoder.stores.study_folder import StudyFolder, open_study
from intercoder.stores.vectors import SqlVectorCache
from intercoder.training.pairs import Pairs, load_pairs

UNSAID = " "
"""The research question where none is told; prompts leave it out."""


@dataclass(frozen=True)
class Source:
    """People's codes, and what candidates are asked with."""

    study: Study
    pairs: Pairs
    engine: Engine
    """The database in which answers are kept."""
    log: Path
    """Its file."""
    folder: StudyFolder | None = None
    """The study; None for a file."""

    @property
    def prompts(self) -> Path | None:
        """The study's own prompts."""
        return self.folder.prompts if self.folder else None

    @contextmanager
    def embeddings(self) -> Iterator[Callable[[Sequence[str]], Vectors]]:
        """A function that embeds texts, one unit-length row a text; a study's are kept in its cache.

        Raises:
            ModelError: The embedding model cannot be used.
        """
        reference = self.study.embedding.model
        model = embedder(reference, privacy=self.study.privacy)
        with ExitStack() as stack:
            if self.folder:
                cache = stack.enter_context(closing(SqlVectorCache(self.folder.vectors, reference)))
                model = CachedEmbedder(model, cache)
            # One event loop for all calls: what an embedder waits on belongs to the loop it was made in.
            runner = stack.enter_context(asyncio.Runner())
            yield lambda texts: runner.run(model.embed(texts))


def open_source(path: Path, *, question: str = "", model: str = DEFAULT_MODEL, log: Path | None = None) -> Source:
    """Open a study or a file of pairs, with everything switched off that would leave the machine.

    Args:
        path: A study's directory, or a file (see `pairs.read_pairs`).
        question: For a file: the research question.
        model: For a file: the coders' model.
        log: For a file: where answers are kept; by default beside it, `FILE.answers.db`.

    Raises:
        InputError: Nobody coded anything, or options do not go with a study.
        StudyError: It is no study, or a database cannot be used.
    """
    if path.is_dir() or not (path.suffix or path.exists()):
        if question or log:
            raise InputError(
                "a study has its own question and keeps answers itself.",
                where="--question" if question else "--log",
                remedy="Leave the option out; it is for FILE.jsonl.",
            )
        folder = open_study(path)
        quiet_environment(folder.study.privacy)
        return Source(folder.study, load_pairs(path, folder), folder.engine, path / "study.db", folder)
    asked = " ".join(question.split())
    study = Study(id=study_id(asked), question=asked or UNSAID, coders=default_coders(model))
    quiet_environment(study.privacy)
    pairs = load_pairs(path)
    kept = log or path.with_name(f"{path.name}.answers.db")
    return Source(study, pairs, connect(f"sqlite:///{kept}", create=True), kept)
