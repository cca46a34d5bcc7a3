import pytest

from intercoder.core.study import Price
from intercoder.llms.usage import cost_of, estimate_messages, estimate_tokens, price_of


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("жжжж", 2), ("日本語", 3)]
)
def test_tokens_are_estimated_from_bytes(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


def test_lone_surrogates_do_not_break_an_estimate() -> None:
    assert estimate_tokens("\ud800") == 1


def test_messages_cost_their_text_and_the_template_around_it() -> None:
    assert estimate_messages([("system", "a" * 40), ("user", "b" * 20)]) == 10 + 5 + 2 * 4


def test_cost_is_per_million_tokens() -> None:
    assert cost_of(Price(input=2.0, output=10.0), 500_000, 100_000) == 2.0


def test_without_a_price_the_cost_is_nothing() -> None:
    assert cost_of(None, 1000, 1000) == 0.0


def test_prices_are_found_under_the_reference_or_the_name() -> None:
    dear, cheap = Price(input=2, output=2), Price(input=0, output=0)
    prices = {"openai:a@https://x.example/v1": dear, "b": cheap}
    assert price_of("openai:a@https://x.example/v1", prices) == dear
    assert price_of("openai:b@https://x.example/v1", prices) == cheap
    assert price_of("openai:b", prices) == cheap
    assert price_of("openai:a", prices) is None
