"""What people decided, as targets."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from intercoder.core.codebook import Code, CodeExample
from intercoder.core.coding.deduction import CoderValues
from intercoder.core.decisions import Value
from intercoder.core.errors import InputError
from intercoder.evals.classifiers.uneven_draws import uneven_notes
from intercoder.evals.weights import worth
from intercoder.stores.codebooks.counted_codebooks import latest_codebook
from intercoder.training.distillation.distillation_settings import DistillationSettings
from intercoder.training.distillation.enough import check_enough
from intercoder.training.distillation.human_data import HumanData, head_of, read_human, settled, wanted_codes
from intercoder.training.distillation.material import prepare
from intercoder.training.distillation.measuring import asked_of, part_sizes
from intercoder.training.distillation.notes import notes_on
from tests.training.distillation.studies import (
    BUYING,
    REPAIR,
    code_all,
    item,
    make_book,
    make_study,
    sample_unevenly,
)

PATTERN = Code(id="c_3", label="hashtag", kind="pattern", pattern="#")


def person(name: str, **values: Mapping[str, Value]) -> CoderValues:
    return CoderValues(name=name, role="human", values=values)


def test_the_majority_counts_and_ties_leave_a_code_undecided() -> None:
    people = [
        person("a", c_1={"s1": "yes", "s2": "yes", "s3": "unsure", "s4": "yes"}, c_2={"s1": "no"}),
        person("b", c_1={"s1": "yes", "s2": "no", "s4": "no"}),
        person("c", c_1={"s1": "no", "s4": "no"}),
    ]
    targets, undecided = settled(people, ["c_1", "c_2"], exclusive=False)
    assert targets == {"s1": {"c_1": True, "c_2": False}, "s4": {"c_1": False}}
    assert undecided == 2


def test_of_codes_that_exclude_one_another_one_needs_a_majority() -> None:
    def chose(name: str, code: str) -> CoderValues:
        return person(name, **{one: {"s1": "yes" if one == code else "no"} for one in ("c_1", "c_2", "c_3")})

    codes = ["c_1", "c_2", "c_3"]
    agreed = settled([chose("a", "c_1"), chose("b", "c_1"), chose("c", "c_2")], codes, exclusive=True)
    assert agreed == ({"s1": {"c_1": True, "c_2": False, "c_3": False}}, 0)
    targets, undecided = settled([chose(f"{n}", code) for n, code in enumerate(codes)], codes, exclusive=True)
    assert targets == {}
    assert undecided == 1, "one segment, whose codes are decided together"


def test_what_stands_under_the_present_book_is_read(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "study", 12, codes=(REPAIR, BUYING))
    book = latest_codebook(folder.engine, folder.study.id)
    data = read_human(folder, book, wanted_codes(book, ["repair"]))
    assert data.head == "yes_no"
    assert [one.name for one in data.people] == ["ana", "ben"]
    assert data.undecided == 2, "on the first and the eighth the two differ"
    settled_ones = [one for one in data.items if one.targets]
    assert (len(data.items), len(settled_ones)) == (12, 10)
    assert all(one.targets["c_1"] == ("mend" in one.segment.text) for one in settled_ones)
    (first, *_) = (one for one in data.items if not one.targets)
    assert first.said == {"ana": {"c_1": True}, "ben": {"c_1": False}}
    assert first.asked == {"c_1"}
    changed = make_book(folder, (REPAIR.model_copy(update={"definition": "New.", "revision": 2}), BUYING))
    with pytest.raises(InputError, match="nothing about `repair` that stands"):
        read_human(folder, changed, wanted_codes(changed, ["repair"]))
    assert len(read_human(folder, changed, wanted_codes(changed, ["buying"])).items) == 12


def test_a_sample_that_was_drawn_unevenly_brings_its_weights(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "study", 40, people=("ana",))
    drawn = [1.0] * 10 + [4.5] * 26
    sample_unevenly(folder, "rare", drawn)
    sample_unevenly(folder, "even", [3.0] * 36)
    book = latest_codebook(folder.engine, folder.study.id)
    rare, even, everything = (read_human(folder, book, (REPAIR,), sample) for sample in ("rare", "even", ""))
    assert sorted(one.weight for one in rare.items) == drawn
    assert {one.weight for one in (*even.items, *everything.items)} == {1.0}
    assert rare.uneven == even.uneven == {}
    assert everything.uneven == {"rare": frozenset(one.segment.id for one in rare.items)}


def test_weights_are_in_the_key_and_told(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "study", 40, people=("ana",))
    before = prepare(folder, ["repair"], DistillationSettings())
    sample_unevenly(folder, "rare", [1.0] * 20 + [4.0] * 20)
    sample_unevenly(folder, "other", [1.0] * 20 + [5.0] * 20)
    sample_unevenly(folder, "even", [1.0] * 40)
    rare, other, even, everything = (
        prepare(folder, ["repair"], DistillationSettings(), sample) for sample in ("rare", "other", "even", "")
    )
    assert len({before.key, rare.key, other.key}) == 3
    assert before.key == even.key == everything.key
    weights = [one.weight for one in rare.parts.held_out]
    assert set(weights) == {1.0, 4.0}
    asked = asked_of(rare)
    assert (asked.weights, len(asked.groups)) == (weights, len(weights))
    assert asked_of(even).weights is None
    sizes = part_sizes(rare)
    assert (sizes.weighted_by, sizes.worth, sizes.uneven) == ("rare", worth(np.array(weights)), 0)
    (told,) = uneven_notes(sizes)
    assert told.endswith(f"the {len(weights)} held-out segments weigh like {sizes.worth:.0f} drawn evenly.")
    (told,) = uneven_notes(part_sizes(everything))
    assert told == (
        f"{len(weights)} of {len(weights)} held-out segments are in samples `other` and `rare`, drawn unevenly: "
        "if people coded them for that, figures are of what people coded, not of the corpus. `--sample other` "
        "weights them, one sample at a time."
    )
    assert uneven_notes(part_sizes(even)) == uneven_notes(part_sizes(before)) == ()


def test_which_codes_are_learnt(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "study", 4, codes=(REPAIR, BUYING, PATTERN), people=())
    book = latest_codebook(folder.engine, folder.study.id)
    assert wanted_codes(book, []) == (REPAIR, BUYING)
    assert wanted_codes(book, ["BUYING", "c_1"]) == (REPAIR, BUYING)
    assert head_of(book, (REPAIR,)) == "yes_no"
    assert head_of(book, (REPAIR, BUYING)) == "multi_label"
    for name, told in (("hashtag", "regular expression"), ("love", "There are: repair, buying, hashtag")):
        with pytest.raises(InputError, match=told) if name == "hashtag" else pytest.raises(InputError) as raised:
            wanted_codes(book, [name])
        assert told in str(raised.value)


def test_codes_of_an_exclusive_book_are_learnt_together(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "study", 12, codes=(REPAIR, BUYING), exclusive=True, people=("ana",))
    book = latest_codebook(folder.engine, folder.study.id)
    with pytest.raises(InputError, match="exclude one another"):
        wanted_codes(book, ["repair"])
    data = read_human(folder, book, wanted_codes(book, []))
    assert data.head == "one_of_k"
    assert all(sum(one.targets.values()) == 1 and len(one.targets) == 2 for one in data.items)


def data_of(yes: int, no: int, codes: tuple[Code, ...] = (REPAIR,)) -> HumanData:
    items = [item(f"text {n}", {REPAIR.id: n < yes}) for n in range(yes + no)]
    return HumanData(
        codes=codes,
        head="yes_no" if len(codes) == 1 else "multi_label",
        items=tuple(items),
        people=(),
        undecided=0,
        book_version=1,
        book_hash="",
    )


@pytest.mark.parametrize(
    ("yes", "no", "told"),
    [
        (4, 30, "gave `repair` to 4 segments, and 10 are needed"),
        (0, 30, "gave `repair` to none of 30 segments, and 10 are needed"),
        (30, 0, "gave `repair` to all 30 segments, so there is nothing to tell it from"),
        (30, 3, "refused `repair` on 3 segments, and 10 are needed"),
    ],
)
def test_too_little_is_refused_with_what_is_needed(yes: int, no: int, told: str) -> None:
    with pytest.raises(InputError, match=told) as raised:
        check_enough(data_of(yes, no), 10)
    assert f"until there are {10 - min(yes, no)} more" in raised.value.remedy
    check_enough(data_of(10, 10), 10)


def test_all_codes_that_lack_something_are_named() -> None:
    with pytest.raises(InputError) as raised:
        check_enough(data_of(3, 30, (REPAIR, BUYING)), 10)
    assert "`repair` to 3 segments" in raised.value.message
    assert "nobody decided about `buying`" in raised.value.message
    assert "--code" in raised.value.remedy


def test_quotes_of_what_is_measured_on_are_kept_from_whoever_writes(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "study", 40, people=("ana",))
    first = prepare(folder, ["repair"], DistillationSettings())
    chosen = [part[0].segment for part in first.parts.each]
    quotes = [CodeExample(text=one.text, segment_id=one.id) for one in chosen]
    unnamed = CodeExample(text=first.parts.held_out[1].segment.text)
    around = CodeExample(text=f"So it was. {first.parts.held_out[2].segment.text} And so on.")
    code = REPAIR.model_copy(
        update={"examples": tuple(quotes), "negative_examples": (unnamed, around), "revision": 2}
    )
    book = make_book(folder, (code,))
    code_all(folder, book, "ana")
    material = prepare(folder, ["repair"], DistillationSettings())
    assert [len(part) for part in material.parts.each] == [len(part) for part in first.parts.each]
    (taught,) = material.teaching_codes
    assert taught.examples == (quotes[0],)
    assert taught.negative_examples == ()
    assert material.spared_examples == 4
    assert material.codes[0].examples == tuple(quotes), "the study codes with the book as it is"


def test_a_short_text_is_quoted_only_by_the_whole_of_an_example(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "study", 40, people=("ana",))
    material = prepare(folder, ["repair"], DistillationSettings())
    short = material.parts.held_out[0].segment.model_copy(update={"text": "no"})
    held_out = (material.parts.held_out[0].model_copy(update={"segment": short}),)
    examples = tuple(CodeExample(text=text) for text in ("We know nobody", "No", "no way"))
    code = REPAIR.model_copy(update={"examples": examples})
    quoting = replace(
        material,
        book=material.book.model_copy(update={"codes": (code,)}),
        data=material.data.model_copy(update={"codes": (code,)}),
        parts=material.parts._replace(held_out=held_out),
    )
    (taught,) = quoting.teaching_codes
    assert [one.text for one in taught.examples] == ["We know nobody", "no way"]


def test_rules_that_quote_what_is_measured_on_are_told(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "study", 40, people=("ana",))
    material = prepare(folder, ["repair"], DistillationSettings())
    assert material.quoting_codes == ()
    quoted = material.parts.held_out[0].segment.text
    for rules in (
        {"definition": f"As in: {quoted.upper()}!"},
        {"include": (quoted,)},
        {"exclude": (f"Not {quoted}.",)},
    ):
        code = REPAIR.model_copy(update=rules)
        quoting = replace(material, data=material.data.model_copy(update={"codes": (code,)}))
        assert quoting.quoting_codes == ("repair",)
        assert any("rules of `repair` quote" in one for one in notes_on(quoting, None, None, 0))
