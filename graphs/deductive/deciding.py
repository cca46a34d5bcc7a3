"""One segment through the coders of given codes, and the decisions that come of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from intercoder.agents.pattern_coder import find_pattern
from intercoder.agents.session import Session
from intercoder.core.codebook import Code, Codebook
from intercoder.core.decisions import CodeAnswer, Decision, Failure, Role, decision_id
from intercoder.core.documents import Segment
from intercoder.core.protocols import Run
from intercoder.graphs.deductive.deductive_context import Reads, Settles, Team
from intercoder.graphs.inductive.coding import gather

CHOICE = "choice"
"""Stands for the code in the id of a decision that chooses one of an exclusive book."""


@dataclass
class Decided:
    """A segment with all that was said of the codes."""

    segment: Segment
    answers: list[tuple[Role, CodeAnswer]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


async def decide_segment(team: Team, codes: Sequence[Code], session: Session, segment: Segment) -> Decided:
    """All coders on one segment, code by code side by side, each code settled on its own.

    Args:
        team: Who codes, with which book.
        codes: The codes to be decided about; of an exclusive book the question is always about all.
        session: The run's session.
        segment: The segment.
    """
    decided = Decided(segment)
    asked = [code for code in codes if code.kind == "model"]
    questions: Sequence[Code | None] = asked[:1] and [None] if team.book.exclusive else asked
    patterns = [code for code in codes if code.kind == "pattern"]
    settled = await asyncio.gather(
        *(_question(team, session, segment, code, decided.failures) for code in questions),
        *(_pattern(segment, code, decided.failures) for code in patterns),
    )
    decided.answers = [answer for answers in settled for answer in answers]
    return decided


def code_decisions(run: Run, book: Codebook, decided: Decided) -> list[Decision]:
    """What is to be written of a segment: one decision an answer."""
    codes = {code.id: code for code in book.codes}
    return [
        _decision(run, codes.get(answer.code_id), decided.segment, role, answer) for role, answer in decided.answers
    ]


async def _question(
    team: Team, session: Session, segment: Segment, code: Code | None, failures: list[Failure]
) -> list[tuple[Role, CodeAnswer]]:
    first, again = await asyncio.gather(
        gather((partial(_read, coder, segment, code, session) for coder in team.coders), failures),
        gather((partial(_read, coder, segment, code, session) for coder in team.repeats), failures),
    )
    said = [answer for answer in first if answer is not None]
    answers: list[tuple[Role, CodeAnswer]] = [("coder", answer) for answer in said]
    if team.moderator is not None and said:
        settle = partial(team.moderator.settle, segment, code, said, session)
        answers += [("moderator", answer) for answer in await gather([settle], failures)]
    elif team.moderator is not None and len(first) < len(team.coders):
        failures.append(_unsettled(team.moderator, segment, code))
    return [*answers, *(("repeat", answer) for answer in again if answer is not None)]


def _unsettled(moderator: Settles, segment: Segment, code: Code | None) -> Failure:
    """Without it, what the moderator settled in an earlier round would go on standing."""
    return Failure(
        segment_id=segment.id,
        role="moderator",
        coder=moderator.name,
        kind="error",
        message="No coder gave an answer to settle.",
        code_id=code.id if code else "",
    )


async def _read(coder: Reads, segment: Segment, code: Code | None, session: Session) -> CodeAnswer | None:
    return await (coder.choose(segment, session) if code is None else coder.decide(segment, code, session))


async def _pattern(segment: Segment, code: Code, failures: list[Failure]) -> list[tuple[Role, CodeAnswer]]:
    async def find() -> CodeAnswer:
        return find_pattern(code, segment)

    return [("coder", answer) for answer in await gather([find], failures)]


def _decision(run: Run, code: Code | None, segment: Segment, role: Role, answer: CodeAnswer) -> Decision:
    return Decision(
        id=decision_id(run.id, run.round, segment.id, role, answer.coder, answer.code_id or CHOICE),
        run=run.id,
        round=run.round,
        segment_id=segment.id,
        role=role,
        coder=answer.coder,
        position=0,
        label=code.label if code else None,
        code_id=code.id if code else None,
        code_revision=code.revision if code else None,
        value=answer.value,
        reason=answer.reason,
        quote=answer.quote,
        overruled=answer.overruled,
        provenance=answer.provenance,
        codebook_version=run.codebook_version,
    )
