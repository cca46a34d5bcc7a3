"""What coders and moderators may answer: JSON schemas with every length bounded, and how answers are read.

Methods, section 1: an answer holds 0 to n codes, and an empty list means "nothing to code". Bounds matter:
small models loop inside open-ended arrays until the token limit, and then the answer is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias, TypeVar
from unicodedata import category

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

LABEL_LENGTH = 60
REASON_LENGTH = 120
QUOTE_LENGTH = 120
"""Most characters of a label, a reason and a quote that a schema lets a model write."""
READ_LENGTH = 1000
"""Most characters of a reason or quote that are read: some servers exceed a schema's lengths a little."""
NEW = "new"
"""What a moderator names as the source of a label of its own."""

InvalidKind: TypeAlias = Literal["empty", "truncated", "shape", "too_long"]
Schema: TypeAlias = dict[str, JsonValue]
_Answer = TypeVar("_Answer", bound=BaseModel)

_FENCE = re.compile(r"```[a-zA-Z]*\s*\n(.*?)```", re.DOTALL)
_UNSEEN = frozenset({"Cf", "Zs", "Mn", "Co", "Cn"})
"""Categories of characters that show nothing by themselves."""
_QUOTES = "\"'“”‘’«»„`"


class InvalidAnswer(ValueError):
    """An answer that cannot be used. `kind` sorts it; the message says in our words what was wrong."""

    def __init__(self, kind: InvalidKind, message: str) -> None:
        super().__init__(message)
        self.kind: InvalidKind = kind
        self.message = message


def whole_words(text: str, limit: int) -> str:
    """Text on one line; where a length limit cut it off inside a word, that word is dropped.

    A schema makes a model stop at the limit wherever it is, which would leave half words on screen. A text of
    one single word stays as it is.
    """
    line = one_line(text)
    if len(text) != limit or not line[-1:].isalnum() or " " not in line:
        return line
    return line[: line.rindex(" ")]


def _ellipsis(text: str) -> str:
    kept = whole_words(text, REASON_LENGTH)
    return f"{kept} …" if len(kept) < len(one_line(text)) else kept


def one_line(text: str) -> str:
    """Text with white space collapsed and without control characters, which no database or terminal wants."""
    return " ".join("".join(mark for mark in text if mark.isspace() or category(mark) != "Cc").split())


def cut(text: str, length: int) -> str:
    """Text on one line, of at most so many characters and an ellipsis, cut between words."""
    line = one_line(text)
    return line if len(line) <= length else f"{line[:length].rsplit(' ', 1)[0]} …"


Reason: TypeAlias = Annotated[str, Field(max_length=READ_LENGTH), AfterValidator(_ellipsis)]
CutQuote: TypeAlias = Annotated[
    str, Field(max_length=READ_LENGTH), AfterValidator(lambda text: whole_words(text, QUOTE_LENGTH))
]


class StrictAnswer(BaseModel):
    """What a model may answer: no fields but those that were asked for, nothing converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class LabelledAnswer(StrictAnswer):
    """An answer with a label, tidied; an empty one is refused."""

    label: str = Field(max_length=LABEL_LENGTH)

    @field_validator("label")
    @classmethod
    def _tidy(cls, label: str) -> str:
        tidied = tidy_label(whole_words(label, LABEL_LENGTH))
        if all(category(mark) in _UNSEEN for mark in tidied):
            raise ValueError("the label is empty")
        return tidied


class CodeGiven(LabelledAnswer):
    """One code of a coder's answer."""

    quote: CutQuote
    reason: Reason


class CoderAnswer(StrictAnswer):
    """A coder's answer; no codes means "nothing to code"."""

    codes: tuple[CodeGiven, ...]


class ChoiceMade(LabelledAnswer):
    """One code that a moderator kept from a coder, or made (`chosen_from` is `new`)."""

    chosen_from: str
    reason: Reason


class ModeratorAnswer(StrictAnswer):
    """A moderator's answer; no choices means "nothing to code"."""

    choices: tuple[ChoiceMade, ...]


def coder_schema(max_codes: int) -> Schema:
    """JSON schema of a coder's answer with at most `max_codes` codes (at least 1).

    The label comes first: with the quote before it, small models label the words they happened to copy and give
    many texts the same label (docs/quality.md).
    """
    code = record(label=bounded(LABEL_LENGTH, 1), quote=bounded(QUOTE_LENGTH), reason=bounded(REASON_LENGTH))
    return record(codes=listed(code, max_codes))


