"""From a pair to what is learnt: the coder's own messages, the answer up to the code, and a loss on the code.

The messages are those that the coder sends when it is asked, and tokens those that it reads and writes then, so
that what is learnt fits what is asked. The text under study never becomes a control token.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from intercoder.agents.answers import (
    LABEL_LENGTH,
    LabelledAnswer,
    coder_schema,
    one_line,
)
from intercoder.core.errors import ModelError
from intercoder.llms.embedded.chat_tokens import ChatEncoder, Turn
from intercoder.prompts.loader import Message
from intercoder.training.pairs import Dropped, Pair


class Answer(NamedTuple):
    """What a coder answers, up to the token that ends the label."""

    tokens: tuple[int, ...]
    learnt: tuple[int, ...]
    """Places of the tokens that the loss is on: the beginning of a code, where the answer could have been empty,
    and the label with its closing quotation mark."""


class Example(NamedTuple):
    """A text as the coder is asked about it, and an answer for each code that people gave it. Token ids."""

    prompt: tuple[int, ...]
    answers: tuple[Answer, ...]


class Asked(NamedTuple):
    """What a training example is made with."""

    encoder: ChatEncoder
    messages: Callable[[Pair], Sequence[Message]]
    """The coder's messages about a pair's segment."""
    max_length: int
    """Most tokens of a prompt and an answer."""


def make_examples(pairs: Iterable[Pair], asked: Asked) -> tuple[list[Example], list[Dropped]]:
    """Examples in the order of the texts' first pairs, and the pairs that are too long to be learnt."""
    answers: dict[tuple[int, ...], list[Answer]] = {}
    dropped: list[Dropped] = []
    for pair in pairs:
        label, fault = _label(pair)
        if fault is not None:
            dropped.append(fault)
            continue
        prompt = tuple(asked.encoder.encode([Turn(one.role, one.content) for one in asked.messages(pair)]))
        answer = _answer(label, asked.encoder)
        length = len(prompt) + len(answer.tokens)
        if length > asked.max_length:
            why = f"{length} tokens; `max_length` is {asked.max_length}"
            dropped.append(Dropped(place=pair.place, fault="too_long", detail=why))
            continue
        given = answers.setdefault(prompt, [])
        if answer not in given:  # The same code on several passages of a segment is learnt once.
            given.append(answer)
    return [Example(prompt, tuple(given)) for prompt, given in answers.items()], dropped


def codes(examples: Iterable[Example]) -> int:
    """How many codes there are to learn."""
    return sum(len(example.answers) for example in examples)


class Written(NamedTuple):
    """A coder's answer as constrained decoding writes it, as far as it is known, and places in it."""

    text: str
    """Up to the key that follows the label."""
    opening: int
    """Where the list of codes opens. A small model may leave it empty, and would never come to a label."""
    label: int
    """Where the label begins."""
    end: int
    """Where the label's closing quotation mark ends."""


def answer_with(label: str) -> Written:
    """The answer that gives one code.

    Args:
        label: The code, on one line.

    Raises:
        ModelError: The answer's form asks for something before the label, which people do not give.
    """
    schema: Any = coder_schema(1)
    first, following, *_ = schema["properties"]["codes"]["items"]["properties"]
    if first != "label":
        raise ModelError(f"People's codes cannot be learnt: {first} comes before the label.")
    before = '{"codes":'
    opened = f'{before}[{{"label":"'
    closed = f"{opened}{json.dumps(label, ensure_ascii=False)[1:]}"
    return Written(f'{closed},"{following}":"', len(before), len(opened), len(closed))


def _label(pair: Pair) -> tuple[str, Dropped | None]:
    """The code as it would be read from a coder's answer, or why it could not be."""
    written = one_line(pair.code)
    if len(written) > LABEL_LENGTH:
        why = f"the code has {len(written)} characters; a label has {LABEL_LENGTH} at most"
        return "", Dropped(place=pair.place, fault="too_long", detail=why)
    try:
        return LabelledAnswer(label=written).label, None
    except ValidationError:
        return "", Dropped(place=pair.place, fault="empty", detail="nothing of the code can be seen")


def _answer(label: str, encoder: ChatEncoder) -> Answer:
    text, opening, start, end = answer_with(label)
    # The answer is cut after its tokens are known: what follows a label may share a token with its closing mark.
    written = [token for token in encoder.encode_answer(text) if token.start < end]
    begun = opening + len("[{")
    learnt = [
        place
        for place, token in enumerate(written)
        if token.end > start or (token.end > opening and token.start < begun)
    ]
    return Answer(tuple(token.id for token in written), tuple(learnt))
