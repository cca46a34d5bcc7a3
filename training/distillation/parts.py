"""Cutting human data into three parts: to learn, to choose, to measure.

No text is in two of them, and no document, or no value of the attribute that is kept together in its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from intercoder.core.errors import InputError
from intercoder.core.identity import digest, plain
from intercoder.core.record import AttributeValue
from intercoder.training.distillation.human_data import HumanItem

PARTS = ("training", "development", "held_out")


class Parts(NamedTuple):
    """Human data, apart."""

    training: tuple[HumanItem, ...]
    """Learnt from, shown to the synthesizer as examples, and compared with what it writes."""
    development: tuple[HumanItem, ...]
    """For early stopping, the temperature of probabilities and the cascade's bound."""
    held_out: tuple[HumanItem, ...]
    """For the final figures, and for nothing else; with segments on which people differed evenly."""
    repeated: int
    """Items left out because their text is in another part, too."""
    places: Mapping[str, str] = MappingProxyType({})
    """`group_of` its items -> name of the part that all of a group are in."""

    @property
    def each(self) -> tuple[tuple[HumanItem, ...], ...]:
        """The three parts in the order of `PARTS`."""
        return self.training, self.development, self.held_out

    @property
    def learnt_documents(self) -> tuple[str, ...]:
        """Ids of the documents that were learnt from or chosen with, each once."""
        return tuple(dict.fromkeys(one.segment.document_id for one in (*self.training, *self.development)))


def split(
    items: Sequence[HumanItem],
    *,
    development: float,
    held_out: float,
    seed: int,
    by: str = "",
    places: Mapping[str, str] = MappingProxyType({}),
) -> Parts:
    """Cut items into parts so that whole documents stay together, and each code is spread over all parts.

    Documents go where most is missing of the rarest decision that they hold (iterative stratification, Sechidis et
    al. 2011, with documents for items). A text that is in two parts is left out of the later one, or of that to
    which it came later. Items on which
    people differed evenly are spread too, but only measured on: without a target there is nothing to learn.

    Args:
        items: What people decided.
        development: Share of the items to choose with, above 0.
        held_out: Share of the items to measure on, above 0.
        seed: Seed of the order in which documents are looked at.
        by: Attribute whose values are kept together in place of documents, which are then cut where they hold
            several.
        places: `Parts.places` of an earlier split: what has a place keeps it, and the rest goes where most is
            missing then.

    Raises:
        InputError: There are too few documents, shares leave a part empty, or no document has the attribute.
    """
    _check_shares(development, held_out)
    groups = _groups(items, by)
    if len(groups) < len(PARTS):
        raise InputError(
            f"the items come from {len(groups)} {f'values of `{by}`' if by else 'documents'}, and three parts need "
            f"{len(PARTS)} at least.",
            where="--by" if by else "documents",
            remedy="Have people code more documents, or import each answer as a document of its own (a table).",
        )
    shares = (1 - development - held_out, development, held_out)
    placed = _placed(groups, shares, seed, places)
    *learnt, measured = ([one for name in names for one in groups[name]] for names in placed)
    kept = [[one for one in part if one.targets] for part in learnt]
    parts = _without_repeats([*kept, measured], items, {one for one in groups if one in places}, by)
    now = {name: part for part, names in zip(PARTS, placed, strict=True) for name in names}
    return parts._replace(places=now)


def _check_shares(development: float, held_out: float) -> None:
    for name, share in (("development", development), ("held_out", held_out)):
        if not 0 < share < 1:
            raise InputError(
                f"a share of {share:g} leaves nothing to {'measure on' if name == 'held_out' else 'choose with'}.",
                where=name,
                remedy=f"Set `{name}` above 0 and below 1, such as 0.2.",
            )
    if development + held_out >= 1:
        raise InputError(
            "nothing is left to learn from.", where="held_out", remedy="Let both shares together be below 1."
        )


def _groups(items: Sequence[HumanItem], by: str) -> dict[str, list[HumanItem]]:
    """Items by what keeps them together."""
    if by and not any(by in one.segment.attributes for one in items):
        known = sorted({name for one in items for name in one.segment.attributes})
        raise InputError(
            f"no coded segment has an attribute `{by}`.",
            where="--by",
            remedy=f"There are: {', '.join(known)}."
            if known
            else "Leave it out: documents are kept together then.",
        )
    found: dict[str, list[HumanItem]] = {}
    for item in items:
        found.setdefault(group_of(item, by), []).append(item)
    return found


