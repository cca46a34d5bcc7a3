"""What a graph is given: stores, agents, embeddings, the run's session. Never part of its state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from langchain_core.language_models import BaseChatModel

from intercoder.agents.coder import Coder
from intercoder.agents.definer import Definer
from intercoder.agents.moderator import Moderator
from intercoder.agents.session import Session, Slots
from intercoder.agents.themer import Themer
from intercoder.core.coding.refinement import LabelMemory
from intercoder.core.protocols import AnswerLog, ConceptStore, Embedder, Run, StudyStore, ThemeStore, Vectors
from intercoder.core.study import Study
from intercoder.llms.factory import embedder

if TYPE_CHECKING:
    from intercoder.evals.spaces.clustering import Cluster


class Cut(Protocol):
    """How concepts are clustered; `evals.code_space.clusters` is the one in use."""

    def __call__(
        self,
        embeddings: Vectors,
        examples: Sequence[Sequence[str]],
        *,
        linkage: Literal["average"],
        metric: Literal["cosine"],
        lower: float,
        upper: float,
        example_penalty: bool,
    ) -> Sequence[Cluster]:
        """The clusters of two rows or more; a row in none stays alone."""


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


@dataclass(frozen=True)
class MergingContext:
    """What a merge is given."""

    study: Study
    store: ConceptStore
    embeddings: Embedder
    definer: Definer
    session: Session
    cut: Cut


@dataclass(frozen=True)
class ThemingContext:
    """What the search for themes is given."""

    study: Study
    store: ThemeStore
    embeddings: Embedder
    themer: Themer
    session: Session


def make_session(study: Study, run: Run, log: AnswerLog) -> Session:
    """What all questions of one run share."""
    return Session(
        log=log,
        slots=Slots(study.limits.concurrency),
        run=run.id,
        round=run.round,
        prices=study.prices,
    )


def make_merging_context(
    study: Study,
    run: Run,
    *,
    store: ConceptStore,
    log: AnswerLog,
    embeddings: Embedder | None = None,
    model: BaseChatModel | None = None,
    prompts: Path | None = None,
    cut: Cut | None = None,
) -> MergingContext:
    """Put together what one merge needs.

    Args:
        study: The settings to run with.
        run: The run.
        store: Code spaces in, concepts out.
        log: Where answers are kept.
        embeddings: Sentence embeddings; by default those that the study names.
        model: Chat model of the definer; by default the one that the settings name.
        prompts: The study's own prompts folder.
        cut: How concepts are clustered.
    """
    if cut is None:
        from intercoder.evals.code_space import clusters

        cut = clusters
    return MergingContext(
        study=study,
        store=store,
        embeddings=embeddings or embedder(study.embedding.model, privacy=study.privacy),
        definer=Definer.of_study(study, model=model, prompts=prompts),
        session=make_session(study, run, log),
        cut=cut,
    )


def make_theming_context(
    study: Study,
    run: Run,
    *,
    store: ThemeStore,
    log: AnswerLog,
    embeddings: Embedder | None = None,
    model: BaseChatModel | None = None,
    prompts: Path | None = None,
) -> ThemingContext:
    """Put together what the search for themes needs; arguments as in `make_merging_context`."""
    return ThemingContext(
        study=study,
        store=store,
        embeddings=embeddings or embedder(study.embedding.model, privacy=study.privacy),
        themer=Themer.of_study(study, model=model, prompts=prompts),
        session=make_session(study, run, log),
    )


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
        session=make_session(study, run, log),
    )
