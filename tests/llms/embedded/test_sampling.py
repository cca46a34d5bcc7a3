"""Choosing tokens."""

import math
import random
from collections import Counter

import pytest

from intercoder.llms.embedded.sampling import Sampling, choose

torch = pytest.importorskip("torch")
LOGITS = [math.log(share) for share in (0.5, 0.3, 0.15, 0.05)]


def drawn(logits: list[float], temperature: float, top_p: float, times: int = 4000) -> Counter[int]:
    """How often each token comes, in one batch of independent rows."""
    rows = [Sampling(temperature, top_p, random.Random(number)) for number in range(times)]
    return Counter(choose(torch.tensor([logits] * times), rows))


@pytest.mark.parametrize("temperature", [0, 1e-4, 1e-40])
def test_no_temperature_takes_the_likeliest(temperature: float) -> None:
    assert choose(
        torch.tensor([[0.0, 2.0, 1.0], [3.0, 2.0, 1.0]]), [Sampling(temperature, 1, random.Random())] * 2
    ) == [1, 0]


def test_tokens_come_as_often_as_their_probability() -> None:
    counts = drawn(LOGITS, 1.0, 1.0)
    for token, share in enumerate((0.5, 0.3, 0.15, 0.05)):
        assert counts[token] / 4000 == pytest.approx(share, abs=0.03)


def test_temperature_sharpens() -> None:
    counts = drawn(LOGITS, 0.5, 1.0)
    shares = [share**2 for share in (0.5, 0.3, 0.15, 0.05)]
    assert counts[0] / 4000 == pytest.approx(shares[0] / sum(shares), abs=0.03)


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.4, {0}), (0.5, {0}), (0.6, {0, 1}), (0.9, {0, 1, 2}), (1, {0, 1, 2, 3})]
)
def test_top_p_keeps_the_smallest_set_that_reaches_it(top_p: float, kept: set[int]) -> None:
    assert set(drawn(LOGITS, 1.0, top_p)) == kept


def test_a_nucleus_larger_than_what_is_looked_at_first_is_still_exact() -> None:
    counts = drawn([0.0] * 1000, 1.0, 0.4995, times=6000)
    assert len(counts) == 500


def test_forbidden_tokens_never_come() -> None:
    assert set(drawn([1.0, -math.inf, 0.0, -math.inf], 2.0, 1.0)) == {0, 2}
    assert set(drawn([-math.inf, -math.inf, 0.0, -math.inf], 2.0, 0.7)) == {2}


def test_rows_are_drawn_each_in_its_own_way() -> None:
    logits = torch.tensor([LOGITS] * 3)
    cold, narrow = Sampling(0, 1, random.Random(1)), Sampling(1, 0.4, random.Random(2))
    seen = {
        tuple(choose(logits.clone(), [cold, Sampling(1, 1, random.Random(seed)), narrow])) for seed in range(50)
    }
    assert {row[0] for row in seen} == {0}
    assert {row[1] for row in seen} > {0, 1}
    assert {row[2] for row in seen} == {0}


def test_a_seed_fixes_a_rows_draws_whatever_its_mates() -> None:
    logits = torch.tensor([LOGITS] * 2)
    alone = [
        choose(logits[:1].clone(), [Sampling(1, 1, draws)])[0] for draws in [random.Random(3)] for _ in range(20)
    ]
    draws, other = random.Random(3), random.Random(99)
    together = [choose(logits.clone(), [Sampling(2, 1, other), Sampling(1, 1, draws)])[1] for _ in range(20)]
    assert together == alone
