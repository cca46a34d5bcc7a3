"""Asking a model: recalled if it was answered before, committed before it is used, repaired once.

Architecture: every answer is kept under the hash of all that determines the question. Two coders never share an
answer because the coder's name is part of it. A question that failed in an earlier round is asked again under
the next attempt number; one that failed in this round is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from langchain_core.language_models import BaseChatModel

from intercoder.agents.answers import InvalidAnswer, Schema
from intercoder.agents.session import Session
from intercoder.core.agent_settings import Sampling
from intercoder.core.decisions import Failure, Provenance, Role
from intercoder.core.errors import IntercoderError
from intercoder.core.identity import digest
from intercoder.core.protocols import LoggedAnswer
from intercoder.llms.calling import CallFailed, call
from intercoder.llms.usage import cost_of, price_of
from intercoder.prompts.loader import Message, Prompt

Parsed = TypeVar("Parsed")

SHOWN = 200
"""Characters of an unusable answer that its failure shows."""


@dataclass(frozen=True)
class Actor:
    """Who asks: one coder or moderator with its model and prompt."""

    role: Role
    name: str
    reference: str
    """The name under which the model's answers are kept (`llms.adapters.identity`)."""
    model: BaseChatModel
    prompt: Prompt
    sampling: Sampling
    seed: int
    other_names: tuple[str, ...] = ()
    """Names under which answers of the same model may have been kept before."""
    written: str = ""
    """The model's reference as the settings have it, which a price may go by."""


@dataclass(frozen=True)
class Question(Generic[Parsed]):
    """One question about one segment."""

    segment_id: str
    messages: Sequence[Message]
    schema: Schema
    parse: Callable[[str], Parsed]
    """Reads a reply; raises InvalidAnswer."""
    code_id: str = ""
    """The code that is asked about, where each is a question of its own."""


@dataclass(frozen=True)
class Asked(Generic[Parsed]):
    """A usable answer and where it is kept."""

    value: Parsed
    provenance: Provenance


class NoAnswer(IntercoderError):
    """A question that got no usable answer; `failure` is what is listed."""

    exit_code = 1

    def __init__(self, failure: Failure) -> None:
        code = f", code {failure.code_id}" if failure.code_id else ""
        super().__init__(
            failure.message, where=f"{failure.role} {failure.coder}, segment {failure.segment_id}{code}"
        )
        self.failure = failure


async def ask(actor: Actor, question: Question[Parsed], session: Session) -> Asked[Parsed]:
    """Ask until there is a usable answer, an answer of this round that is not, or nothing more to try.

    Raises:
        NoAnswer: The model's answer and its repair could not be used, or the call failed.
        EndpointStopped: The endpoint answers nobody.
    """
    attempt = 0
    while True:
        logged = await _first(actor, question, session, attempt)
        if logged.status == "invalid":
            logged = await _repaired(actor, question, session, attempt, logged)
        if logged.status == "ok":
            return Asked(question.parse(logged.text), _provenance(actor, logged))
        if (logged.run, logged.round) == (session.run, session.round):
            raise NoAnswer(_failure(actor, question, logged))
        attempt += 1


async def _first(actor: Actor, question: Question[Parsed], session: Session, attempt: int) -> LoggedAnswer:
    return await _answered(actor, question, question.messages, session, attempt)


async def _repaired(
    actor: Actor, question: Question[Parsed], session: Session, attempt: int, logged: LoggedAnswer
) -> LoggedAnswer:
    messages = actor.prompt.repair(question.messages, logged.text, logged.error)
    return await _answered(actor, question, messages, session, attempt)


async def _answered(
    actor: Actor,
    question: Question[Parsed],
    messages: Sequence[Message],
    session: Session,
    attempt: int,
) -> LoggedAnswer:
    """The logged answer to exactly these messages; asked for if there is none."""
    conversation = [(message.role, message.content) for message in messages]
    key, known = await _found(actor, question, conversation, session, attempt)
    if known is not None:
        session.tally.recalled += 1
        session.tally.nothing_yet = False
        session.tally.heard()
        return known
    slots = session.slots.here()
    async with slots.calls:
        answer = await _call(actor, question, conversation, session, key, attempt)
        await slots.commits.acquire()
    # The next call goes out while this answer is being committed, so that calls do not fall into step with commits.
    try:
        await session.log.put(answer)
    finally:
        slots.commits.release()
    session.count(answer)
    return answer


async def _found(
    actor: Actor,
    question: Question[Parsed],
    conversation: Sequence[tuple[str, str]],
    session: Session,
    attempt: int,
) -> tuple[str, LoggedAnswer | None]:
    """The key under which an answer is kept, and the answer if there is one."""
    rest = (
        actor.sampling.model_dump(),
        actor.seed,
        question.schema,
        list(conversation),
        actor.name,
        attempt,
    )
    key = digest(actor.reference, *rest)
    known = await session.log.find(key)
    for name in actor.other_names if known is None else ():
        known = known or await session.log.find(digest(name, *rest))
    return key, known


async def _call(
    actor: Actor,
    question: Question[Parsed],
    conversation: Sequence[tuple[str, str]],
    session: Session,
    key: str,
    attempt: int,
) -> LoggedAnswer:
    blank = LoggedAnswer(
        key=key,
        run=session.run,
        round=session.round,
        segment_id=question.segment_id,
        role=actor.role,
        coder=actor.name,
        model=actor.reference,
        prompt=actor.prompt.name,
        prompt_hash=actor.prompt.hash,
        status="failed",
        text="",
    )
    try:
        reply = await call(
            actor.model,
            conversation,
            schema=question.schema,
            name=actor.role,
            sampling=actor.sampling,
            seed=actor.seed + attempt,
        )
    except CallFailed as failed:
        told = {"kind": failed.kind, "error": _storable(failed.message), "text": _storable(failed.text)}
        return blank.model_copy(update=told | _spent(actor, session, failed.input_tokens, failed.output_tokens))
    text = _storable(reply.text)
    heard = {"text": text} | _spent(actor, session, reply.input_tokens, reply.output_tokens)
    try:
        question.parse(text)
    except InvalidAnswer as invalid:
        heard |= {"status": "invalid", "kind": "invalid", "error": invalid.message}
        return blank.model_copy(update=heard)
    return blank.model_copy(update=heard | {"status": "ok"})


def _spent(actor: Actor, session: Session, read: int, written: int) -> dict[str, int | float]:
    cost = cost_of(price_of(actor.written or actor.reference, session.prices), read, written)
    return {"input_tokens": read, "output_tokens": written, "cost": cost}


def _storable(text: str) -> str:
    """The text with what no database holds replaced: halves of surrogate pairs, which JSON can carry."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _provenance(actor: Actor, logged: LoggedAnswer) -> Provenance:
    return Provenance(
        model=logged.model,  # It may have been asked under another name than it has now.
        prompt=actor.prompt.name,
        prompt_hash=actor.prompt.hash,
        answer_key=logged.key,
    )


def _failure(actor: Actor, question: Question[Parsed], logged: LoggedAnswer) -> Failure:
    said = f" It said: {logged.text[:SHOWN]!r}" if logged.text else ""
    return Failure(
        segment_id=question.segment_id,
        role=actor.role,
        coder=actor.name,
        kind=logged.kind,
        message=f"{logged.error}{said}",
        answer_key=logged.key,
        code_id=question.code_id,
    )
