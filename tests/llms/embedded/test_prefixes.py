"""Which prompts of a batch share a beginning, and which beginnings are kept."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.llms.embedded.prefixes import (
    SHORTEST,
    PrefixMemory,
    SharedPrefix,
    Tokens,
    group_prompts,
    shared_length,
)

tokens = st.lists(st.integers(0, 2), min_size=1, max_size=60).map(tuple)


def coder(number: int, length: int = 100) -> Tokens:
    """The beginning of a coder's prompts: 20 tokens that all coders have, then its own."""
    return tuple(range(20)) + tuple(1000 * number + place for place in range(length - 20))


def prompts_of(number: int, count: int, first: int = 0) -> list[Tokens]:
    return [(*coder(number), 90_000 + row, *range(row % 7)) for row in range(first, first + count)]


def groups_of(prompts: list[Tokens], known: list[int] | None = None) -> set[tuple[frozenset[int], int]]:
    found = group_prompts(prompts, known or [0] * len(prompts))
    return {(frozenset(group.rows), group.shared) for group in found}


def prefix(*numbers: int) -> SharedPrefix:
    return SharedPrefix(numbers, (), ())


@given(tokens, tokens)
def test_shared_length_is_that_of_the_common_prefix(one: Tokens, other: Tokens) -> None:
    alike = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    assert shared_length(one, other) == len(list(alike))


@given(st.lists(st.tuples(tokens, st.integers(0, 80)), min_size=1, max_size=12))
def test_groups_hold_every_row_once_and_share_what_they_say(rows: list[tuple[Tokens, int]]) -> None:
    prompts, known = [row[0] for row in rows], [row[1] for row in rows]
    groups = group_prompts(prompts, known)
    assert sorted(row for group in groups for row in group.rows) == list(range(len(prompts)))
    for group in groups:
        first = prompts[group.rows[0]]
        for row in group.rows:
            assert prompts[row][: group.shared] == first[: group.shared]
            assert len(prompts[row]) > group.shared, "each row has a token left to compute"


def test_the_prompts_of_each_coder_are_a_group() -> None:
    prompts = prompts_of(1, 3) + prompts_of(2, 3)
    assert groups_of(prompts) == {(frozenset({0, 1, 2}), 100), (frozenset({3, 4, 5}), 100)}


def test_a_single_row_does_not_pull_a_group_down_to_what_all_share() -> None:
    prompts = prompts_of(1, 1) + prompts_of(2, 5)
    assert (frozenset({1, 2, 3, 4, 5}), 100) in groups_of(prompts)


def test_rows_that_share_too_little_are_one_group_without_prefix() -> None:
    prompts = [(number, *range(50)) for number in range(4)]
    assert groups_of(prompts) == {(frozenset({0, 1, 2, 3}), 0)}


def test_single_rows_of_several_coders_use_what_is_known_of_each() -> None:
    prompts = prompts_of(1, 1) + prompts_of(2, 1)
    assert groups_of(prompts, [100, 100]) == {(frozenset({0}), 100), (frozenset({1}), 100)}
    assert groups_of(prompts) == {(frozenset({0, 1}), 20)}


def test_equal_prompts_share_all_but_their_last_token() -> None:
    assert groups_of([coder(1), coder(1)]) == {(frozenset({0, 1}), 99)}


def test_a_prompt_that_is_known_whole_keeps_a_token_to_compute() -> None:
    assert groups_of([coder(1)], [100]) == {(frozenset({0}), 99)}


def test_memory_finds_the_longest_and_cuts_it() -> None:
    memory = PrefixMemory()
    memory.keep(prefix(*coder(1)))
    memory.keep(prefix(*coder(2)))
    found = memory.find((*coder(1, 80), 5, 5))
    assert found is not None
    assert found.tokens == coder(1, 80)


def test_memory_has_nothing_for_a_few_common_tokens() -> None:
    memory = PrefixMemory()
    memory.keep(prefix(*range(SHORTEST - 1)))
    assert memory.find(tuple(range(100))) is None


def test_a_longer_prefix_takes_the_place_of_its_own_beginning() -> None:
    memory = PrefixMemory(kept=2)
    memory.keep(prefix(*coder(2)))
    memory.keep(prefix(*coder(1, 50)))
    memory.keep(prefix(*coder(1, 90)))
    assert memory.known(coder(1)) == 90
    assert memory.known(coder(2)) == 100, "the shorter one gave way, not the other coder's"


def test_the_prefix_unused_for_longest_gives_way() -> None:
    memory = PrefixMemory(kept=2)
    memory.keep(prefix(*coder(1)))
    memory.keep(prefix(*coder(2)))
    memory.find(coder(1))
    memory.keep(prefix(*coder(3)))
    assert memory.known(coder(1)) == 100
    assert memory.known(coder(2)) == 20


def test_a_beginning_seen_in_another_prompt_is_known() -> None:
    memory = PrefixMemory()
    one, other = prompts_of(1, 2)
    memory.remember([one])
    assert memory.known(other) == 100
    assert memory.known(one) == 0, "a prompt asked again shares nothing new"


@pytest.mark.parametrize("length", [0, 3, 7])
def test_a_cut_prefix_cuts_keys_and_values(length: int) -> None:
    torch = pytest.importorskip("torch")
    whole = SharedPrefix(tuple(range(7)), (torch.zeros(2, 7, 4),), (torch.zeros(2, 7, 5),))
    cut = whole.cut(length)
    assert cut.tokens == tuple(range(length))
    assert cut.keys[0].shape == (2, length, 4)
    assert cut.values[0].shape == (2, length, 5)
