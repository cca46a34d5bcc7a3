"""What coding with given codes would do, before it does it: calls, tokens, cost, and which text goes where."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Literal

from langchain_core.language_models import BaseChatModel

from intercoder.agents.asking import NoAnswer
from intercoder.agents.deductive_coder import DeductiveCoder
from intercoder.agents.deductive_moderator import DeductiveModerator
from intercoder.agents.findings_text import MOST_EXCERPTS
from intercoder.agents.reviser import Reviser
from intercoder.agents.session import Session
from intercoder.agents.subgraph import blocking, standalone_session
from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.deduction import PATTERN
from intercoder.core.coding.findings import CodeFindings, CoderFindings, Excerpt, Said
from intercoder.core.decisions import CodeAnswer
from intercoder.core.deductive_settings import CLASSIFIER, DeductiveCoderSettings
from intercoder.core.documents import Segment
from intercoder.core.study import Study
from intercoder.graphs.checks import problems
from intercoder.graphs.deductive.classifier_checks import bound_notes, classifier_problems
from intercoder.graphs.planning import (
    ANSWER_TOKENS,
    TO_MODERATOR,
    Material,
    Plan,
    PlannedActor,
    material_of,
    planned,
    without_model,
)
from intercoder.llms.scripted import ScriptedChatModel
from intercoder.llms.usage import estimate_messages
from intercoder.stores.corpus.samples import Scope, choose, sampled
from intercoder.stores.corpus.segments import chosen_segments
from intercoder.stores.database import reading
from intercoder.stores.study_folder import StudyFolder

DeductiveGraph = Literal["codevelop", "calibrate", "final"]
REVISION_TOKENS = 100
"""What one proposed revision comes to."""
REASON = "The speaker says what it costs, and why that matters."
"""Stands for a coder's reason; about as long as those of the embedded models."""
TO_CODER = "the segment's text, its speaker and context, the codebook's entry"
TO_REVISER = "a code, its findings, and passages with what coders said"


def plan_deductive(
    folder: StudyFolder,
    study: Study,
    book: Codebook,
    codes: Sequence[Code],
    scope: Scope | str,
    *,
    graph: DeductiveGraph,
) -> Plan:
    """Plan a run that codes given codes, without calling or loading any model.

    Of a development it is the first round: later ones code only what people change.

    Args:
        folder: The study.
        study: Its settings, with the options of this run.
        book: The codebook version.
        codes: The codes to be coded.
        scope: Which segments; or the name of a sample that is there.
        graph: What is to be run.

    Raises:
        InputError: The scope is empty or not clear, or codes cannot be told apart.
        SettingsError: A prompt is not known.
    """
    if isinstance(scope, str):
        chosen = sampled(folder.engine, study.id, scope)
    else:
        chosen = choose(folder.engine, study.id, scope)
    with reading(folder.engine) as connection:
        shown = list(chosen_segments(connection, study.id, chosen[:MOST_EXCERPTS], 0))
    question = _Questions(folder, study, book, tuple(codes), material_of(folder, chosen), shown)
    actors = [*_coders(question, again=False), *_pattern(question), *_moderator(question)]
    if graph == "codevelop":
        if study.development.repeat:
            actors += _coders(question, again=True)
        actors.append(_reviser(question))
    return Plan(
        segments=len(chosen),
        characters=sum(row.length for row in chosen),
        codes=len(codes),
        actors=tuple(actors),
        obstacles=tuple(
            str(problem)
            for problem in (
                *problems(study, folder.prompts, graph),
                *classifier_problems(study, folder.classifiers, book, codes, graph),
            )
        ),
        notes=tuple(bound_notes(study, folder.classifiers)),
    )


@dataclass(frozen=True)
class _Questions:
    """What is asked, and about what."""

    folder: StudyFolder
    study: Study
    book: Codebook
    codes: tuple[Code, ...]
    material: Material
    shown: Sequence[Segment]
    """Segments that stand for those that the reviser will be shown."""

    @cached_property
    def asked(self) -> tuple[Code | None, ...]:
        """The codes that one segment's questions are about; None for the one question of an exclusive book."""
        read = tuple(code for code in self.codes if code.kind == "model")
        return (None,) * bool(read) if self.book.exclusive else read


def _coders(question: _Questions, *, again: bool) -> Iterator[PlannedActor]:
    for settings in question.study.deductive.coders:
        if settings.classifies and not again:
            classifier = f"{CLASSIFIER}{settings.classifies}"
            yield without_model(settings.name, "coder", classifier, "the segment's text")
        if settings.asks:
            yield _coder(question, settings, again=again)
        elif settings.replay and not again:
            yield without_model(settings.name, "coder", f"replay:{settings.replay}", "nothing")


