"""What a graph is given: stores, agents, embeddings, the run's session. Never part of its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from langchain_core.language_models import BaseChatModel

from intercoder.agents.coder import Coder
from intercoder.agents.moderator import Moderator
from intercoder.agents.session import Session, Slots
from intercoder.core.protocols import AnswerLog, Embedder, Run, StudyStore
from intercoder.core.refinement import LabelMemory
from intercoder.core.study import Study
from intercoder.llms.factory import embedder


@dataclass(frozen=True)
class Context:
    """Injected into every node as `runtime.context`."""

    study: Study
    store: StudyStore
    memory: LabelMemory
    embeddings: Embedder
    coders: tuple[Coder, ...]
    moderators: tuple[Moderator, ...]
    session: Session


def make_context(
    study: Study,
    run: Run,
    *,
    store: StudyStore,
    log: AnswerLog,
    memory: LabelMemory,
    embeddings: Embedder | None = None,
    models: Mapping[str, BaseChatModel] | None = None,
    prompts: Path | None = None,
) -> Context:
    """Put a study's agents together for one run.

    Args:
        study: The settings to run with.
        run: The run; its id and round mark what is asked.
        store: Segments in, decisions out.
        log: Where answers are kept.
        memory: The code memory of this run and round.
        embeddings: Sentence embeddings; by default those that the study names.
        models: Chat models to use in place of those that references name.
        prompts: The study's own prompts folder.
    """
    given = models or {}
    vectors = embeddings or embedder(study.embedding.model, privacy=study.privacy)
    return Context(
        study=study,
        store=store,
        memory=memory,
        embeddings=vectors,
        coders=tuple(
            Coder.of_study(study, coder, model=given.get(coder.model), prompts=prompts) for coder in study.coders
        ),
        moderators=tuple(
            Moderator.of_study(study, moderator, vectors, model=given.get(moderator.model), prompts=prompts)
            for moderator in study.moderators
        ),
        session=Session(
            log=log,
            slots=Slots(study.limits.concurrency),
            run=run.id,
            round=run.round,
            prices=study.prices,
        ),
    )