def moderator_schema(coders: Sequence[str], max_codes: int, labels: Sequence[str] = ()) -> Schema:
    """JSON schema of a moderator's answer over suggestions of these coders, at most `max_codes` choices.

    Args:
        coders: Who suggested something.
        max_codes: Most choices.
        labels: The labels among which it chooses; empty where it may write one of its own.
    """
    source: Schema = {"type": "string", "enum": [*coders] if labels else [*coders, NEW]}
    label: Schema = {"type": "string", "enum": [*labels]} if labels else bounded(LABEL_LENGTH, 1)
    choice = record(chosen_from=source, label=label, reason=bounded(REASON_LENGTH))
    return record(choices=listed(choice, max_codes))


def parse_coder_answer(text: str, max_codes: int) -> CoderAnswer:
    """Read a coder's reply.

    Args:
        text: The reply: the JSON object alone, in a Markdown fence, or with prose around it.
        max_codes: Most codes allowed.

    Raises:
        InvalidAnswer: Nothing there, cut off, not of the schema, or too long.
    """
    answer = validated(CoderAnswer, text)
    _check_count(len(answer.codes), max_codes)
    return answer


def parse_moderator_answer(text: str, coders: Sequence[str], max_codes: int) -> ModeratorAnswer:
    """Read a moderator's reply; like `parse_coder_answer`, and `chosen_from` must be a coder or `new`."""
    answer = validated(ModeratorAnswer, text)
    _check_count(len(answer.choices), max_codes)
    known = {*coders, NEW}
    if any(choice.chosen_from not in known for choice in answer.choices):
        raise InvalidAnswer("shape", f"`chosen_from` must be one of: {', '.join([*coders, NEW])}.")
    return answer


def tidy_label(label: str) -> str:
    """A label without surrounding white space, quotation marks and final full stop, on one line."""
    tidied = one_line(label)
    while True:
        shorter = tidied.strip(_QUOTES).removesuffix(".").strip()
        if shorter == tidied:
            return tidied
        tidied = shorter


def bounded(longest: int, shortest: int = 0) -> Schema:
    """JSON schema of a text of so many characters."""
    return {"type": "string", "minLength": shortest, "maxLength": longest}


def listed(items: Schema, most: int) -> Schema:
    """JSON schema of a list of at most so many items."""
    return {"type": "array", "items": items, "minItems": 0, "maxItems": most}


def record(**properties: Schema) -> Schema:
    """JSON schema of an object with exactly these properties, in this order."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _check_count(count: int, most: int) -> None:
    if count > most:
        raise InvalidAnswer("too_long", f"The answer holds {count} codes; at most {most} are wanted.")


def validated(model: type[_Answer], text: str) -> _Answer:
    """The one JSON object of a reply, as an answer of this kind.

    Raises:
        InvalidAnswer: There is none, or it is not of that kind.
    """
    value = _only_object(text)
    try:
        return model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        detail = error.errors(include_input=False, include_url=False)[0]
        kind: InvalidKind = "too_long" if detail["type"] == "string_too_long" else "shape"
        if detail["type"] == "extra_forbidden":
            # The key is the model's word, not ours: it stays out of the message, which a repair request repeats.
            raise InvalidAnswer(kind, "The answer holds a key that is not wanted.") from error
        place = ".".join(str(part) for part in detail["loc"])
        raise InvalidAnswer(kind, f"`{place}`: {detail['msg']}.") from error


def _only_object(text: str) -> JsonValue:
    """The one JSON object of a reply; prose around it is tolerated, a second object is not."""
    bare = text.strip()
    if not bare:
        raise InvalidAnswer("empty", "The answer is empty.")
    fences = _FENCE.findall(bare)
    if len(fences) == 1:
        bare = fences[0].strip()
    start = bare.find("{")
    if start < 0:
        raise InvalidAnswer("shape", "The answer holds no JSON object.")
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(bare, start)
    except json.JSONDecodeError as error:
        if error.pos >= len(bare) - 1 or "Unterminated" in error.msg:
            raise InvalidAnswer("truncated", "The answer breaks off before its end.") from error
        raise InvalidAnswer("shape", f"The answer is not JSON: {error.msg}.") from error
    except (RecursionError, ValueError) as error:
        raise InvalidAnswer("shape", "The answer is nested too deeply or holds an endless number.") from error
    if "{" in bare[end:]:
        raise InvalidAnswer("shape", "The answer holds more than one JSON object.")
    return value  # type: ignore[no-any-return]
