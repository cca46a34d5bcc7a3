"""Holding classifiers, the language model and people against what people decided on held-out segments."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from intercoder.core.classifier_results import (
    CascadeCurve,
    Evaluation,
    MeasuredCode,
    PartSizes,
    Reliability,
    SystemFigures,
    SystemKind,
)
from intercoder.core.classifiers import ClassifierCard
from intercoder.evals.classifiers.classification import Asked, among_people, with_each_person
from intercoder.evals.classifiers.human_ceiling import human_ceiling_notes
from intercoder.evals.classifiers.reliability import answers, as_targets, reliability
from intercoder.evals.classifiers.uneven_draws import uneven_notes
from intercoder.evals.weights import worth
from intercoder.llms.classifiers.class_probabilities import Numbers, probabilities
from intercoder.llms.classifiers.classifiers import load_classifier
from intercoder.training.distillation.asking import Said
from intercoder.training.distillation.baselines import logistic
from intercoder.training.distillation.composing import Composition
from intercoder.training.distillation.heads import weights_of
from intercoder.training.distillation.human_data import HumanItem
from intercoder.training.distillation.material import Material
from intercoder.training.distillation.parts import group_of


class Learnt(NamedTuple):
    """A system that learnt from a training set."""

    system: SystemKind
    name: str
    set: Composition


class Figures(NamedTuple):
    """Figures of systems, the classifier's first, and what a reader has to know of them."""

    systems: tuple[SystemFigures, ...]
    notes: tuple[str, ...]
    human: int
    """People's segments that the classifier learnt from."""
    synthetic: int
    """Written ones."""


class ModelSaid(NamedTuple):
    """What the language model decided, and what a question takes."""

    reference: str
    development: Said
    held_out: Said
    cost: float
    """Of one question, in the currency of the study's prices; nan where no price is known."""

    def measured_before(self, seconds: float) -> ModelSaid:
        """The same with the seconds of a question as they were once measured, if nothing was asked now."""
        if not math.isnan(self.held_out.seconds):
            return self
        return self._replace(held_out=self.held_out._replace(seconds=seconds))


class Predicted(NamedTuple):
    """What a classifier says of both parts that it did not learn from."""

    development: Numbers
    held_out: Numbers
    unscaled: Numbers
    """Of the held-out part, before the temperature."""
    truncated: float
    seconds: float
    """A question: a segment with a code, or a segment in an exclusive book."""


def asked_of(material: Material, n_boot: int | None = None) -> Asked:
    """What systems are measured on: the held-out part, with intervals over what the split keeps together."""
    resamples = material.settings.resamples if n_boot is None else n_boot
    return about(material, material.parts.held_out, Asked(measured_codes(material), material.data.head, resamples))


def about(material: Material, items: Sequence[HumanItem], asked: Asked) -> Asked:
    """The same of other items: what the split keeps each together with, and what each counts."""
    groups = tuple(group_of(one, material.settings.by) for one in items)
    return asked._replace(groups=groups, weights=weights_of(items))


def measured_codes(material: Material) -> tuple[MeasuredCode, ...]:
    """The codes that are learnt, as results name them."""
    return tuple(MeasuredCode(code_id=code.id, label=code.label) for code in material.codes)


def part_sizes(material: Material) -> PartSizes:
    """How people's decisions were split."""
    parts, weights = material.parts, weights_of(material.parts.held_out)
    ids = {one.segment.id for one in parts.held_out}
    uneven = {name: ids & drawn for name, drawn in material.data.uneven.items() if ids & drawn}
    return PartSizes(
        by=material.settings.by or "document",
        training=len(parts.training),
        development=len(parts.development),
        held_out=len(parts.held_out),
        undecided=material.data.undecided,
        measured_on=tuple(one.segment.id for one in parts.held_out),
        weighted_by=material.sample if weights else "",
        worth=worth(np.array(weights)) if weights else math.nan,
        uneven=len(frozenset().union(*uneven.values())),
        uneven_in=tuple(uneven),
    )


def targets(items: Sequence[HumanItem]) -> list[Mapping[str, bool]]:
    """What people decided about items."""
    return [one.targets for one in items]


