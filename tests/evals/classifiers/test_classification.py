"""Figures of classifiers on partial targets: as scikit-learn and `agreement` have them, nan where undefined."""

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score

from intercoder.core.classifier_results import MeasuredCode
from intercoder.core.errors import InputError
from intercoder.evals.agreement import agreement
from intercoder.evals.classifiers.classification import (
    Asked,
    among_people,
    classified,
    over_seeds,
    with_each_person,
)

CODES = tuple(MeasuredCode(code_id=one, label=one.upper()) for one in "abc")


def yes_no(values):
    return [{} if value is None else {"a": bool(value)} for value in values]


def choices(values):
    return [{} if value is None else {code: code == value for code in "abc"} for value in values]


@pytest.fixture
def draws():
    return np.random.default_rng(7)


ONE = Asked(CODES[:1], "yes_no", n_boot=200)
THREE = Asked(CODES, "one_of_k", n_boot=200)
EACH = Asked(CODES, "multi_label", n_boot=200)
NAMED = {"system": "classifier", "name": "x"}


def test_one_code_is_measured_as_scikit_learn_does(draws):
    people, said = draws.integers(0, 2, 60), draws.integers(0, 2, 60)
    found = classified(yes_no(people), yes_no(said), ONE, system="classifier", name="x", trained_on=9, synthetic=4)
    assert found.macro_f1.value == pytest.approx(f1_score(people, said, average="macro"))
    assert found.codes[0].f1.value == pytest.approx(f1_score(people, said))
    assert found.kappa.value == pytest.approx(cohen_kappa_score(people, said))
    ratings = list(zip(people.tolist(), said.tolist(), strict=True))
    assert found.ac1.value == pytest.approx(agreement(ratings, "ac1", categories=(0, 1)).value)
    assert found.agreement.value == pytest.approx((people == said).mean())
    assert (found.decisions, found.asked, found.codes[0].positives) == (60, 60, people.sum())
    assert (found.trained_on, found.synthetic) == (9, 4)


def test_an_exclusive_book_is_one_question(draws):
    people, said = draws.choice(list("abc"), 80), draws.choice(list("abc"), 80, p=(0.6, 0.3, 0.1))
    found = classified(choices(people), choices(said), THREE, system="classifier", name="x")
    assert found.macro_f1.value == pytest.approx(f1_score(people, said, average="macro"))
    assert found.kappa.value == pytest.approx(cohen_kappa_score(people, said))
    ratings = list(zip(people.tolist(), said.tolist(), strict=True))
    assert found.ac1.value == pytest.approx(agreement(ratings, "ac1", categories=tuple("abc")).value)
    for code, figures in zip("abc", found.codes, strict=True):
        assert figures.f1.value == pytest.approx(f1_score(people == code, said == code))
        assert figures.kappa.value == pytest.approx(cohen_kappa_score(people == code, said == code))


def test_several_codes_are_means_over_codes_each_on_what_was_decided_about_it(draws):
    people = [{code: bool(draws.integers(2)) for code in "abc" if draws.random() < 0.7} for _ in range(90)]
    said = [{code: bool(draws.integers(2)) for code in "abc" if draws.random() < 0.9} for _ in range(90)]
    found = classified(people, said, EACH, system="classifier", name="x")
    pairs = {
        code: [
            (one[code], other[code])
            for one, other in zip(people, said, strict=True)
            if code in one and code in other
        ]
        for code in "abc"
    }
    assert found.macro_f1.value == pytest.approx(
        np.mean([f1_score(*zip(*pairs[code], strict=True)) for code in "abc"])
    )
    kappas = [cohen_kappa_score(*zip(*pairs[code], strict=True)) for code in "abc"]
    assert found.kappa.value == pytest.approx(np.mean(kappas))
    assert [one.kappa.value for one in found.codes] == pytest.approx(kappas)
    assert found.decisions == sum(map(len, pairs.values()))
    assert found.asked == sum(map(len, people))


