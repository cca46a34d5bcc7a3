"""What determines a distillation, as hashes: while they stay, nothing is done again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from intercoder.agents.synthesizer import Synthesizer
from intercoder.core.identity import digest
from intercoder.llms.adapters import identity
from intercoder.llms.classifiers.encoders import weights_digest
from intercoder.llms.factory import encoder_folder
from intercoder.llms.references import parse_reference
from intercoder.llms.scripted import ScriptedChatModel
from intercoder.training.distillation.asking import coder_of, language_model, question_cost
from intercoder.training.distillation.classifier import PROCEDURE
from intercoder.training.distillation.distillation_settings import DistillationSettings
from intercoder.training.distillation.material import Material
from intercoder.training.distillation.training_sets import way_of

UNKEYED = ("grid", "target", "fewest", "development", "held_out", "split_seed")
"""Settings that a classifier and its figures do not hang on: the cascade does, or they made the parts, which are in
the key themselves."""


def key_of(material: Material) -> str:
    """Hash of all that determines a classifier and its figures, but for the language model's.

    Which model codes may change once the classifier is there (`asking_key`). A synthesizer that has nothing to
    write is not in it either.

    Raises:
        ModelError, SettingsError: The encoder is not there, or a prompt cannot be used.
    """
    settings = material.settings
    return digest(
        PROCEDURE,
        material.key,
        numbers_in_key(settings),
        settings.classifier.texts_a_step,
        weights_digest(encoder_folder(settings.encoder, material.folder.study.privacy)),
        *(_of_writing(material) if settings.share else ()),
    )


def numbers_in_key(settings: DistillationSettings) -> dict[str, Any]:
    """The settings that are part of `key_of`, by name."""
    memory = {"batch_size", "accumulation"}
    return settings.model_dump(mode="json", exclude={**dict.fromkeys(UNKEYED, True), "classifier": memory})


def people_key(material: Material) -> str:
    """Hash of all that determines a classifier of all of people's segments, and people's agreement."""
    own = {"share": 0.0, "total": 0, "temperature": None, "filter": 0}
    return key_of(material.with_settings(material.settings.model_copy(update=own)))


def asking_key(material: Material) -> str:
    """Hash of what determines the language model's figures and the cascade's bound; empty where none is asked."""
    settings = language_model(material.folder.study)
    if settings is None:
        return ""
    contexts = [one.segment.context for part in material.parts.each[1:] for one in part]
    cost = repr(question_cost(material, settings))
    return digest(coder_key(material), contexts, material.settings.target, cost)


def coder_key(material: Material) -> str:
    """Hash of the coder that filters, and that the classifier is compared with; empty where there is none."""
    study = material.folder.study
    settings = language_model(study)
    if settings is None:
        return ""
    coder = coder_of(material.folder, material.teaching_book, settings, model=ScriptedChatModel())
    model = identity(parse_reference(study.writer_model(settings)))
    told = settings.model_dump(mode="json", exclude={"name", "model"})
    return digest(study.question, told, model, coder.identity)


def _of_writing(material: Material) -> Iterator[Any]:
    study = material.folder.study
    synthesizer = Synthesizer.of_study(study, model=ScriptedChatModel(), prompts=material.folder.prompts)
    yield study.question
    yield study.synthesizer.model_dump(mode="json", exclude={"model"})
    yield identity(parse_reference(study.writer_model(study.synthesizer)))
    yield [synthesizer.identity(value) for value in ("yes", "no")]
    yield study.embedding.model
    yield way_of(material).temperature
    yield coder_key(material) if material.settings.filter else ""
