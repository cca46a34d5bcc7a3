"""The sets that classifiers learn from, and training on one."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path

from intercoder.core.classifiers import ClassifierCard, TrainedOn, group_keys, text_key
from intercoder.core.errors import InputError
from intercoder.training.distillation.asking import Listener
from intercoder.training.distillation.classifier import train_classifier
from intercoder.training.distillation.composing import (
    Composition,
    Mix,
    check_varied,
    compose,
    drawn,
    human_text,
    in_place_of,
    wanted,
    written_targets,
)
from intercoder.training.distillation.heads import TextItem
from intercoder.training.distillation.material import Material
from intercoder.training.distillation.measuring import Learnt
from intercoder.training.distillation.writing import Way, WrittenSet


def way_of(material: Material) -> Way:
    """How segments are written."""
    settings = material.settings
    own = material.folder.study.synthesizer.sampling.temperature
    return Way(own if settings.temperature is None else settings.temperature, settings.seed, settings.filter)


def check_set(material: Material, numbers: Mix) -> None:
    """Refuse a set of which nothing could be learnt, before anything is written for it.

    Raises:
        InputError: Of a code all segments would be alike.
    """
    head = material.data.head
    human = drawn(material.parts.training, numbers.human, material.settings.seed)
    kinds = wanted(material.codes, head, numbers.synthetic)
    to_be = [TextItem("", written_targets(one.code.id, one.value, material.codes, head)) for one in kinds]
    check_varied([*map(human_text, human), *to_be], material.codes)


def training_sets(material: Material, numbers: Mix, written: WrittenSet) -> list[Learnt]:
    """What is learnt from: the set itself, and people's segments alone where that differs.

    Of people's are learnt as many as stand in the set; as many as it is large, drawn in proportion, and with one of
    people's in place of each written one, where there are so many; and all. A baseline in which a code's segments
    are all alike is left out: nothing can be learnt from it.

    Raises:
        InputError: Of a code all segments of the set are alike.
    """
    training, settings = material.parts.training, material.settings
    human = drawn(training, numbers.human, settings.seed)
    made = partial(compose, codes=material.codes, head=material.data.head)
    found = [Learnt("classifier", "classifier", made(human, written.segments))]
    if written.segments and len(human) < len(training):
        with suppress(InputError):
            found.append(Learnt("human_part", f"people's {len(human):,} alone", made(human, ())))
    size = len(found[0].set.items)
    if written.segments and size < len(training):
        with suppress(InputError):
            same = drawn(training, size, settings.seed)
            found.append(Learnt("human_same_size", f"{size:,} of people's", made(same, ())))
    replaced = in_place_of(written.segments, human, training, material.codes, material.data.head, settings.seed)
    if replaced:
        with suppress(InputError):
            balanced = made((*human, *replaced), ())
            found.append(Learnt("human_balanced", f"{size:,} of people's, balanced", balanced))
    if written.segments or len(human) < len(training):
        found.append(Learnt("human_all", f"all {len(training):,} of people's", made(training, ())))
    return found


def train(material: Material, learnt: Composition, out: Path, listen: Listener) -> ClassifierCard:
    """Train a classifier on a set, choosing with the development part."""
    settings = material.settings
    return train_classifier(
        learnt.items,
        [human_text(one) for one in material.parts.development],
        head=material.data.head,
        codes=material.codes,
        settings=settings.classifier.model_copy(update={"seed": settings.seed}),
        encoder=settings.encoder,
        out=out,
        told=told_of(material, learnt),
        privacy=material.folder.study.privacy,
        listen=listen,
    )


def told_of(material: Material, learnt: Composition) -> TrainedOn:
    """What a classifier's card tells of its data."""
    parts, settings, study = material.parts, material.settings, material.folder.study
    synthetic = bool(learnt.synthetic)
    way = way_of(material)
    segments = [one.segment for one in (*parts.training, *parts.development)]
    return TrainedOn(
        book=material.book,
        sample=material.sample,
        by=settings.by or "document",
        people=tuple(one.name for one in material.data.people),
        human=len(learnt.human),
        synthetic=len(learnt.synthetic),
        development=len(parts.development),
        held_out=len(parts.held_out),
        undecided=material.data.undecided,
        synthesizer=study.writer_model(study.synthesizer) if synthetic else "",
        temperature=way.temperature if synthetic else None,
        filter=way.filter if synthetic else 0,
        learnt_documents=parts.learnt_documents,
        learnt_texts=tuple(dict.fromkeys(text_key(one.text) for one in segments)),
        learnt_groups=tuple(sorted({key for one in segments for key in group_keys(one.attributes, [settings.by])})),
    )
