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
    if n < 1:
        raise InputError(f"a sample of {n} was asked for.", remedy="Ask for at least 1.")
    if n > len(ids):
        raise InputError(
            f"a sample of {n:,} was asked for, but there are only {len(ids):,} segments.",
            remedy=f"Ask for at most {len(ids):,}.",
        )
    if strata is None:
        return sorted(_lowest(ids, range(len(ids)), n, seed))
    groups = _groups(strata, len(ids))
    sizes = _allocate([len(group) for group in groups], n)
    return sorted(
        position for group, size in zip(groups, sizes, strict=True) for position in _lowest(ids, group, size, seed)
    )


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