def test_several_codes_of_which_one_is_asked_are_as_that_one(draws):
    people, said = draws.integers(0, 2, 40), draws.integers(0, 2, 40)
    several = classified(yes_no(people), yes_no(said), EACH, system="classifier", name="x")
    single = classified(yes_no(people), yes_no(said), ONE, system="classifier", name="x")
    assert several.codes[0] == single.codes[0]
    assert (several.kappa, several.ac1, several.agreement) == (single.kappa, single.ac1, single.agreement)
    assert several.macro_f1 == single.codes[0].f1
    assert all(math.isnan(one.kappa.value) and one.positives == 0 for one in several.codes[1:])


def test_intervals_hold_the_value_and_shrink_with_more_segments(draws):
    def width(count):
        people = draws.integers(0, 2, count)
        said = np.where(draws.random(count) < 0.8, people, 1 - people)
        kappa = classified(yes_no(people), yes_no(said), ONE, system="classifier", name="x").kappa
        assert kappa.low <= kappa.value <= kappa.high
        assert kappa.n == count
        return kappa.high - kappa.low

    assert width(2000) < width(50) / 3


def test_a_segment_is_drawn_with_all_its_decisions(draws):
    """Two codes that always go together carry no more information than one."""
    people = draws.integers(0, 2, 50)
    said = np.where(draws.random(50) < 0.8, people, 1 - people)
    both = Asked(CODES[:2], "multi_label", n_boot=400)
    doubled = [[{"a": bool(one), "b": bool(one)} for one in ones] for ones in (people, said)]
    found = classified(*doubled, both, system="classifier", name="x")
    assert found.kappa == found.codes[0].kappa == found.codes[1].kappa


def in_groups(asked, groups):
    return asked._replace(groups=tuple(groups))


def test_a_document_is_drawn_with_all_its_segments(draws):
    """Four segments a document that say the same carry no more information than one."""
    people = draws.integers(0, 2, 40)
    said = np.where(draws.random(40) < 0.8, people, 1 - people)
    once = classified(yes_no(people), yes_no(said), ONE, system="classifier", name="x")
    four = [np.tile(one, 4) for one in (people, said)]
    found = classified(*map(yes_no, four), in_groups(ONE, [f"d_{at % 40}" for at in range(160)]), **NAMED)
    for measure in ("macro_f1", "kappa", "ac1", "agreement"):
        one, other = getattr(found, measure), getattr(once, measure)
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))
        assert one.n == 40
    assert (found.decisions, found.asked, found.codes[0].positives) == (160, 160, 4 * people.sum())


def test_people_are_drawn_by_document_too(draws):
    one = draws.integers(0, 2, 60)
    other = np.where(draws.random(60) < 0.8, one, 1 - one)
    people = {"ana": yes_no(one), "ben": yes_no(other)}
    apart, together = (
        among_people(people, asked) for asked in (ONE, in_groups(ONE, [f"d_{at // 6}" for at in range(60)]))
    )
    assert (apart.kappa.n, together.kappa.n) == (60, 10)
    assert apart.kappa.value == together.kappa.value
    assert (apart.kappa.low, apart.kappa.high) != (together.kappa.low, together.kappa.high)


@pytest.mark.parametrize("asked", [ONE, THREE, EACH], ids=lambda one: one.head)
def test_documents_of_one_segment_change_no_bit(draws, asked):
    people, said = (draws.integers(0, 2, 70).tolist() for _ in range(2))
    people[3] = people[40] = said[11] = None
    told = [choices([None if at is None else "abc"[at] for at in one]) for one in (people, said)]
    sides = told if asked.head == "one_of_k" else [yes_no(one) for one in (people, said)]
    groups = [f"d_{place}" for place in draws.permutation(70)]
    apart, alone = (classified(*sides, one, **NAMED) for one in (asked, in_groups(asked, groups)))
    assert alone.model_dump_json() == apart.model_dump_json()


