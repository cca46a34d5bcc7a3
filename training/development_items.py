"""What candidates are tried on: segments that people coded, with the codes they gave."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from intercoder.core.documents import Segment
from intercoder.core.errors import InputError
from intercoder.core.identity import plain
from intercoder.core.record import Record
from intercoder.core.texts.sampling import draw
from intercoder.training.pairs import Pairs

MOST = 100
"""Items that are drawn where nobody says how many; seed 000 held out as many."""
FEW = 30
"""Items below which intervals are too wide to tell candidates apart."""


class DevelopmentItem(Record):
    """A segment and what people coded it with, at least one label."""

    segment: Segment
    references: tuple[str, ...]


def items_of(pairs: Pairs) -> list[DevelopmentItem]:
    """The segments that people gave a code to, each once, in the order of their first pair."""
    labels: dict[str, list[str]] = {}
    segments: dict[str, Segment] = {}
    for pair in pairs.pairs:
        segments.setdefault(pair.segment.id, pair.segment)
        labels.setdefault(pair.segment.id, []).append(pair.code)
    return [
        DevelopmentItem(segment=segments[one], references=tuple(dict.fromkeys(given)))
        for one, given in labels.items()
    ]


def draw_items(
    items: Sequence[DevelopmentItem], number: int | None, *, seed: int, spared: Collection[str] = ()
) -> list[DevelopmentItem]:
    """The items that all candidates code, in the order given.

    Args:
        items: All there are.
        number: How many to draw; None for `MOST`, or all if there are fewer.
        seed: Any whole number.
        spared: Ids of documents that an adapter was trained on; their items are left out, and others of the same
            text.

    Raises:
        InputError: There are fewer than asked for, or none is left.
    """
    learnt = {plain(one.segment.text) for one in items if one.segment.document_id in spared}
    left = [one for one in items if plain(one.segment.text) not in learnt]
    out = f"; {len(items) - len(left)} more are of documents that an adapter was trained on" if spared else ""
    if not left:
        raise InputError(
            f"there is no item to try candidates on{out}.",
            where="--adapter",
            remedy="Have people code other documents, or train on fewer and leave some held out.",
        )
    if number is not None and number > len(left):
        raise InputError(
            f"{number} items are asked for, and people coded {len(left)}{out}.",
            where="--sample",
            remedy=f"Ask for {len(left)} or fewer.",
        )
    size = min(len(left), MOST) if number is None else number
    return [left[place] for place in draw([one.segment.id for one in left], size, seed=seed)]
