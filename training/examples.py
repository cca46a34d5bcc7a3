"""From a pair to what is learnt: the coder's own messages, the answer up to the code, and a loss on the code alone.

The messages are those that the coder sends when it is asked, and tokens those that it reads and writes then, so
that what is learnt fits what is asked. The text under study never becomes a control token.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from pydantic import ValidationError

from intercoder.agents.answers import (
    LABEL_LENGTH,
    QUOTE_LENGTH,
    LabelledAnswer,
    coder_schema,
    one_line,
    whole_words,
)
from intercoder.core.errors import ModelError
from intercoder.llms.chat_tokens import ChatEncoder, Turn
from intercoder.prompts.loader import Message
from intercoder.training.pairs import Dropped, Pair


class Answer(NamedTuple):
    """What a coder answers, up to the token that ends the label."""

    tokens: tuple[int, ...]
    learnt: int
    """How many of the last tokens the loss is on: those that hold the label and its closing quotation mark."""


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
        answer = _answer(pair.quote, label, asked.encoder)
        length = len(prompt) + len(answer.tokens)
        if length > asked.max_length:
            why = f"{length} tokens; `max_length` is {asked.max_length}"
            dropped.append(Dropped(place=pair.place, fault="too_long", detail=why))
            continue
        answers.setdefault(prompt, []).append(answer)
    return [Example(prompt, tuple(given)) for prompt, given in answers.items()], dropped


def codes(examples: Iterable[Example]) -> int:
    """How many codes there are to learn."""
    return sum(len(example.answers) for example in examples)


def answer_around(quote: str, label: str) -> tuple[str, int, int]:
    """A coder's answer as constrained decoding writes it, as far as it is known.

    Args:
        quote: The words that the code was given to; cut as a schema cuts what is too long.
        label: The code, on one line.

    Returns:
        The answer up to the key that follows the label, and where in it the label begins and its closing quotation
        mark ends.

    Raises:
        ModelError: The answer's form asks for something before the label that people do not give.
    """
    known = {"quote": whole_words(one_line(quote)[:QUOTE_LENGTH], QUOTE_LENGTH), "label": label}
    keys = list(coder_schema(1)["properties"]["codes"]["items"]["properties"])  # type: ignore[index,call-overload,arg-type]
    before = keys[: keys.index("label")]
    if unknown := set(before) - set(known):
        raise ModelError(f"People's codes cannot be learnt: {', '.join(sorted(unknown))} comes before the label.")
    start = "".join(f'"{key}":{_json(known[key])},' for key in before)
    opened = f'{{"codes":[{{{start}"label":"'
    closed = f"{opened}{_json(label)[1:]}"
    following = keys[len(before) + 1 :]
    return f'{closed},"{following[0]}":"' if following else f"{closed}}}]}}", len(opened), len(closed)


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


def _answer(quote: str, label: str, encoder: ChatEncoder) -> Answer:
    text, start, end = answer_around(quote, label)
    # The answer is cut after its tokens are known: what follows a label may share a token with its closing mark.
    written = [token for token in encoder.encode_answer(text) if token.start < end]
    return Answer(tuple(token.id for token in written), sum(token.end > start for token in written))


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
