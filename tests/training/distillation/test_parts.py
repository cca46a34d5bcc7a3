"""Parts share no document and no text, and hold of each decision about their share."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intercoder.core.errors import InputError
from intercoder.core.identity import plain
from intercoder.training.distillation.human_data import HumanItem
from intercoder.training.distillation.parts import PARTS, Parts, split
from tests.training.distillation.studies import item


@st.composite
def human_items(draw: st.DrawFn) -> list[HumanItem]:
    """Items of several documents, partly of the same text, about two codes of which some are undecided."""
    documents = draw(st.lists(st.integers(1, 5), min_size=3, max_size=20))
    found = []
    for document, size in enumerate(documents):
        for place in range(size):
            repeated = draw(st.integers(0, 9)) == 0
            text = "I do not know" if repeated else f"text {document} {place}"
            decided = draw(st.sampled_from([(), ("c_1",), ("c_2",), ("c_1", "c_2")]))
            targets = {code: draw(st.booleans()) for code in decided}
            one = item(text, targets, f"{document}", town=f"town {document % 3}")
            found.append(
                one.model_copy(update={"segment": one.segment.model_copy(update={"id": f"s_{document}_{place}"})})
            )
    return found


def cut(items: list[HumanItem], seed: int = 0, by: str = "") -> Parts:
    return split(items, development=0.2, held_out=0.25, seed=seed, by=by)


@settings(max_examples=150)
@given(human_items(), st.integers(0, 50))
def test_parts_share_no_segment_no_document_and_no_text(items: list[HumanItem], seed: int) -> None:
    try:
        parts = cut(items, seed)
    except InputError as error:
        assert "part is empty" in error.message
        return
    for name in ("id", "document_id", "text"):
        seen = [{plain(getattr(one.segment, name)) for one in part} for part in parts.each]
        assert not seen[0] & seen[1]
        assert not seen[0] & seen[2]
        assert not seen[1] & seen[2]
    kept = [one.segment.id for part in parts.each for one in part]
    assert len(set(kept)) == len(kept)
    assert all(one.targets for part in parts.each[:2] for one in part), "ties are only measured on"
    assert parts.repeated <= len(items) - len(kept)
    left = [one for one in items if one.segment.id not in kept and one.targets]
    known = {plain(one.segment.text) for part in parts.each for one in part}
    assert all(plain(one.segment.text) in known for one in left), "only repeated texts are left out"


@settings(max_examples=50)
@given(human_items(), st.integers(0, 50))
def test_a_split_is_the_same_again_whatever_the_order_of_items(items: list[HumanItem], seed: int) -> None:
    try:
        first = cut(items, seed)
    except InputError:
        return
    again = cut(list(reversed(items)), seed)
    for one, other in zip(first.each, again.each, strict=True):
        assert {x.segment.document_id for x in one} == {x.segment.document_id for x in other}


@settings(max_examples=100)
@given(human_items(), human_items(), st.integers(0, 50))
def test_what_has_a_place_keeps_it_when_more_is_coded(
    items: list[HumanItem], more: list[HumanItem], seed: int
) -> None:
    fresh = [
        one.model_copy(update={"segment": one.segment.model_copy(update={"document_id": f"new {place}"})})
        for place, one in enumerate(more)
    ]
    try:
        before = cut(items, seed)
        after = split([*items, *fresh], development=0.2, held_out=0.25, seed=seed, places=before.places)
    except InputError:
        return
    assert after.places.items() >= before.places.items()
    for name, part in zip(PARTS, after.each, strict=True):
        assert {after.places[one.segment.document_id] for one in part} <= {name}


def test_a_text_that_is_coded_again_later_stays_where_it_was_first() -> None:
    first = [item(f"text {n}", {"c_1": n % 2 == 0}) for n in range(40)]
    before = cut(first)
    repeated = [item(one.segment.text, {"c_1": True}, f"again {n}") for n, one in enumerate(before.held_out)]
    later = [
        one.model_copy(update={"segment": one.segment.model_copy(update={"id": f"s_{n}"})})
        for n, one in enumerate([*repeated, *(item(f"more {n}", {"c_1": True}, f"m{n}") for n in range(40))])
    ]
    after = split([*first, *later], development=0.2, held_out=0.25, seed=0, places=before.places)
    assert {one.segment.id for one in before.held_out} <= {one.segment.id for one in after.held_out}
    texts = [{one.segment.text for one in part} for part in after.each]
    assert not texts[0] & texts[2]
    assert after.repeated > 0


def test_what_is_coded_later_goes_where_most_is_missing() -> None:
    first = [item(f"text {n}", {"c_1": n % 2 == 0}) for n in range(40)]
    later = [item(f"more {n}", {"c_1": n % 10 == 0}) for n in range(160)]
    places = cut(first).places
    parts = split([*first, *later], development=0.2, held_out=0.25, seed=0, places=places)
    assert [len(part) for part in parts.each] == pytest.approx([110, 40, 50], abs=2)
    rare = [sum(one.targets["c_1"] for one in part) for part in parts.each]
    assert rare == pytest.approx([0.55 * 36, 0.2 * 36, 0.25 * 36], abs=2)


@settings(max_examples=50)
@given(human_items())
def test_values_of_an_attribute_stay_together(items: list[HumanItem]) -> None:
    try:
        parts = cut(items, by="town")
    except InputError:
        return
    towns = [{one.segment.attributes["town"] for one in part} for part in parts.each]
    assert sum(map(len, towns)) == len(set.union(*towns))


def test_a_rare_decision_is_in_every_part() -> None:
    items = [item(f"text {n}", {"c_1": n % 20 == 0}) for n in range(200)]
    for seed in range(5):
        parts = cut(items, seed)
        assert [len(part) for part in parts.each] == pytest.approx([110, 40, 50], abs=1)
        rare = [sum(one.targets["c_1"] for one in part) for part in parts.each]
        assert sum(rare) == 10
        assert min(rare) >= 2
    assert cut(items, 0).held_out != cut(items, 1).held_out


def test_segments_on_which_people_differ_are_held_out_in_proportion_and_never_learnt() -> None:
    items = [item(f"text {n}", {} if n % 2 else {"c_1": n % 4 == 0}) for n in range(200)]
    parts = cut(items)
    assert [len(part) for part in parts.each] == pytest.approx([55, 20, 50], abs=2)
    assert sum(not one.targets for one in parts.held_out) == pytest.approx(25, abs=2)
    assert parts.repeated == 0
    assert cut(items[::2]).held_out, "none of them is no error"


def test_parts_keep_the_order_of_items() -> None:
    items = [item(f"text {n}", {"c_1": n % 2 == 0}) for n in range(40)]
    order = {one.segment.id: place for place, one in enumerate(items)}
    for part in cut(items).each:
        places = [order[one.segment.id] for one in part]
        assert places == sorted(places)


def test_as_many_documents_as_parts_fill_them_all() -> None:
    items = [item(f"text {n}", {"c_1": n % 2 == 0}, f"{n % 3}") for n in range(30)]
    assert Counter(len(part) for part in cut(items).each) == {10: 3}


def test_attributes_of_different_types_are_different() -> None:
    items = [item(f"text {n}", {"c_1": n % 2 == 0}, town=[1, "1", True][n % 3]) for n in range(30)]
    towns = [{repr(one.segment.attributes["town"]) for one in part} for part in cut(items, by="town").each]
    assert [len(one) for one in towns] == [1, 1, 1]


@pytest.mark.parametrize(
    ("documents", "shares", "by", "told"),
    [
        (2, (0.2, 0.25), "", "come from 2 documents"),
        (9, (0.2, 0.25), "village", "no coded segment has an attribute `village`"),
        (9, (0.2, 0.0), "", "leaves nothing to measure on"),
        (9, (0.0, 0.2), "", "leaves nothing to choose with"),
        (9, (0.5, 0.5), "", "nothing is left to learn from"),
    ],
)
def test_what_cannot_be_split_is_told(documents: int, shares: tuple[float, float], by: str, told: str) -> None:
    items = [item(f"text {n}", {"c_1": n % 2 == 0}, f"{n % documents}", town=n) for n in range(30)]
    with pytest.raises(InputError, match=told) as raised:
        split(items, development=shares[0], held_out=shares[1], seed=0, by=by)
    assert raised.value.remedy


def test_texts_that_are_all_the_same_leave_a_part_empty() -> None:
    items = [item("Yes.", {"c_1": True}, f"{n}") for n in range(9)]
    with pytest.raises(InputError, match="development part is empty"):
        cut(
            [
                one.model_copy(update={"segment": one.segment.model_copy(update={"id": f"s{n}"})})
                for n, one in enumerate(items)
            ]
        )
