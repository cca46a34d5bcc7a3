"""Whether people and systems are measured on the same."""

from intercoder.core.classifier_results import MeasuredCode
from intercoder.evals.classifiers.classification import Asked, among_people, with_each_person
from intercoder.evals.classifiers.human_ceiling import human_ceiling_notes

ASKED = Asked((MeasuredCode(code_id="a", label="A"),), "yes_no", n_boot=0)


def systems(shared: int):
    """One says exactly what ana says; of a hundred segments ben coded some, as by lot."""
    ana = [{"a": bool(at % 2)} for at in range(100)]
    ben = [{"a": bool(at // 2 % 2)} if at < shared else {} for at in range(100)]
    people = {"ana": ana, "ben": ben}
    return with_each_person(people, ana, ASKED, system="model", name="m"), among_people(people, ASKED)


def test_both_numbers_are_told_where_people_share_fewer_decisions():
    model, people = systems(20)
    assert (round(model.kappa.value, 2), people.kappa.value) == (0.9, 0.0), (
        "a copy of ana, and not above the ceiling"
    )
    (note,) = human_ceiling_notes([model, people])
    assert "on 20 of the 100 decisions on held-out segments that systems are held against" in note


def test_nothing_is_told_where_all_was_coded_twice_or_there_are_no_people():
    model, people = systems(100)
    assert human_ceiling_notes([model, people]) == human_ceiling_notes([model]) == ()
