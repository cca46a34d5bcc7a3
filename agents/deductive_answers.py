"""What a deductive coder and its moderator may answer: a decision, the reason, the words it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from intercoder.agents.answers import (
    QUOTE_LENGTH,
    REASON_LENGTH,
    CutQuote,
    InvalidAnswer,
    Reason,
    Schema,
    StrictAnswer,
    bounded,
    one_line,
    record,
    validated,
)

YES, NO, UNSURE = "Yes", "No", "unsure"
"""What a model may say of one code; the last only where the codebook allows it."""
Decided: TypeAlias = Literal["yes", "no", "unsure"]
VALUES: Mapping[str, Decided] = {YES: "yes", NO: "no", UNSURE: "unsure"}
"""What a model says -> what is decided."""
SAID: Mapping[Decided, str] = {value: said for said, value in VALUES.items()}


class DecisionMade(StrictAnswer):
    """A coder's answer about one code, or its choice among all."""

    quote: CutQuote
    reason: Reason
    decision: str


class DecisionSettled(StrictAnswer):
    """A moderator's answer."""

    reason: Reason
    decision: str


def decision_schema(decisions: Sequence[str]) -> Schema:
    """JSON schema of a coder's answer: one of the decisions, in this order whatever order is shown."""
    return record(quote=bounded(QUOTE_LENGTH), reason=bounded(REASON_LENGTH), decision=_one_of(decisions))


def settling_schema(decisions: Sequence[str]) -> Schema:
    """JSON schema of a moderator's answer."""
    return record(reason=bounded(REASON_LENGTH), decision=_one_of(decisions))


def parse_decision(text: str, decisions: Sequence[str]) -> DecisionMade:
    """Read a coder's reply; its decision is one of those given, upper or lower case.

    Raises:
        InvalidAnswer: It is not of the schema, or decides something else.
    """
    answer = validated(DecisionMade, text)
    return answer.model_copy(update={"decision": _decided(answer.decision, decisions)})


def parse_settling(text: str, decisions: Sequence[str]) -> DecisionSettled:
    """Read a moderator's reply, as `parse_decision`."""
    answer = validated(DecisionSettled, text)
    return answer.model_copy(update={"decision": _decided(answer.decision, decisions)})


def answers_named(*, exclusive: bool, allow_unsure: bool) -> str:
    """The possible decisions, as instructions name them."""
    if exclusive:
        return "one of the options" + (f", `{UNSURE}` only if the text leaves it open" if allow_unsure else "")
    if allow_unsure:
        return f"`{YES}`, `{NO}` or, only if the text leaves it open, `{UNSURE}`"
    return f"`{YES}` or `{NO}`"


def _one_of(decisions: Sequence[str]) -> Schema:
    return {"type": "string", "enum": list(decisions)}


def _decided(said: str, decisions: Sequence[str]) -> str:
    wanted = one_line(said).casefold()
    for decision in decisions:
        if decision.casefold() == wanted:
            return decision
    raise InvalidAnswer("shape", "`decision` must be one of the answers asked for.")
