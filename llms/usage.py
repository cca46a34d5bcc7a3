"""What a run will cost: token counts estimated before anything is asked, and prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from intercoder.core.study import Price

BYTES_PER_TOKEN = 4.0
"""UTF-8 bytes that one token takes on average.

Byte-pair tokenizers of current models make about one token of four letters of English, and of fewer letters
where letters take more bytes: counting bytes covers both to about a quarter either way. Exact counts come
with the answers."""
TOKENS_PER_MESSAGE = 4
"""What the chat template adds around each message, about."""

_MILLION = 1_000_000


def estimate_tokens(text: str) -> int:
    """About how many tokens a text is: UTF-8 bytes divided by `BYTES_PER_TOKEN`, rounded up."""
    return -int(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


def estimate_messages(messages: Sequence[tuple[str, str]]) -> int:
    """About how many tokens a request's messages are, the chat template's own included."""
    return sum(estimate_tokens(text) + TOKENS_PER_MESSAGE for _, text in messages)


def price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    """The price that a study sets for a model.

    Args:
        model: The model's reference as it stands in the settings.
        prices: Prices by reference, or by the model's name alone (`gpt-4o` for `openai:gpt-4o`).

    Returns:
        The price under the reference, else the one under the name, else None: unknown, not free.
    """
    name = model.partition(":")[2].partition("@http")[0]
    return prices.get(model) or prices.get(name)


def cost_of(price: Price | None, input_tokens: int, output_tokens: int) -> float:
    """Cost of a call in the prices' currency, rounded to 8 places; 0 where no price is set."""
    if price is None:
        return 0.0
    return round((input_tokens * price.input + output_tokens * price.output) / _MILLION, 8)
