"""From a pair to what is learnt: the coder's own messages, the answer up to the code, and a loss on the code alone.

The messages are those that the coder sends when it is asked, and tokens those that it reads and writes then, so
that what is learnt fits what is asked. The text under study never becomes a control token.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from intercoder.agents.answers import LABEL_LENGTH, QUOTE_LENGTH, coder_schema, one_line, whole_words
from intercoder.core.errors import ModelError
from intercoder.llms.chat_tokens import ChatEncoder, Turn
from intercoder.prompts.loader import Message
from intercoder.training.pairs import Dropped, Pair

IGNORED = -100
"""Target of a token on which there is no loss."""


class Example(NamedTuple):
    """One example, as token ids."""

    tokens: tuple[int, ...]
    learnt: int
    """How many of the last tokens the loss is on: those that hold the label and its closing quotation mark."""


class Asked(NamedTuple):
    """What a training example is made with."""

    encoder: ChatEncoder
    messages: Callable[[Pair], Sequence[Message]]
    """The coder's messages about a pair's segment."""
    max_length: int
    """Most tokens of an example."""


def make_examples(pairs: Iterable[Pair], asked: Asked) -> tuple[list[Example], list[Dropped]]:
    """Examples in the order of the pairs, and the pairs that are too long to be one."""
    examples: list[Example] = []
    dropped: list[Dropped] = []
    for pair in pairs:
        label = one_line(pair.code)
        if len(label) > LABEL_LENGTH:
            why = f"the code has {len(label)} characters; a label has {LABEL_LENGTH} at most"
            dropped.append(Dropped(place=pair.place, fault="too_long", detail=why))
            continue
        example = _example(pair, label, asked)
        if len(example.tokens) > asked.max_length:
            why = f"{len(example.tokens)} tokens; `max_length` is {asked.max_length}"
            dropped.append(Dropped(place=pair.place, fault="too_long", detail=why))
            continue
        examples.append(example)
    return examples, dropped


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


def _example(pair: Pair, label: str, asked: Asked) -> Example:
    turns = [Turn(message.role, message.content) for message in asked.messages(pair)]
    answer, start, end = answer_around(pair.quote, label)
    # The answer is cut after its tokens are known: what follows a label may share a token with its closing mark.
    written = [token for token in asked.encoder.encode_answer(answer) if token.start < end]
    learnt = sum(token.end > start for token in written)
    return Example((*asked.encoder.encode(turns), *(token.id for token in written)), learnt)


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