def _coder(question: _Questions, settings: DeductiveCoderSettings, *, again: bool) -> PlannedActor:
    study, material = question.study, question.material
    coder = DeductiveCoder.of_study(
        study, settings, question.book, again=again, model=ScriptedChatModel(), prompts=question.folder.prompts
    )
    asked = [coder.question_about(_BLANK, code).messages for code in question.asked]
    fixed = sum(estimate_messages([(one.role, one.content) for one in messages]) for messages in asked)
    of_segments = material.texts + material.speakers + material.contexts
    return planned(
        study,
        settings.name,
        "repeat" if again else "coder",
        study.writer_model(settings),
        TO_CODER,
        fixed * material.segments + of_segments * len(asked),
        len(asked) * material.segments,
        answer_tokens=ANSWER_TOKENS,
        at_most=bool(settings.classifier),
    )


def _pattern(question: _Questions) -> Iterator[PlannedActor]:
    if any(code.kind == "pattern" for code in question.codes):
        yield without_model(PATTERN, "coder", PATTERN, "the segment's text")


def _moderator(question: _Questions) -> Iterator[PlannedActor]:
    study, settings = question.study, question.study.deductive.moderator
    if len(study.deductive.coders) < 2:
        return
    if settings.kind != "llm":
        yield without_model(settings.name, "moderator", f"rule:{settings.kind}", "the coders' answers")
        return

    async def settle(code: Code | None, model: BaseChatModel, session: Session) -> object:
        moderator = DeductiveModerator.of_study(study, question.book, model=model, prompts=question.folder.prompts)
        return await moderator.settle(_BLANK, code, _differing(question, code), session)

    fixed = sum(_tokens(partial(settle, code)) for code in question.asked)
    material, questions = question.material, len(question.asked)
    yield planned(
        study,
        settings.name,
        "moderator",
        study.writer_model(settings),
        TO_MODERATOR,
        fixed * material.segments + (material.texts + material.speakers) * questions,
        material.segments * questions,
        answer_tokens=ANSWER_TOKENS,
        at_most=True,
    )


def _differing(question: _Questions, code: Code | None) -> list[CodeAnswer]:
    """Answers of the study's coders that a moderator has to settle."""
    coders = [coder.name for coder in question.study.deductive.coders]
    if code is not None:
        values: list[tuple[Literal["yes", "no", "unsure"], str]] = [("yes", code.id), ("no", code.id)]
    else:
        values = [("yes", one.id) for one in question.book.leaves[:2]]
    return [
        CodeAnswer(coder=name, code_id=code_id, value=value, reason=REASON)
        for place, name in enumerate(coders)
        for value, code_id in [values[place % len(values)]]
    ]


def _reviser(question: _Questions) -> PlannedActor:
    study = question.study
    codes = [code for code in question.codes if code.kind == "model"]

    async def propose(code: Code, model: BaseChatModel, session: Session) -> object:
        reviser = Reviser.of_study(study, model=model, prompts=question.folder.prompts)
        return await reviser.propose(question.book, code, _findings(question, code), session)

    tokens = sum(_tokens(partial(propose, code)) for code in codes)
    return planned(
        study,
        "reviser",
        "reviser",
        study.writer_model(study.reviser),
        TO_REVISER,
        tokens,
        len(codes),
        answer_tokens=REVISION_TOKENS * study.development.revisions_per_code,
    )


def _findings(question: _Questions, code: Code) -> CodeFindings:
    """Findings about as long as those of a round."""
    coders = [coder.name for coder in question.study.deductive.coders]
    said = [Said(decision_id="", role="coder", coder=name, value="yes", reason=REASON) for name in coders]
    if question.study.development.repeat:
        said += [one.model_copy(update={"role": "repeat"}) for one in said]
    count = question.material.segments
    return CodeFindings(
        code_id=code.id,
        coders=tuple(CoderFindings(coder=name, yes=count, no=count, unsure=0, p_holm=0.5) for name in coders),
        excerpts=tuple(
            Excerpt(segment_id=one.id, text=one.text, speaker=one.speaker or "", said=tuple(said))
            for one in question.shown
        ),
    )


def _tokens(asking: Callable[[BaseChatModel, Session], Awaitable[object]]) -> int:
    """Tokens of the question that an agent asks, found by letting it ask a model that only listens."""
    heard: list[int] = []

    def listen(messages: Sequence[tuple[str, str]], schema: object, seed: int | None) -> str:
        heard.append(estimate_messages(messages))
        return ""

    async def ask() -> None:
        with suppress(NoAnswer):
            await asking(ScriptedChatModel(answer=listen), standalone_session())

    blocking(ask())
    return heard[0] if heard else 0


_BLANK = Segment(id="", document_id="", document="", unit="row", start=0, end=1, text=".")
"""A segment of one letter, so that its fence is counted."""
