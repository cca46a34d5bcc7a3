"""Distilling a classifier: written segments beside people's, training, measuring, the cascade's bound (seed 001).

Whatever was written, asked or trained is found again: the same call after a SIGKILL goes on where it was.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from intercoder.core.classifier_results import Evaluation, SystemFigures, SystemKind
from intercoder.core.classifiers import ClassifierCard, read_card
from intercoder.llms import torch_environment
from intercoder.stores.classifiers.classifier_folders import beside_grids, grids_of
from intercoder.training.checkpoints import Workplace
from intercoder.training.distillation import measuring
from intercoder.training.distillation.adapter_notes import adapter_notes
from intercoder.training.distillation.asking import (
    Asking,
    Listener,
    asked,
    coder_of,
    decided,
    language_model,
    question_cost,
)
from intercoder.training.distillation.cascading import Cascaded, cascaded
from intercoder.training.distillation.checks import check_models
from intercoder.training.distillation.composing import Mix, mix
from intercoder.training.distillation.keys import asking_key, key_of
from intercoder.training.distillation.material import Material, keep_places
from intercoder.training.distillation.measuring import Figures, Learnt, ModelSaid, Predicted
from intercoder.training.distillation.notes import notes_on, notes_on_learning, notes_on_sets, notes_on_shares
from intercoder.training.distillation.published import (
    Distillation,
    There,
    check_awaited,
    publish,
    there_already,
    write_measured,
    write_record,
)
from intercoder.training.distillation.training_sets import check_set, train, training_sets, way_of
from intercoder.training.distillation.writing import WrittenSet, write_segments


class Distilled(NamedTuple):
    """A classifier that is there."""

    folder: Path
    card: ClassifierCard
    evaluation: Evaluation
    known: bool = False
    """Whether it was there already: distilled from the same, in the same way."""
    asked_anew: bool = False
    """Whether the language model beside it was measured again, since that or the target was another before."""


def distill(
    material: Material, name: str, *, new: bool = False, listen: Listener = lambda event: None
) -> Distilled:
    """Distill a classifier into its study; gone on with where an earlier call was stopped.

    Args:
        material: What people decided, in parts, and the settings.
        name: Of the classifier.
        new: Distill anew, whatever an earlier call of that name left. What was written and asked is kept.
        listen: Told how it goes.

    Raises:
        InputError: There is too little to learn from, or another classifier of that name, or one that a run awaits
            (see `published.check_awaited`).
        SynthesizerRepeats: The synthesizer writes nothing new any more.
        ModelError, SettingsError: A model or prompt cannot be used.
        EndpointStopped: An endpoint answers nobody.
    """
    torch_environment.prepare()
    out = material.folder.classifiers / name
    numbers = numbers_of(material)
    check_models(material)
    grids_of(material.folder.path)  # which could not be read at the end either
    key = key_of(material)
    record = Distillation(
        key=key,
        asking=asking_key(material),
        codes=tuple(code.label for code in material.codes),
        settings=material.settings,
        decided=material.key,
    )
    with Workplace(out) as workplace:
        begun = workplace.job(key)
        if known := there_already(out, record, new=new, begun=begun.mark if begun else ""):
            if begun:
                workplace.remove()  # stopped when all but this was done
            if record.asking in ("", known.record.asking):
                evaluation = beside_grids(known.evaluation, material.folder.path)
                return Distilled(out, known.card, evaluation, known=True)
            return _asked_anew(material, out, known, record, listen)
        check_awaited(material.folder, out)
        job = workplace.take_up(key, new=new)
        keep_places(material)
        written, said = asked(material.folder, partial(_ask, material, numbers, listen))
        sets = training_sets(material, numbers, written)
        folders = {learnt.system: _trained(material, learnt, workplace.folder, name, listen) for learnt in sets}
        listen({"kind": "stage", "stage": "measuring"})
        predicted = {system: measuring.predict(folder, material) for system, folder in folders.items()}
        learnt = _learnt_figures(material, name, sets, predicted)
        place, given = folders["classifier"], predicted["classifier"]
        card, evaluation = _measured(material, place, given, learnt, said, written.missing)
        made = {
            "mark": job.mark,
            "dropped": written.dropped,
            "missing": written.missing,
            "set_notes": learnt.notes,
            "seconds": _seconds(said, {}),
        }
        check_awaited(material.folder, out)  # a run may have begun meanwhile
        publish(place, out, card, evaluation, record.model_copy(update=made))
        workplace.remove()
    return Distilled(out, card, beside_grids(evaluation, material.folder.path))


def _asked_anew(material: Material, out: Path, known: There, record: Distillation, listen: Listener) -> Distilled:
    """A classifier that is there, beside the language model that the study codes with now and for its target."""
    said = asked(material.folder, lambda asking: ask_model(material, asking, listen))
    assert said is not None, "without a language model there is nothing to ask"
    old, seconds = known.evaluation, _seconds(said, known.record.seconds)
    said = said.measured_before(seconds.get(said.reference, math.nan))
    listen({"kind": "stage", "stage": "measuring"})
    systems = tuple(one for one in old.systems if one.system not in ("model", "cascade", "people"))
    learnt = Figures(systems, known.record.set_notes, old.human, old.synthetic)
    given = measuring.predict(out, material)
    card, evaluation = _measured(material, out, given, learnt, said, known.record.missing)
    if card.confidence != known.card.confidence:
        check_awaited(material.folder, out, bound=True)
    kept = known.record.model_dump(include={"mark", "dropped", "missing", "set_notes"})
    made = record.model_copy(update={**kept, "seconds": seconds})
    # Stopped in between, it is asked anew.
    write_record(out, made.model_copy(update={"asking": ""}))
    write_measured(out, card, evaluation, made)
    return Distilled(out, card, beside_grids(evaluation, material.folder.path), known=True, asked_anew=True)


def _seconds(said: ModelSaid | None, before: Mapping[str, float]) -> dict[str, float]:
    """Reference of a language model -> seconds of a question, now or as it was measured before."""
    now = {} if said is None or math.isnan(said.held_out.seconds) else {said.reference: said.held_out.seconds}
    return {**before, **now}


def numbers_of(material: Material) -> Mix:
    """How many segments of each kind are learnt from.

    Raises:
        InputError: There are fewer of people's than the settings ask for, or of a code all would be alike.
    """
    settings = material.settings
    numbers = mix(settings.total, settings.share, len(material.parts.training))
    check_set(material, numbers)
    return numbers


async def _ask(
    material: Material, numbers: Mix, listen: Listener, asking: Asking
) -> tuple[WrittenSet, ModelSaid | None]:
    written = await write_segments(material, numbers.synthetic, way_of(material), asking, listen)
    return written, await ask_model(material, asking, listen)


async def ask_model(
    material: Material, asking: Asking, listen: Listener, *, development: bool = True
) -> ModelSaid | None:
    """What the study's language model decides about what nobody learns from; None where the study has none.

    Args:
        material: What people decided, in parts.
        asking: Log and embeddings.
        listen: Told how it goes.
        development: Whether it is asked about the development part, too.

    Raises:
        ModelError, SettingsError: The model or its prompt cannot be used.
        EndpointStopped: The endpoint answers nobody.
    """
    settings = language_model(material.folder.study)
    if settings is None:
        return None
    coder = coder_of(material.folder, material.teaching_book, settings)
    ask = partial(
        decided, coder, codes=material.teaching_codes, session=asking.session, exclusive=material.book.exclusive
    )
    return ModelSaid(
        reference=material.folder.study.writer_model(settings),
        development=await ask(items=material.parts.development if development else (), listen=listen),
        held_out=await ask(items=material.parts.held_out, listen=listen),
        cost=question_cost(material, settings),
    )


def _trained(material: Material, learnt: Learnt, place: Path, name: str, listen: Listener) -> Path:
    """The folder of a classifier that learnt a set; found there, or trained."""
    out = place / learnt.system / name
    listen({"kind": "stage", "stage": "training", "name": learnt.name, "total": len(learnt.set.items)})
    train(material, learnt.set, out, listen)
    return out


def _learnt_figures(
    material: Material, name: str, sets: Sequence[Learnt], predicted: Mapping[SystemKind, Predicted]
) -> Figures:
    """Figures of classifiers and regressions that learnt these sets; the first of them is the classifier `name`."""
    asked_about = measuring.asked_of(material)
    systems = [
        measuring.learnt_figures(material, one, predicted[one.system].held_out, asked_about)
        for one in (sets[0]._replace(name=name), *sets[1:])
    ]
    systems += [measuring.logistic_figures(material, one, asked_about) for one in sets]
    main = sets[0].set
    return Figures(tuple(systems), tuple(notes_on_sets(material, sets)), len(main.human), len(main.synthetic))


def _measured(
    material: Material, folder: Path, given: Predicted, learnt: Figures, said: ModelSaid | None, missing: int
) -> tuple[ClassifierCard, Evaluation]:
    """A card with the cascade's bound, and all figures.

    Args:
        material: What people decided, in parts.
        folder: The classifier's.
        given: What it says.
        learnt: Figures of what learnt.
        said: What the language model decided; None without one.
        missing: Written segments that are wanting.
    """
    cascade = None
    if said is not None:
        cascade = cascaded(material, learnt.systems[0].name, given, said, measuring.asked_of(material))
    card = _with_bound(folder, cascade)
    settings = material.settings
    notes = (
        *notes_on(material, said, cascade, missing),
        *learnt.notes,
        *notes_on_shares(material, given.development),
        *notes_on_learning(card),
        *adapter_notes(material, writes=settings.share > 0, filters=settings.filter > 0),
    )
    figures = learnt._replace(systems=(*learnt.systems, *_others(material, said, cascade)), notes=notes)
    curves = (cascade.development, cascade.held_out) if cascade else None
    return card, measuring.evaluation(material, card, figures, given, curves)


def _others(material: Material, said: ModelSaid | None, cascade: Cascaded | None) -> list[SystemFigures]:
    asked_about = measuring.asked_of(material)
    found = [measuring.model_figures(material, said, asked_about)] if said else []
    found += [cascade.figures] if cascade else []
    people = measuring.people_figures(material, asked_about)
    return [*found, people] if people else found


def _with_bound(folder: Path, cascade: Cascaded | None) -> ClassifierCard:
    card = read_card(folder)
    if cascade is None:
        return card
    bound = {"confidence": cascade.bound.confidence, "confidence_for": cascade.development.model}
    return card.model_copy(update=bound)
