"""What a reviser may answer: a short list of revisions, each of one kind with what that kind needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from intercoder.agents.answers import (
    LABEL_LENGTH,
    QUOTE_LENGTH,
    READ_LENGTH,
    REASON_LENGTH,
    InvalidAnswer,
    LabelledAnswer,
    Reason,
    Schema,
    StrictAnswer,
    bounded,
    listed,
    record,
    validated,
    whole_words,
)
from intercoder.agents.writing import DEFINITION_LENGTH, WrittenDefinition

TextKind: TypeAlias = Literal["definition", "include", "exclude", "example", "negative_example", "rename"]
TEXT_KINDS: tuple[TextKind, ...] = ("definition", "include", "exclude", "example", "negative_example", "rename")
MOST_EVIDENCE = 4
MOST_PARTS = 3

CUT = " …"
"""How a text ends that a length limit cut off."""


def _bounded_text(text: str) -> str:
    kept = whole_words(text, QUOTE_LENGTH)
    whole = len(text) < QUOTE_LENGTH or kept.endswith((".", "!", "?"))
    return kept if whole else f"{kept}{CUT}"


_Text = Annotated[str, Field(max_length=READ_LENGTH), AfterValidator(_bounded_text)]


class Given(StrictAnswer):
    """What every revision holds."""

    evidence: tuple[int, ...]
    """Numbers of the excerpts it rests on, from 1."""
    rationale: Reason


class TextGiven(Given):
    """A new definition or label, or one more rule or example."""

    kind: TextKind
    text: _Text


class Part(LabelledAnswer):
    """One of the codes that a code is split into."""

    definition: WrittenDefinition


class SplitGiven(Given):
    """A code becomes several."""

    kind: Literal["split"]
    parts: tuple[Part, ...]


class MergeGiven(Given, LabelledAnswer):
    """A code and another one become one, of this label and definition."""

    kind: Literal["merge"]
    other: str = Field(alias="with")
    definition: WrittenDefinition


class DropGiven(Given):
    """A code goes."""

    kind: Literal["drop"]


RevisionGiven: TypeAlias = TextGiven | SplitGiven | MergeGiven | DropGiven


class ReviserAnswer(StrictAnswer):
    """A reviser's answer; no revisions means that the code may stay as it is."""

    revisions: tuple[Annotated[RevisionGiven, Field(discriminator="kind")], ...]


def reviser_schema(excerpts: int, others: Sequence[str], most: int) -> Schema:
    """JSON schema of a reviser's answer.

    Args:
        excerpts: Number of excerpts shown, at least 1.
        others: Labels of the codes it could be merged with; without any there is no merging.
        most: Most revisions, from 1.
    """
    numbers: Schema = {"type": "integer", "enum": list(range(1, excerpts + 1))}
    evidence = listed(numbers, MOST_EVIDENCE) | {"minItems": 1}
    rationale = bounded(REASON_LENGTH, 1)
    text, definition, label = bounded(QUOTE_LENGTH, 1), bounded(DEFINITION_LENGTH, 1), bounded(LABEL_LENGTH, 1)
    parts = listed(record(label=label, definition=definition), MOST_PARTS) | {"minItems": 2}

    def variant(*kinds: str, **fields: Schema) -> Schema:
        return record(
            evidence=evidence, rationale=rationale, kind={"type": "string", "enum": list(kinds)}, **fields
        )

    variants = [variant(*TEXT_KINDS, text=text), variant("split", parts=parts), variant("drop")]
    if others:
        other: Schema = {"type": "string", "enum": list(others)}
        variants.append(variant("merge", **{"with": other}, label=label, definition=definition))
    return record(revisions=listed({"anyOf": list(variants)}, most))


def parse_reviser_answer(text: str, most: int) -> ReviserAnswer:
    """Read a reviser's reply. What it cites and names is not checked here.

    Raises:
        InvalidAnswer: Nothing there, cut off, not of the schema, or more than `most` revisions.
    """
    answer = validated(ReviserAnswer, text)
    if len(answer.revisions) > most:
        raise InvalidAnswer(
            "too_long", f"The answer holds {len(answer.revisions)} revisions; at most {most} are wanted."
        )
    return answer
