"""The classifier with the language model behind it, held against people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from intercoder.core.classifier_results import CascadeCurve, SystemFigures
from intercoder.core.confidence import confidences
from intercoder.evals.classifiers.cascade import Prices, cascade_curve
from intercoder.evals.classifiers.classification import Asked, with_each_person
from intercoder.evals.classifiers.reliability import answers, as_targets
from intercoder.llms.classifiers.class_probabilities import Numbers
from intercoder.training.distillation.asking import Said
from intercoder.training.distillation.cascade_choice import Bound, choose_bound
from intercoder.training.distillation.human_data import HumanItem
from intercoder.training.distillation.material import Material
from intercoder.training.distillation.measuring import ModelSaid, Predicted, about, people_said, targets


class Cascaded(NamedTuple):
    """The classifier with the language model behind it."""

    bound: Bound
    development: CascadeCurve
    held_out: CascadeCurve
    figures: SystemFigures


def cascaded(material: Material, name: str, predicted: Predicted, said: ModelSaid, asked: Asked) -> Cascaded:
    """Choose the bound on the development part, and measure the cascade on the held-out one."""
    parts, target = material.parts, material.settings.target
    chosen_on = targets(parts.development), predicted.development, said.development.values
    bound = choose_bound(*chosen_on, about(material, parts.development, asked), target)
    prices = Prices(said.cost, said.held_out.seconds, predicted.seconds)

    def curve(
        part: Literal["development", "held_out"], items: Sequence[HumanItem], given: Numbers, of_model: Said
    ) -> CascadeCurve:
        return cascade_curve(
            targets(items),
            given,
            of_model.values,
            about(material, items, asked),
            model=said.reference,
            part=part,
            prices=prices,
            target=target,
            chosen=bound.confidence,
            reached=bound.reached,
        )

    values = _cascade_values(predicted.held_out, said.held_out.values, bound.confidence, asked)
    called = f"{name}, then the model"
    figures = with_each_person(people_said(material), values, asked, system="cascade", name=called)
    return Cascaded(
        bound,
        curve("development", parts.development, predicted.development, said.development),
        curve("held_out", parts.held_out, predicted.held_out, said.held_out),
        figures,
    )


def _cascade_values(
    given: Numbers, of_model: Sequence[Mapping[str, bool]], bound: float, asked: Asked
) -> list[Mapping[str, bool]]:
    """What stands for each held-out segment."""
    ours = as_targets(answers(given, asked.head).chosen, asked.codes, asked.head)
    sure = confidences(given, asked.head) >= bound
    if asked.head == "one_of_k":
        return [
            mine if stands else theirs
            for mine, theirs, (stands,) in zip(ours, of_model, sure.tolist(), strict=True)
        ]
    return [
        {
            code.code_id: (mine if stands else theirs)[code.code_id]
            for code, stands in zip(asked.codes, row, strict=True)
            if stands or code.code_id in theirs
        }
        for mine, theirs, row in zip(ours, of_model, sure.tolist(), strict=True)
    ]