def group_of(item: HumanItem, by: str) -> str:
    """What an item is kept together with: its document, or the value of an attribute."""
    if not by:
        return item.segment.document_id
    value: AttributeValue = item.segment.attributes.get(by)
    return f"{type(value).__name__} {value}"


Decision = tuple[str, bool]
"""A code and whether it applies."""
_TIE: Decision = ("", False)
"""For an item on which people differed evenly."""


def _placed(
    groups: Mapping[str, Sequence[HumanItem]], shares: Sequence[float], seed: int, known: Mapping[str, str]
) -> list[list[str]]:
    """For each part the names of its groups."""
    places = _Places(groups, shares)
    ordered = sorted(groups, key=lambda name: digest(seed, name))
    for name in ordered:
        if name in known:
            places.put(name, PARTS.index(known[name]))
    left = [name for name in ordered if name not in places.taken]
    while left:
        rarest = min(places.left, key=lambda one: (places.left[one], not one[1], one[0]))
        holders = [name for name in left if places.decisions[name][rarest]]
        for name in sorted(holders, key=lambda one: -places.decisions[one][rarest]):
            places.put(name, places.lacking(rarest))
        left = [name for name in left if name not in places.taken]
    return places.placed


class _Places:
    """Which parts groups went to, and what parts still lack."""

    def __init__(self, groups: Mapping[str, Sequence[HumanItem]], shares: Sequence[float]) -> None:
        self.decisions = {
            name: Counter(one for item in items for one in (item.targets.items() or [_TIE]))
            for name, items in groups.items()
        }
        self.left: Counter[Decision] = sum(self.decisions.values(), Counter())
        """Decisions of groups that went nowhere yet."""
        self.placed: list[list[str]] = [[] for _ in shares]
        self.taken: set[str] = set()
        self._sizes = {name: len(items) for name, items in groups.items()}
        self._room = [share * sum(self._sizes.values()) for share in shares]
        self._wanted = {one: [share * count for share in shares] for one, count in self.left.items()}

    def lacking(self, rarest: Decision) -> int:
        """The part in which most of a decision is missing."""
        parts = range(len(self.placed))
        empty = [part for part in parts if not self.placed[part]]
        # An empty part cannot be mended later: the last groups go to those that have none.
        open_parts = empty if len(self._sizes) - len(self.taken) <= len(empty) else parts
        return max(open_parts, key=lambda one: (self._wanted[rarest][one], self._room[one]))

    def put(self, name: str, part: int) -> None:
        """Put a group into a part."""
        self.placed[part].append(name)
        self.taken.add(name)
        self._room[part] -= self._sizes[name]
        self.left -= self.decisions[name]
        for one, count in self.decisions[name].items():
            self._wanted[one][part] -= count


def _without_repeats(
    parts: Sequence[Sequence[HumanItem]], order: Sequence[HumanItem], known: Collection[str], by: str
) -> Parts:
    """The parts in the items' order, without texts that an earlier part holds, or one that was split before."""
    places = {one.segment.id: place for place, one in enumerate(order)}
    owners: dict[str, int] = {}
    for before in (True, False):
        for number, part in enumerate(parts):
            for one in part:
                if (group_of(one, by) in known) is before:
                    owners.setdefault(plain(one.segment.text), number)
    kept: list[tuple[HumanItem, ...]] = []
    for number, part in enumerate(parts):
        fresh = [one for one in part if owners[plain(one.segment.text)] == number]
        kept.append(tuple(sorted(fresh, key=lambda one: places[one.segment.id])))
    for name, part in zip(PARTS, kept, strict=True):
        if not part:
            raise InputError(
                f"the {name.replace('_', '-')} part is empty: its texts are those of earlier parts, or "
                "people differed on all.",
                where="--set held_out" if name == PARTS[-1] else "--set development",
                remedy="Have people code other texts, or choose another split with `--set split_seed=1`.",
            )
    training, development, held_out = kept
    return Parts(training, development, held_out, repeated=sum(map(len, parts)) - sum(map(len, kept)))