def test_a_document_without_a_decision_is_no_unit():
    sides = yes_no([1, 0, 1, None, None]), yes_no([1, 0, 0, 1, 1])
    found = classified(*sides, in_groups(ONE, ["d_1", "d_1", "d_2", "d_2", "d_3"]), **NAMED)
    assert (found.agreement.n, found.decisions) == (2, 3)


def test_a_single_document_has_no_interval():
    """Nothing tells how far another one would differ."""
    found = classified(yes_no([0, 1, 1]), yes_no([0, 1, 0]), in_groups(ONE, ["d_1"] * 3), **NAMED)
    assert found.agreement.value == pytest.approx(2 / 3)
    assert math.isnan(found.agreement.low)
    assert found.agreement.n == 1


def test_groups_of_another_length_are_refused():
    with pytest.raises(InputError, match="2 segments and 1 groups"):
        classified(yes_no([0, 1]), yes_no([0, 1]), in_groups(ONE, ["d_1"]), **NAMED)


def sides_of(draws, asked, count=70):
    people, said = (draws.integers(0, 3, count).tolist() for _ in range(2))
    people[3] = people[40] = said[11] = None
    told = choices if asked.head == "one_of_k" else yes_no
    return [
        told([None if at is None else "abc"[at] if told is choices else at % 2 for at in one])
        for one in (people, said)
    ]


def points(found):
    each = [part for one in found.codes for part in (one.f1, one.kappa, one.ac1)]
    return [one.value for one in (found.macro_f1, found.kappa, found.ac1, found.agreement, *each)]


@pytest.mark.parametrize("asked", [ONE, THREE, EACH], ids=lambda one: one.head)
def test_equal_weights_are_none(draws, asked):
    sides = sides_of(draws, asked)
    groups = [f"d_{at // 4}" for at in range(70)]
    without = classified(*sides, in_groups(asked, groups), **NAMED)
    ones = classified(*sides, in_groups(asked, groups)._replace(weights=[1.0] * 70), **NAMED)
    assert ones.model_dump_json() == without.model_dump_json()
    alike = classified(*sides, in_groups(asked, groups)._replace(weights=[6.7] * 70), **NAMED)
    assert points(alike) == pytest.approx(points(without), nan_ok=True)
    assert (alike.kappa.low, alike.kappa.high) == pytest.approx((without.kappa.low, without.kappa.high))
    assert (alike.decisions, alike.asked) == (without.decisions, without.asked)


@pytest.mark.parametrize("asked", [ONE, THREE, EACH], ids=lambda one: one.head)
def test_a_segment_of_weight_two_counts_as_twice(draws, asked):
    sides = sides_of(draws, asked)
    doubled = [[*one, *one[:30]] for one in sides]
    weighted = classified(*sides, asked._replace(weights=[2.0] * 30 + [1.0] * 40), **NAMED)
    twice = classified(*doubled, asked, **NAMED)
    assert points(weighted) == pytest.approx(points(twice), nan_ok=True)
    assert points(weighted) != pytest.approx(points(classified(*sides, asked, **NAMED)), nan_ok=True)
    assert weighted.decisions == classified(*sides, asked, **NAMED).decisions, "these are segments"
    assert weighted.kappa.n < twice.kappa.n
    people = [{"ana": ana, "ben": ben} for ana, ben in (sides, doubled)]
    among = [
        among_people(one, two)
        for one, two in zip(people, (asked._replace(weights=[2.0] * 30 + [1.0] * 40), asked), strict=True)
    ]
    assert points(among[0]) == pytest.approx(points(among[1]), nan_ok=True)


@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0], [1.0, math.nan]])
def test_weights_that_do_not_fit_are_refused(weights):
    with pytest.raises(InputError, match="do not fit"):
        classified(yes_no([0, 1]), yes_no([0, 1]), ONE._replace(weights=weights), **NAMED)


@pytest.mark.parametrize("asked", [ONE, THREE, EACH], ids=lambda one: one.head)
def test_nothing_decided_is_undefined(asked):
    found = classified([{}, {}], [{"a": True}, {}], asked, system="classifier", name="x")
    assert all(math.isnan(one.value) for one in (found.macro_f1, found.kappa, found.ac1, found.agreement))
    assert (found.decisions, found.asked) == (0, 0)
    assert classified([], [], asked, system="classifier", name="x").decisions == 0


