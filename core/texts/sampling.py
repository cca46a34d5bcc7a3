"""Drawing a sample that can be drawn again: on another machine, in another year."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

from intercoder.core.errors import InputError
from intercoder.core.identity import digest
from intercoder.core.record import AttributeValue


def draw(ids: Sequence[str], n: int, *, seed: int, strata: Sequence[AttributeValue] | None = None) -> list[int]:
    """Draw `n` of the ids without replacement.

    Every id is ranked by SHA-256 of seed and id, and the lowest ranks are drawn: each sample of `n` ids is as
    likely as any other over seeds, no random-number generator is involved, and without strata a larger sample
    holds every smaller one of the same seed. An id's rank does not depend on the other ids.

    With strata each value gets its share of `n` in proportion, rounded down; what is left goes to the largest
    remainders, ties to the larger stratum, then to the one that comes first. So each is within 1 of its share.

    Args:
        ids: Segment ids in document order.
        n: Size of the sample, 1 to `len(ids)`.
        seed: Any whole number.
        strata: For each id its stratum, same length; None is a stratum like any other, and True is not 1.

    Returns:
        Positions in `ids`, ascending (document order).

    Raises:
        InputError: `n` is below 1 or above the number of ids.
        ValueError: `strata` and `ids` differ in length.
    """
    _check_size(n, len(ids))
    if strata is None:
        return sorted(_lowest(ids, range(len(ids)), n, seed))
    groups = _groups(strata, len(ids))
    sizes = _allocate([len(group) for group in groups], n)
    return sorted(
        position for group, size in zip(groups, sizes, strict=True) for position in _lowest(ids, group, size, seed)
    )


def draw_evenly(ids: Sequence[str], n: int, *, seed: int, strata: Sequence[str]) -> tuple[list[int], list[float]]:
    """Draw `n` of the ids so that each stratum gives as many as any other, as far as it reaches.

    Within a stratum ids are drawn as by `draw`. What strata too small for their share leave goes to the others; of
    what cannot be divided the larger strata get one more, ties to the one that comes first.

    Args:
        ids: Segment ids in document order.
        n: Size of the sample, 1 to `len(ids)`.
        seed: Any whole number.
        strata: For each id its stratum, same length.

    Returns:
        Positions in `ids`, ascending, and for each the stratum's size over how many were drawn of it: the inverse
        of the chance to be drawn.

    Raises:
        InputError: `n` is below the number of strata or above the number of ids.
        ValueError: `strata` and `ids` differ in length.
    """
    _check_size(n, len(ids))
    groups = _groups(strata, len(ids))
    if n < len(groups):
        raise InputError(
            f"a sample of {n} cannot hold one of each of {len(groups)} strata.",
            remedy=f"Ask for at least {len(groups)}.",
        )
    drawn: dict[int, float] = {}
    left = n
    for rank, at in enumerate(sorted(range(len(groups)), key=lambda at: (len(groups[at]), -at))):
        group = groups[at]
        size = min(len(group), left // (len(groups) - rank))
        left -= size
        drawn |= {position: len(group) / size for position in _lowest(ids, group, size, seed)}
    places = sorted(drawn)
    return places, [drawn[place] for place in places]


def _check_size(n: int, available: int) -> None:
    if n < 1:
        raise InputError(f"a sample of {n} was asked for.", remedy="Ask for at least 1.")
    if n > available:
        raise InputError(
            f"a sample of {n:,} was asked for, but there are only {available:,} segments.",
            remedy=f"Ask for at most {available:,}.",
        )


def seed_of(name: str) -> int:
    """The seed of a sample for which none is given: samples of different names hold different segments."""
    return int(digest(name)[:8], 16) % 10_000


def _lowest(ids: Sequence[str], positions: Iterable[int], n: int, seed: int) -> list[int]:
    return heapq.nsmallest(n, positions, key=lambda position: (digest(seed, ids[position]), position))


def _groups(strata: Sequence[AttributeValue], count: int) -> list[list[int]]:
    """Positions of each stratum, in the order in which strata first come."""
    if len(strata) != count:
        raise ValueError(f"{len(strata)} strata for {count} ids")
    groups: dict[tuple[bool, AttributeValue], list[int]] = {}
    for position, value in enumerate(strata):
        groups.setdefault((isinstance(value, bool), value), []).append(position)
    return list(groups.values())


def _allocate(sizes: Sequence[int], n: int) -> list[int]:
    """Share `n` out in proportion to sizes, by largest remainders, in whole numbers throughout."""
    total = sum(sizes)
    shares = [n * size // total for size in sizes]
    neediest = sorted(range(len(sizes)), key=lambda i: (-(n * sizes[i] % total), -sizes[i], i))
    for i in neediest[: n - sum(shares)]:
        shares[i] += 1
    return shares
