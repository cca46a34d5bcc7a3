"""From what was said about a segment to the decisions that are written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from intercoder.core.decisions import (
    Answer,
    Decision,
    Provenance,
    Role,
    Settlement,
    Suggestion,
    decision_id,
)
from intercoder.core.protocols import Run
from intercoder.graphs.inductive.coding import Coded


@dataclass(frozen=True)
class Final:
    """A suggestion that stands for a segment and is to be placed in the codebook."""

    coded: Coded
    decision_id: str
    suggestion: Suggestion


def decisions_of(run: Run, coded: Coded) -> list[Decision]:
    """All decisions on a segment: coders first, then moderators; one with label None for an empty answer."""
    decisions: list[Decision] = []
    for answer in coded.answers:
        decisions += _of_answer(run, coded, answer)
    for settlement in coded.settlements:
        decisions += _of_settlement(run, coded, settlement)
    return decisions


def finals_of(run: Run, coded: Coded) -> list[Final]:
    """What stands for a segment: the best settlement's choices, or all suggestions where nobody moderates."""
    if coded.best is not None:
        settlement = coded.settlements[coded.best]
        said = [("moderator", settlement.moderator, [choice.suggestion for choice in settlement.choices])]
    elif not coded.settlements and not any(failure.role == "moderator" for failure in coded.failures):
        said = [("coder", answer.coder, list(answer.suggestions)) for answer in coded.answers]
    else:
        said = []
    return [
        Final(coded, decision_id(run.id, run.round, coded.segment.id, role, actor, position), suggestion)  # type: ignore[arg-type]
        for role, actor, suggestions in said
        for position, suggestion in enumerate(suggestions)
    ]


def _of_answer(run: Run, coded: Coded, answer: Answer) -> list[Decision]:
    suggestions: Sequence[Suggestion | None] = answer.suggestions or (None,)
    return [
        _decision(run, coded, "coder", answer.coder, position, suggestion, answer.provenance)
        for position, suggestion in enumerate(suggestions)
    ]


def _of_settlement(run: Run, coded: Coded, settlement: Settlement) -> list[Decision]:
    name, trail = settlement.moderator, settlement.provenance
    if not settlement.choices:
        empty = _decision(run, coded, "moderator", name, 0, None, trail)
        return [empty.model_copy(update={"overruled": settlement.overruled})]
    return [
        _decision(run, coded, "moderator", name, position, choice.suggestion, trail).model_copy(
            update={"chosen_from": choice.chosen_from, "overruled": settlement.overruled}
        )
        for position, choice in enumerate(settlement.choices)
    ]


def _decision(
    run: Run,
    coded: Coded,
    role: Role,
    actor: str,
    position: int,
    suggestion: Suggestion | None,
    provenance: Provenance,
) -> Decision:
    said = suggestion or Suggestion(label="")
    return Decision(
        id=decision_id(run.id, run.round, coded.segment.id, role, actor, position),
        run=run.id,
        round=run.round,
        segment_id=coded.segment.id,
        role=role,
        coder=actor,
        position=position,
        label=None if suggestion is None else said.label,
        reason=said.reason,
        quote=said.quote,
        provenance=provenance,
        codebook_version=run.codebook_version,
    )
