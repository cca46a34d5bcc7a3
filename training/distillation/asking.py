"""Asking models in a distillation: one event loop, one log, and what the language model decides about segments."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple, TypeAlias, TypeVar

from langchain_core.language_models import BaseChatModel

from intercoder.agents.asking import NoAnswer
from intercoder.agents.deductive_coder import DeductiveCoder
from intercoder.agents.session import Session, Slots
from intercoder.core.codebook import Code, Codebook
from intercoder.core.decisions import CodeAnswer
from intercoder.core.deductive_settings import DeductiveCoderSettings
from intercoder.core.documents import Segment
from intercoder.core.errors import EndpointStopped
from intercoder.core.protocols import Embedder
from intercoder.core.study import Study
from intercoder.llms.embeddings import CachedEmbedder
from intercoder.llms.factory import embedder
from intercoder.llms.privacy import no_tracing
from intercoder.llms.scripted import ScriptedChatModel
from intercoder.llms.usage import cost_of, estimate_messages, price_of
from intercoder.stores.answer_log import SqlAnswerLog, next_round
from intercoder.stores.study_folder import StudyFolder
from intercoder.stores.vectors import SqlVectorCache
from intercoder.training.distillation.human_data import HumanItem
from intercoder.training.distillation.material import Material

RUN = "distill"
"""Under which answers of a distillation are logged."""
ANSWER_TOKENS = 60
"""Of one answer of the language model, for its cost."""

Event: TypeAlias = dict[str, Any]
Listener: TypeAlias = Callable[[Event], None]
T = TypeVar("T")


class Asking(NamedTuple):
    """What is asked with, in one event loop."""

    session: Session
    embeddings: Embedder


class Said(NamedTuple):
    """What a language model decided."""

    values: tuple[dict[str, bool], ...]
    """For each item, of the codes that people decided about: whether they apply. `unsure` is no key."""
    failures: int
    """Questions without a usable answer."""
    seconds: float
    """Of questions that were asked now, each; nan where all answers were known."""


def asked(folder: StudyFolder, work: Callable[[Asking], Awaitable[T]]) -> T:
    """Do work that asks models; answers go to the study's log, embeddings to its cache.

    Calls that failed in an earlier command are made again, but for those that fail each time and those of written
    texts that others have followed since. While none failed, an unusable answer is not asked for again, so that
    what was stopped goes on as it would have.

    Raises:
        ModelError: The embedding model cannot be used.
        EndpointStopped: An endpoint answers nobody.
    """
    study = folder.study

    async def within() -> T:
        log = SqlAnswerLog(folder.engine, study.id)
        round_ = next_round(folder.engine, study.id, RUN)
        session = Session(
            log,
            Slots(study.limits.concurrency),
            run=RUN,
            round=round_,
            prices=study.prices,
            go_on="run the same command again",
        )
        reference = study.embedding.model
        try:
            with no_tracing(study.privacy), closing(SqlVectorCache(folder.vectors, reference)) as cache:
                vectors = CachedEmbedder(embedder(reference, privacy=study.privacy), cache)
                return await work(Asking(session, vectors))
        finally:
            await log.close()

    return asyncio.run(within())


def language_model(study: Study) -> DeductiveCoderSettings | None:
    """The study's first deductive coder that asks a language model, without a classifier before it; None: none."""
    asking = next((one for one in study.deductive.coders if one.asks), None)
    return asking.model_copy(update={"classifier": "", "confidence": None}) if asking else None


def coder_of(
    folder: StudyFolder, book: Codebook, settings: DeductiveCoderSettings, model: BaseChatModel | None = None
) -> DeductiveCoder:
    """A coder that asks a language model; another in its place, if given.

    Raises:
        ModelError, SettingsError: Its model or prompt cannot be used.
    """
    return DeductiveCoder.of_study(folder.study, settings, book, model=model, prompts=folder.prompts)


def asked_tokens(material: Material, segments: Iterable[Segment]) -> list[int]:
    """Tokens of the language model's questions about segments: about the first code, where each is asked alone."""
    settings = language_model(material.folder.study)
    if settings is None:
        return []
    coder = coder_of(material.folder, material.teaching_book, settings, model=ScriptedChatModel())
    code = None if material.book.exclusive else material.teaching_codes[0]
    return [
        estimate_messages([(one.role, one.content) for one in coder.question_about(segment, code).messages])
        for segment in segments
    ]


def question_cost(material: Material, settings: DeductiveCoderSettings) -> float:
    """About what one question to the language model costs; nan where no price is known."""
    study = material.folder.study
    price = price_of(study.writer_model(settings), study.prices)
    if price is None:
        return math.nan
    tokens = asked_tokens(material, [item.segment for item in material.parts.held_out])
    return cost_of(price, round(sum(tokens) / len(tokens)), ANSWER_TOKENS)


async def decided(
    coder: DeductiveCoder,
    items: Sequence[HumanItem],
    codes: Sequence[Code],
    session: Session,
    *,
    exclusive: bool,
    listen: Listener,
) -> Said:
    """Have a language model decide what people decided about these items; what it said before is not asked again.

    Raises:
        EndpointStopped: The endpoint answers nobody.
    """
    questions = [(item, code) for item in items for code in _questions(item, codes, exclusive=exclusive)]
    if questions:
        listen({"kind": "stage", "stage": "asking", "total": len(questions), "name": coder.name})
    loop = asyncio.get_running_loop()
    began, done, before = loop.time(), 0, session.tally.calls

    async def one(item: HumanItem, code: Code | None) -> CodeAnswer | None:
        nonlocal done
        try:
            made = (
                coder.choose(item.segment, session) if code is None else coder.decide(item.segment, code, session)
            )
            return await made
        except NoAnswer:
            return None
        finally:
            done += 1
            listen({"kind": "asked", "done": done, "total": len(questions), "name": coder.name})

    answers = await _all([one(*question) for question in questions])
    found: dict[str, dict[str, bool]] = {item.segment.id: {} for item in items}
    for (item, code), answer in zip(questions, answers, strict=True):
        if answer is not None:
            found[item.segment.id] |= _values(answer, [code] if code else codes, exclusive=exclusive)
    calls = session.tally.calls - before
    return Said(
        values=tuple(found[item.segment.id] for item in items),
        failures=sum(answer is None for answer in answers),
        seconds=(loop.time() - began) / calls if calls else float("nan"),
    )


def _questions(item: HumanItem, codes: Sequence[Code], *, exclusive: bool) -> list[Code | None]:
    return [None] if exclusive else [code for code in codes if code.id in item.asked]


def _values(answer: CodeAnswer, codes: Sequence[Code], *, exclusive: bool) -> Mapping[str, bool]:
    if answer.value == "unsure":
        return {}
    if exclusive:
        return {code.id: code.id == answer.code_id for code in codes}
    return {answer.code_id: answer.value == "yes"}


async def _all(work: Sequence[Awaitable[T]]) -> list[T]:
    """All results in order; the first error stops the rest."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return list(await asyncio.gather(*tasks))
    except EndpointStopped:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
