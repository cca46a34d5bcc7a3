"""What a reader of a classifier's figures has to know, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from intercoder.core.classifiers import ClassifierCard
from intercoder.core.shown import counted, listed
from intercoder.evals.classifiers.given_shares import given_shares
from intercoder.llms.classifiers.class_probabilities import Numbers
from intercoder.training.distillation.cascade_choice import commonest
from intercoder.training.distillation.cascading import Cascaded
from intercoder.training.distillation.material import Material
from intercoder.training.distillation.measuring import Learnt, ModelSaid, about, asked_of, targets

CLEARLY = 1.5
"""A code is given clearly more often than by people from so many times as often."""
NAMED = 3
"""Codes that a note names."""


def notes_on(material: Material, said: ModelSaid | None, cascade: Cascaded | None, missing: int) -> list[str]:
    """What a reader of the figures has to know."""
    found = []
    if material.parts.repeated:
        found.append(
            f"{counted(material.parts.repeated, 'segment')} left out: the same text is in an earlier part."
        )
    if material.spared_examples:
        found.append(
            f"{counted(material.spared_examples, 'example')} in the codebook quoting segments that nobody learns "
            "from: kept from the language model here, which sees them when it codes the study."
        )
    if material.quoting_codes:
        found.append(
            f"Definition or rules of {listed([f'`{label}`' for label in material.quoting_codes])} quote segments "
            "that nobody learns from: who writes segments reads them, so that figures may be too good."
        )
    if missing:
        found.append(f"{counted(missing, 'written segment')} wanting: too few labels were repeated.")
    if said is None:
        found.append("No coder of the study asks a language model, so there is none to compare with.")
    elif failures := said.development.failures + said.held_out.failures:
        found.append(f"{counted(failures, 'question')} to the language model got no usable answer.")
    if cascade is not None and not cascade.bound.reached:
        found.append(
            f"No bound reaches an agreement of {material.settings.target:g} on the development part; the one with "
            "the highest agreement was taken."
        )
    if cascade is not None:
        found += _on_target(material, cascade)
    return found


def _on_target(material: Material, cascade: Cascaded) -> list[str]:
    """That the target asks for nothing, where an answer that is always the same reaches it."""
    development, target = material.parts.development, material.settings.target
    always = commonest(targets(development), about(material, development, asked_of(material)))
    if not round(always.agreed, 9) >= target:
        return []
    if material.data.head == "one_of_k":
        what = f"Always giving `{material.codes[always.answers[0]].label}`"
    elif len(set(always.answers)) == 1:
        what = f"Answering {'Yes' if always.answers[0] else 'No'} to everything"
    else:
        what = "Giving each code its more frequent answer throughout"
    return [
        f"{what} would agree with people on {always.agreed:.1%} of the development part: a target of {target:g} "
        "asks no more than that, and little may be sent for it. A higher `--target` asks more; "
        f"kappa and macro-F1 of `{cascade.figures.name}` tell what it is worth."
    ]


def notes_on_shares(material: Material, given: Numbers) -> list[str]:
    """What a reader has to know where codes are given clearly more often than people give them.

    A code given too seldom is no matter for this: a shift does not give it more often than probabilities that are
    right would.

    Args:
        material: What people decided, in parts.
        given: The classifier's probabilities on the development part; shape (segments, codes).
    """
    development = material.parts.development
    shares = given_shares(targets(development), given, about(material, development, asked_of(material)))
    often = [one for one in shares if one.difference.low > 0 and one.given >= CLEARLY * one.people]
    if not often or material.settings.classifier.scaling == "temperature_and_shift":
        return []
    often.sort(key=lambda one: -one.difference.value)
    named = [
        f"`{one.code.label}` to {one.given:.1%} of the segments (people {one.people:.1%})" for one in often[:NAMED]
    ]
    more = f", and so with {counted(len(often) - NAMED, 'more code')}" if len(often) > NAMED else ""
    return [
        f"On the development part the classifier gives {listed(named)}{more}: class weights and written segments "
        "can make codes look more common than they are, and a temperature changes no answer. With `--set "
        "classifier.scaling=temperature_and_shift --new` codes are given less often, and more of that is right."
    ]


def notes_on_learning(card: ClassifierCard) -> list[str]:
    """What a reader has to know where fine-tuning was in vain."""
    if card.kept_step:
        return []
    return ["Fine-tuning gained nothing on the development part: the classifier keeps the weights it began with."]


def notes_on_sets(material: Material, sets: Sequence[Learnt]) -> list[str]:
    """What a reader has to know of the sets that are compared."""
    main, systems, training = sets[0].set, {one.system for one in sets}, len(material.parts.training)
    found = []
    if main.synthetic and len(main.items) > training:
        found.append(
            f"The set holds {len(main.items):,} segments and people coded {training:,} that may be learnt: all of "
            "them stand for people's segments of the same size."
        )
    if main.synthetic and len(main.human) < training and "human_part" not in systems:
        found.append("Of people's segments in the set nothing can be learnt alone: in some code all are alike.")
    if main.synthetic and len(main.items) < training and "human_same_size" not in systems:
        found.append("Of as many of people's segments nothing can be learnt: in some code all are alike.")
    if main.synthetic and "human_balanced" not in systems:
        why = "all of them are in the set" if len(main.human) == training else "they gave some answer too seldom"
        found.append(
            f"Not enough of people's segments can stand in place of written ones, since {why}: what balance alone "
            "gives, and what writing, cannot be told apart. With a smaller `--total` it may."
        )
    return found
