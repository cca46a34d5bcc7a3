"""Putting a study's deductive coders together for a version of the codebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from langchain_core.language_models import BaseChatModel

from intercoder.agents.classifier_coder import ClassifierCoder, Origin
from intercoder.agents.deductive_coder import DeductiveCoder
from intercoder.agents.deductive_moderator import DeductiveModerator
from intercoder.agents.replay import Replay
from intercoder.agents.reviser import Reviser
from intercoder.core.classifiers import classifier_folder
from intercoder.core.codebook import Codebook
from intercoder.core.coding.deduction import RecordedAnswer
from intercoder.core.deductive_settings import DeductiveCoderSettings
from intercoder.core.protocols import AnswerLog, DeductiveStore, DevelopmentStore, Run
from intercoder.core.study import Study
from intercoder.graphs.context import make_session
from intercoder.graphs.deductive.deductive_context import (
    DeductiveContext,
    DevelopmentContext,
    Reads,
    ReadsAhead,
    Team,
)

Recorded = Mapping[tuple[str, str], RecordedAnswer]
"""(segment id, code id) -> what was answered."""
Replays = Callable[[DeductiveCoderSettings, Codebook], Mapping[int, Recorded]]
"""Reads a coder's table: attempt (1, or 2 for the repeat) -> answers."""
Models = Mapping[str, BaseChatModel]
Origins = Mapping[str, Origin]
"""Coder -> the classifier that it codes with, so that one codes a run from its beginning to its end."""


def make_team(
    study: Study,
    book: Codebook,
    *,
    again: bool = False,
    models: Models | None = None,
    prompts: Path | None = None,
    replays: Replays | None = None,
    classifiers: Path | None = None,
    origins: Origins | None = None,
) -> Team:
    """The coders, their repeats and the moderator as the settings describe them.

    Args:
        study: The settings.
        book: The codebook version they code with.
        again: Whether coders are asked a second time, for the repeat test.
        models: Chat models to use in place of those that references name.
        prompts: The study's own prompts folder.
        replays: Reads the tables of coders that replay recorded answers.
        classifiers: Folder in which classifiers lie; None where they are named with their folders.
        origins: What a run's classifiers were when it began; None for whatever they are now.

    Raises:
        ModelError: A classifier is not there, or not as it was.
    """
    given = models or {}
    first: list[Reads] = []
    second: list[Reads] = []
    ahead: list[ReadsAhead] = []
    asking = 0

    def classifier(settings: DeductiveCoderSettings, before: DeductiveCoder | None = None) -> ClassifierCoder:
        name = settings.classifies
        folder = classifier_folder(classifiers, name) if classifiers else Path(name)
        coder = ClassifierCoder(
            settings.name,
            folder,
            book,
            before=before,
            confidence=settings.confidence,
            origin=origins[settings.name] if origins is not None else None,
        )
        ahead.append(coder)
        return coder

    for settings in study.deductive.coders:
        if settings.replay:
            tables = replays(settings, book) if replays is not None else {}
            first.append(Replay(settings.name, book, tables.get(1, {}), settings.replay))
            if again and 2 in tables:
                second.append(Replay(settings.name, book, tables[2], settings.replay))
            continue
        if not settings.asks:
            first.append(classifier(settings))
            continue
        model = given.get(study.writer_model(settings))
        for group, repeat in ((first, False), (second, True))[: 1 + again]:
            coder = DeductiveCoder.of_study(study, settings, book, again=repeat, model=model, prompts=prompts)
            group.append(classifier(settings, before=coder) if settings.classifier else coder)
            asking += 1
    moderator = None
    if len(first) > 1:
        model = given.get(study.writer_model(study.deductive.moderator))
        moderator = DeductiveModerator.of_study(study, book, model=model, prompts=prompts)
        asking += moderator.asks
    return Team(
        book=book,
        coders=tuple(first),
        repeats=tuple(second),
        moderator=moderator,
        asking=asking,
        ahead=tuple(ahead),
    )


class Teams:
    """The team of the codebook version that is coded with now, put together when the version changes."""

    def __init__(self, make: Callable[[Codebook], Team]) -> None:
        self._make = make
        self._team: Team | None = None

    def __call__(self, book: Codebook) -> Team:
        """The team that codes with a book."""
        if self._team is None or self._team.book != book:
            self._team = self._make(book)
        return self._team


def make_deductive_context(
    study: Study,
    run: Run,
    *,
    store: DeductiveStore,
    log: AnswerLog,
    models: Models | None = None,
    prompts: Path | None = None,
    replays: Replays | None = None,
    classifiers: Path | None = None,
    origins: Origins | None = None,
) -> DeductiveContext:
    """Put together what one deductive run needs.

    Args:
        study: The settings to run with.
        run: The run.
        store: Segments in, decisions out.
        log: Where answers are kept.
        models: Chat models to use in place of those that references name.
        prompts: The study's own prompts folder.
        replays: Reads the tables of coders that replay recorded answers.
        classifiers: Folder in which classifiers lie; None where they are named with their folders.
        origins: What the run's classifiers were when it began; None for whatever they are now.
    """
    team = partial(
        make_team,
        study,
        models=models,
        prompts=prompts,
        replays=replays,
        classifiers=classifiers,
        origins=origins,
    )
    return DeductiveContext(study=study, store=store, team=Teams(team), session=make_session(study, run, log))


def make_development_context(
    study: Study,
    run: Run,
    *,
    store: DevelopmentStore,
    log: AnswerLog,
    models: Models | None = None,
    prompts: Path | None = None,
    replays: Replays | None = None,
    classifiers: Path | None = None,
    origins: Origins | None = None,
) -> DevelopmentContext:
    """Put together what the development of a codebook needs; arguments as for `make_deductive_context`."""
    team = partial(
        make_team,
        study,
        again=study.development.repeat,
        models=models,
        prompts=prompts,
        replays=replays,
        classifiers=classifiers,
        origins=origins,
    )
    model = (models or {}).get(study.writer_model(study.reviser))
    return DevelopmentContext(
        study=study,
        store=store,
        team=Teams(team),
        session=make_session(study, run, log),
        reviser=Reviser.of_study(study, model=model, prompts=prompts),
    )
