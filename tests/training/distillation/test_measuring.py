"""What is measured of a classifier beside what it says."""

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from intercoder.core.classifier_results import PartSizes
from intercoder.evals.classifiers.classification import among_people
from intercoder.llms.classifiers.class_probabilities import probabilities, scaled
from intercoder.training.distillation import measuring
from intercoder.training.distillation.asking import Said
from intercoder.training.distillation.cascading import cascaded
from intercoder.training.distillation.classifier_settings import ClassifierSettings
from intercoder.training.distillation.measuring import Figures, ModelSaid, Predicted
from intercoder.training.distillation.notes import notes_on, notes_on_shares
from intercoder.training.distillation.parts import Parts
from intercoder.training.distillation.scaling import fit_scaling
from tests.training.distillation.studies import BUYING, REPAIR, item


class Reader:
    """A classifier that says nothing of interest."""

    def __init__(self, head: str) -> None:
        self.card = SimpleNamespace(head=head)

    def probabilities(self, texts: list[str]) -> Any:
        return np.zeros((len(texts), 2))

    logits = probabilities

    def truncated(self, texts: list[str]) -> float:
        return 0.0


@pytest.mark.parametrize(("head", "seconds"), [("multi_label", 1.0), ("one_of_k", 2.0)])
def test_time_is_of_a_question_and_each_of_several_codes_is_one(
    monkeypatch: pytest.MonkeyPatch, head: str, seconds: float
) -> None:
    clock = iter((0.0, 10.0))
    monkeypatch.setattr(measuring, "load_classifier", lambda folder: Reader(head))
    monkeypatch.setattr(measuring, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    items = [item(f"text {place}", {"c_1": True}) for place in range(5)]
    material: Any = SimpleNamespace(
        parts=Parts((), tuple(items[:2]), tuple(items[2:]), 0),
        codes=(REPAIR, BUYING),
        data=SimpleNamespace(items=items, head=head),
    )
    assert measuring.predict(Path("nowhere"), material).seconds == seconds


def hanging_together(by: str = "") -> Any:
    """Four segments of two documents to choose with, six of three documents and two towns held out."""
    items = [
        item(f"text {at}", {"c_1": at % 3 == 0}, document=f"d {at // 2}", town="a" if at < 8 else "b")
        for at in range(10)
    ]
    return SimpleNamespace(
        parts=Parts((), tuple(items[:4]), tuple(items[4:]), 0),
        codes=(REPAIR,),
        data=SimpleNamespace(items=items, head="yes_no", people=[SimpleNamespace(name="ana")]),
        settings=SimpleNamespace(by=by, resamples=50, target=0.9),
    )


@pytest.mark.parametrize(("by", "units"), [("", 3), ("town", 2)])
def test_intervals_are_over_what_the_split_keeps_together(by: str, units: int) -> None:
    material = hanging_together(by)
    said: Any = SimpleNamespace(reference="m", held_out=SimpleNamespace(values=[{"c_1": True}] * 6))
    found = measuring.model_figures(material, said, measuring.asked_of(material))
    assert (found.agreement.n, found.decisions) == (units, 6)


def test_each_part_has_its_own_documents_in_the_cascades_curves() -> None:
    material = hanging_together()
    sure = [np.full((count, 1), 0.8) for count in (4, 6)]
    of_model = [Said(values=({"c_1": True},) * count, failures=0, seconds=1.0) for count in (4, 6)]
    predicted, said = Predicted(*sure, sure[1], 0.0, 1.0), ModelSaid("m", *of_model, cost=math.nan)
    found = cascaded(material, "c", predicted, said, measuring.asked_of(material))
    assert {one.agreement.n for one in found.development.points} == {2}
    assert {one.agreement.n for one in found.held_out.points} == {found.figures.agreement.n} == {3}


def test_a_cascade_is_chosen_and_measured_on_what_segments_count() -> None:
    """The classifier is wrong about the first of each part; where that one weighs most, nothing but all will do."""
    chosen = []
    for weight in (1.0, 30.0):
        items = [
            item(f"text {at}", {"c_1": True}).model_copy(update={"weight": weight if at in (0, 4) else 1.0})
            for at in range(10)
        ]
        material = hanging_together()
        material.parts = Parts((), tuple(items[:4]), tuple(items[4:]), 0)
        material.settings.target = 0.7
        sure = [np.array([[0.4 if at == 0 else 0.9] for at in range(count)]) for count in (4, 6)]
        of_model = [Said(values=({"c_1": True},) * count, failures=0, seconds=1.0) for count in (4, 6)]
        predicted, said = Predicted(*sure, sure[1], 0.0, 1.0), ModelSaid("m", *of_model, cost=math.nan)
        found = cascaded(material, "c", predicted, said, measuring.asked_of(material))
        point = next(one for one in found.held_out.points if one.confidence == found.bound.confidence)
        chosen.append((found.held_out.points[0].agreement.value, point.sent, found.figures.decisions))
    assert chosen[0] == (pytest.approx(5 / 6), 0, 6)
    assert chosen[1] == (pytest.approx(5 / 35), pytest.approx(30 / 35), 6)


def rare(count: int, head: str = "yes_no") -> Any:
    """Fifty segments to choose with and as many held out; people gave `repair` to so many of each."""
    items = [
        item(
            f"text {at}",
            {"c_1": at % 50 < count, "c_2": at % 50 >= count} if head != "yes_no" else {"c_1": at % 50 < count},
        )
        for at in range(100)
    ]
    material = hanging_together()
    material.parts = Parts((), tuple(items[:50]), tuple(items[50:]), 0)
    material.data.head = head
    material.codes = (REPAIR,) if head == "yes_no" else (REPAIR, BUYING)
    material.spared_examples, material.quoting_codes = 0, ()
    return material


@pytest.mark.parametrize(
    ("count", "head", "target", "told"),
    [
        (4, "yes_no", 0.9, "Answering No to everything would agree with people on 92.0% of the development part"),
        (47, "yes_no", 0.9, "Answering Yes to everything would agree with people on 94.0%"),
        (4, "one_of_k", 0.9, "Always giving `buying` would agree with people on 92.0%"),
        (
            4,
            "multi_label",
            0.9,
            "Giving each code its more frequent answer throughout would agree with people on 92.0%",
        ),
        (4, "yes_no", 0.92, "a target of 0.92 asks no more"),
        (4, "yes_no", 0.93, ""),
        (20, "yes_no", 0.9, ""),
    ],
)
def test_a_target_that_the_most_frequent_answer_reaches_is_told(
    count: int, head: str, target: float, told: str
) -> None:
    material = rare(count, head)
    material.settings.target = target
    never = np.full((50, len(material.codes)), 0.1)
    of_model = [Said(values=({"c_1": True, "c_2": False},) * 50, failures=0, seconds=1.0) for _ in range(2)]
    predicted, said = Predicted(never, never, never, 0.0, 1.0), ModelSaid("m", *of_model, cost=math.nan)
    found = cascaded(material, "c", predicted, said, measuring.asked_of(material))
    notes = [one for one in notes_on(material, said, found, 0) if "would agree with people" in one]
    assert len(notes) == bool(told)
    assert all(told in one and "`--target`" in one and "`c, then the model`" in one for one in notes)
    assert not [one for one in notes_on(material, said, None, 0) if "would agree" in one], "there is no target then"


def test_a_code_that_is_given_much_more_often_than_by_people_is_told() -> None:
    material = rare(4)
    material.settings.classifier = ClassifierSettings()
    often = np.where(np.arange(50) < 15, 0.7, 0.2)[:, None]
    (told,) = notes_on_shares(material, often)
    assert told.startswith(
        "On the development part the classifier gives `repair` to 30.0% of the segments (people 8.0%)"
    )
    assert "`--set classifier.scaling=temperature_and_shift --new`" in told
    assert not notes_on_shares(material, np.where(np.arange(50) < 5, 0.7, 0.2)[:, None]), "one more is chance"
    assert not notes_on_shares(material, np.full((50, 1), 0.1)), "it never gives it: a shift would not either"
    material.settings.classifier = ClassifierSettings(scaling="temperature_and_shift")
    assert not notes_on_shares(material, often), "that is what the note would advise"
    material.settings.classifier = ClassifierSettings()
    common = rare(20)
    common.settings.classifier = ClassifierSettings()
    assert not notes_on_shares(common, np.where(np.arange(50) < 28, 0.7, 0.2)[:, None]), "not half as often again"


def test_what_the_note_advises_mends_it() -> None:
    """Logits of a code of one in ten segments, as learnt where it was one in two."""
    draws = np.random.default_rng(3)
    logits = draws.normal(-2.9, 1.5, (600, 1))
    people = draws.random(600) < probabilities(logits, "yes_no")[:, 0]
    material, items = rare(4), [item(f"text {at}", {"c_1": bool(one)}) for at, one in enumerate(people)]
    material.parts = Parts((), tuple(items), tuple(items), 0)
    material.settings.classifier = ClassifierSettings()
    wrong, answers, told = logits + 2.2, people[:, None].astype(float), []
    for how in ("temperature", "temperature_and_shift"):
        found = fit_scaling(wrong, answers, "yes_no", how)
        told.append(
            notes_on_shares(material, probabilities(scaled(wrong, found.temperature, found.shifts), "yes_no"))
        )
    assert [len(one) for one in told] == [1, 0]


def test_shares_are_weighted_and_few_codes_are_named() -> None:
    material = rare(4)
    material.settings.classifier = ClassifierSettings()
    often = np.where(np.arange(50) < 15, 0.7, 0.2)[:, None]
    material.parts = material.parts._replace(
        development=tuple(
            one.model_copy(update={"weight": 20.0 if at < 4 else 1.0})
            for at, one in enumerate(material.parts.development)
        )
    )
    assert not notes_on_shares(material, often), "of the corpus people gave it to most"
    codes = [REPAIR.model_copy(update={"id": f"c_{at}", "label": f"code {at}"}) for at in range(5)]
    items = [item(f"text {at}", {code.id: at < 2 for code in codes}) for at in range(50)]
    material = rare(4, "multi_label")
    material.settings.classifier = ClassifierSettings()
    material.codes, material.parts = codes, Parts((), tuple(items), tuple(items), 0)
    given = np.array([[0.9 if at < 20 + place else 0.1 for place in range(5)] for at in range(50)])
    (told,) = notes_on_shares(material, given)
    assert [label in told for label in ("code 0", "code 1", "code 2", "code 3", "code 4")] == [False] * 2 + [
        True
    ] * 3
    assert "`code 4` to 48.0% of the segments (people 4.0%), `code 3` to 46.0%" in told
    assert "so with 2 more codes" in told


def test_an_evaluation_notes_on_how_much_people_are_held_against_one_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = PartSizes(training=0, development=4, held_out=6)
    monkeypatch.setattr(measuring, "part_sizes", lambda material: parts)
    material, known = hanging_together(), [{"c_1": True}] * 6
    ceiling = among_people({"ana": known, "ben": [*known[:2], *[{}] * 4]}, measuring.asked_of(material, n_boot=0))
    card: Any = SimpleNamespace(name="c", digest="d", temperature=1.0, overlap=-1, kept_step=3)
    sure = np.full((6, 1), 0.8)
    predicted = Predicted(sure[:4], sure, sure, 0.0, 1.0)
    found = measuring.evaluation(material, card, Figures((ceiling,), ("A note.",), 0, 0), predicted, None)
    assert found.notes[0] == "A note."
    assert found.notes[1].startswith("People are held against one another on 2 of the 6 decisions")