def people_said(material: Material) -> dict[str, list[Mapping[str, bool]]]:
    """Person -> what they decided about each held-out segment, ties included: what figures are against."""
    held_out = material.parts.held_out
    return {person.name: [one.said.get(person.name, {}) for one in held_out] for person in material.data.people}


def texts(items: Sequence[HumanItem]) -> list[str]:
    """The items' texts."""
    return [one.segment.text for one in items]


def predict(folder: Path, material: Material) -> Predicted:
    """Let a classifier read the development and the held-out part."""
    classifier, parts = load_classifier(folder), material.parts
    began = time.monotonic()
    development = classifier.probabilities(texts(parts.development))
    held_out = classifier.probabilities(texts(parts.held_out))
    seconds = time.monotonic() - began
    of_each = 1 if material.data.head == "one_of_k" else len(material.codes)
    questions = (len(development) + len(held_out)) * of_each
    return Predicted(
        development=development,
        held_out=held_out,
        unscaled=probabilities(classifier.logits(texts(parts.held_out)), classifier.card.head),
        truncated=classifier.truncated(texts(material.data.items)),
        seconds=seconds / questions,
    )


def learnt_figures(material: Material, learnt: Learnt, given: Numbers, asked: Asked) -> SystemFigures:
    """What is measured of a system that gives probabilities for the held-out part."""
    said = as_targets(answers(given, asked.head).chosen, asked.codes, asked.head)
    found = with_each_person(people_said(material), said, asked, system=learnt.system, name=learnt.name)
    return found.model_copy(update={"trained_on": len(learnt.set.items), "synthetic": len(learnt.set.synthetic)})


def logistic_figures(material: Material, learnt: Learnt, asked: Asked) -> SystemFigures:
    """A logistic regression on embeddings, learnt from the same set."""
    given = logistic(
        learnt.set.items,
        texts(material.parts.held_out),
        [code.id for code in material.codes],
        material.data.head,
        material.settings.encoder,
        privacy=material.folder.study.privacy,
    )
    name = "logistic regression" if learnt.system == "classifier" else f"logistic, {learnt.name}"
    return learnt_figures(material, learnt._replace(system="logistic", name=name), given, asked)


def model_figures(material: Material, said: ModelSaid, asked: Asked) -> SystemFigures:
    """The language model by itself."""
    values = said.held_out.values
    return with_each_person(people_said(material), values, asked, system="model", name=said.reference)


def people_figures(material: Material, asked: Asked) -> SystemFigures | None:
    """People against one another on the held-out part; None where fewer than two coded."""
    if len(material.data.people) < 2:
        return None
    found = among_people(people_said(material), asked)
    return found if found.decisions else None


def reliabilities(
    material: Material, card: ClassifierCard, predicted: Predicted, asked: Asked
) -> tuple[Reliability, Reliability]:
    """Whether the classifier is right as often as it says, after scaling and before."""
    held_out = targets(material.parts.held_out)
    return (
        reliability(held_out, predicted.held_out, asked, temperature=card.temperature),
        reliability(held_out, predicted.unscaled, asked, temperature=1.0),
    )


def calibration_error(material: Material, predicted: Predicted) -> float:
    """Expected calibration error on the held-out part."""
    held_out = targets(material.parts.held_out)
    return reliability(held_out, predicted.held_out, asked_of(material, n_boot=0)).error.value


def evaluation(
    material: Material,
    card: ClassifierCard,
    figures: Figures,
    predicted: Predicted,
    curves: tuple[CascadeCurve, CascadeCurve] | None,
) -> Evaluation:
    """All figures together; `curves` are the cascade's, on the development part and on the held-out one."""
    asked = asked_of(material)
    after, before = reliabilities(material, card, predicted, asked)
    parts = part_sizes(material)
    return Evaluation(
        classifier=card.name,
        digest=card.digest,
        head=material.data.head,
        codes=measured_codes(material),
        parts=parts,
        human=figures.human,
        synthetic=figures.synthetic,
        fine_tuned=card.kept_step > 0,
        systems=figures.systems,
        reliability=after,
        unscaled=before,
        development_curve=curves[0] if curves else None,
        curve=curves[1] if curves else None,
        truncated=predicted.truncated,
        overlap=card.overlap,
        notes=(*uneven_notes(parts), *figures.notes, *human_ceiling_notes(figures.systems)),
    )