def test_all_alike_leaves_kappa_undefined_and_ac1_one():
    found = classified(yes_no([1] * 9), yes_no([1] * 9), ONE, system="classifier", name="x")
    assert math.isnan(found.kappa.value)
    assert found.ac1.value == 1
    assert found.macro_f1.value == 1, "nobody said no, so there is no F1 of no"


def test_a_code_nobody_gave_has_no_f1():
    found = classified(yes_no([0] * 5), yes_no([0] * 5), EACH, system="classifier", name="x")
    assert math.isnan(found.codes[0].f1.value)
    assert math.isnan(found.macro_f1.value)


def test_without_resamples_there_are_no_bounds():
    found = classified(yes_no([0, 1]), yes_no([0, 1]), ONE._replace(n_boot=0), system="classifier", name="x")
    assert found.kappa.value == 1
    assert math.isnan(found.kappa.low)


def test_what_a_system_leaves_out_is_counted():
    found = classified(yes_no([0, 1, 1]), yes_no([0, 1, None]), ONE, system="model", name="x")
    assert (found.decisions, found.asked) == (2, 3)


def test_sides_of_different_length_are_refused():
    with pytest.raises(InputError, match="2 segments on one side and 1 on the other"):
        classified(yes_no([0, 1]), yes_no([0]), ONE, system="model", name="x")


def test_two_people_agree_as_scotts_pi_has_it(draws):
    one, other = draws.integers(0, 2, 60).tolist(), draws.integers(0, 2, 60).tolist()
    ratings = list(zip(one, other, strict=True))
    found = among_people({"ana": yes_no(one), "ben": yes_no(other)}, ONE)
    assert found.kappa.value == pytest.approx(agreement(ratings, "scott").value)
    assert found.ac1.value == pytest.approx(agreement(ratings, "ac1").value)
    assert found.system == "people"


def test_three_people_agree_as_fleiss_has_it(draws):
    truth = draws.integers(0, 2, 60)
    people = [np.where(draws.random(60) < 0.8, truth, 1 - truth).tolist() for _ in range(3)]
    found = among_people({str(place): yes_no(one) for place, one in enumerate(people)}, ONE)
    assert found.kappa.value == pytest.approx(agreement(list(zip(*people, strict=True)), "fleiss").value)
    assert found.agreement.n == 60


def test_who_coded_more_people_counts_no_more():
    """A segment with four coders and one with two weigh the same."""
    people = {"1": [1, 1], "2": [1, 0], "3": [1, None], "4": [1, None]}
    found = among_people({name: yes_no(said) for name, said in people.items()}, ONE)
    assert found.agreement.value == pytest.approx(0.5)


def test_a_person_alone_on_a_segment_agrees_with_nobody():
    found = among_people({"ana": yes_no([1, 0]), "ben": yes_no([1, None])}, ONE)
    assert (found.decisions, found.asked) == (1, 2)
    assert found.agreement.value == 1


def test_against_each_person_is_the_mean_over_people():
    people = {"ana": yes_no([1, 1, 0, 0]), "ben": yes_no([1, 0, 0, None])}
    found = with_each_person(people, yes_no([1, 1, 1, 0]), ONE, system="classifier", name="x")
    assert found.agreement.value == pytest.approx((1 + 0.5 + 0 + 1) / 4)


def test_over_seeds_is_a_t_interval():
    found = over_seeds([0.5, 0.6, 0.7])
    assert (found.value, found.n) == (pytest.approx(0.6), 3)
    assert found.low == pytest.approx(0.6 - 4.302653 * 0.1 / math.sqrt(3), abs=1e-6)
    assert over_seeds([0.5, math.nan]).n == 1
    assert math.isnan(over_seeds([0.5]).low)
    assert math.isnan(over_seeds([math.nan]).value)
