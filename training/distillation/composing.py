"""Composing training sets: so many of people's segments, so many written ones, drawn with a seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from intercoder.core.classifier_results import Head
from intercoder.core.codebook import Code
from intercoder.core.errors import InputError
from intercoder.core.synthetic import SyntheticSegment, Wanted, Written
from intercoder.core.texts.sampling import draw
from intercoder.training.distillation.heads import TextItem
from intercoder.training.distillation.human_data import HumanItem


class Mix(NamedTuple):
    """How many segments of each kind a training set holds."""

    human: int
    synthetic: int


class Composition(NamedTuple):
    """A training set."""

    human: tuple[HumanItem, ...]
    synthetic: tuple[SyntheticSegment, ...]
    items: tuple[TextItem, ...]
    """Both, people's first, as a classifier learns them."""


def mix(total: int, share: float, available: int) -> Mix:
    """How many segments of people and how many written ones make a set.

    Args:
        total: Size of the set; 0 for as many as make all of people's segments their share of it.
        share: Of written segments, 0 to 1 (exclusive).
        available: Segments of people that there are.

    Raises:
        InputError: There are fewer of people's segments than the set needs, or it would hold none.
    """
    if not total:
        return Mix(available, round(available * share / (1 - share)))
    human = round((1 - share) * total)
    if human > available:
        raise InputError(
            f"a set of {total:,} with {share:.0%} written segments takes {human:,} that people coded, and the "
            f"training part has {available:,}.",
            where="--total",
            remedy=f"Ask for {int(available / (1 - share)):,} at most, or for a larger `--share`.",
        )
    if not human:
        raise InputError(
            f"a set of {total:,} with {share:.0%} written segments holds none that people coded.",
            where="--total",
            remedy="Ask for a larger set, or a smaller `--share`.",
        )
    return Mix(human, total - human)


def wanted(codes: Sequence[Code], head: Head, number: int) -> list[Wanted]:
    """So many segments to be written, spread evenly over codes and their values.

    In an exclusive book each code's segments are what the others are not, so that none is written to be refused.
    """
    values: tuple[Written, ...] = ("yes",) if head == "one_of_k" else ("yes", "no")
    kinds = [(code, value) for value in values for code in codes]
    each, more = divmod(number, len(kinds))
    counts = [each + (place < more) for place in range(len(kinds))]
    return [Wanted(code, value, count) for (code, value), count in zip(kinds, counts, strict=True) if count]


def drawn(training: Sequence[HumanItem], number: int, seed: int) -> tuple[HumanItem, ...]:
    """So many of people's segments, each pattern of decisions in proportion, in their own order.

    A larger number of the same seed holds most of a smaller one.
    """
    patterns = ["; ".join(f"{code}={value}" for code, value in sorted(one.targets.items())) for one in training]
    places = draw([one.segment.id for one in training], number, seed=seed, strata=patterns)
    return tuple(training[place] for place in places)


def in_place_of(
    written: Sequence[SyntheticSegment],
    human: Sequence[HumanItem],
    training: Sequence[HumanItem],
    codes: Sequence[Code],
    head: Head,
    seed: int,
) -> tuple[HumanItem, ...]:
    """For each written segment one that people answered alike about its code; that answer alone is learnt of it.

    Args:
        written: What is to be replaced.
        human: People's segments that stand beside them, and are not drawn again.
        training: What is drawn from.
        codes: What is learnt.
        head: What is answered.
        seed: Of the draws, one for each code and answer. A segment may stand for several answers, for each once.

    Returns:
        Nothing where people gave some answer too seldom.
    """
    beside = {one.segment.id for one in human}
    found: list[HumanItem] = []
    for (code_id, value), number in Counter((one.code_id, one.value) for one in written).items():
        alike = [
            one for one in training if one.segment.id not in beside and one.targets.get(code_id) is (value == "yes")
        ]
        if len(alike) < number:
            return ()
        targets = written_targets(code_id, value, codes, head)
        places = draw([f"{code_id} {one.segment.id}" for one in alike], number, seed=seed)
        found += [alike[place].model_copy(update={"targets": targets}) for place in places]
    return tuple(found)


def compose(
    human: Sequence[HumanItem], synthetic: Sequence[SyntheticSegment], codes: Sequence[Code], head: Head
) -> Composition:
    """A training set of these segments.

    Raises:
        InputError: Of a code all segments are alike, so that nothing can be learnt.
    """
    items = (*map(human_text, human), *(synthetic_text(one, codes, head) for one in synthetic))
    check_varied(items, codes)
    return Composition(tuple(human), tuple(synthetic), items)


def human_text(item: HumanItem) -> TextItem:
    """What people decided, as a classifier learns it."""
    return TextItem(item.segment.text, item.targets, item.weight)


def synthetic_text(one: SyntheticSegment, codes: Sequence[Code], head: Head) -> TextItem:
    """A written segment, as a classifier learns it: of other codes it says nothing, unless they exclude its own."""
    return TextItem(one.text, written_targets(one.code_id, one.value, codes, head))


def written_targets(code_id: str, value: Written, codes: Sequence[Code], head: Head) -> dict[str, bool]:
    """What is learnt from a segment that was written of a code and value."""
    if head == "one_of_k":
        return {code.id: code.id == code_id for code in codes}
    return {code_id: value == "yes"}


def check_varied(items: Sequence[TextItem], codes: Sequence[Code]) -> None:
    """Refuse a training set in which all segments are alike in a code.

    Raises:
        InputError: With the code, and what is lacking.
    """
    found = Counter((code_id, value) for item in items for code_id, value in item.targets.items())
    for code in codes:
        for value, word in ((True, "given"), (False, "not given")):
            if not found[code.id, value]:
                raise InputError(
                    f"no segment of the training set of {len(items):,} is one that `{code.label}` was {word} to.",
                    where="--total",
                    remedy="Take a larger set, or another `--seed`.",
                )
