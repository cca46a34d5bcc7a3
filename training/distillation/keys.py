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
from intercoder.training.distillation.asking import coder_of, language_model
from intercoder.training.distillation.classifier import PROCEDURE
from intercoder.training.distillation.material import Material
from intercoder.training.distillation.training_sets import way_of


def key_of(material: Material) -> str:
    """Hash of all that determines a classifier.

    The language model beside it is not in it: which one codes may change once the classifier is there. Nor is a
    synthesizer that has nothing to write.

    Raises:
        ModelError, SettingsError: The encoder is not there, or a prompt cannot be used.
    """
    settings = material.settings
    numbers = settings.model_dump(mode="json", exclude={"grid": True, "classifier": {"batch_size", "accumulation"}})
    return digest(
        PROCEDURE,
        material.key,
        numbers,
        settings.classifier.texts_a_step,
        weights_digest(encoder_folder(settings.encoder, material.folder.study.privacy)),
        *(_of_writing(material) if settings.share else ()),
    )


def people_key(material: Material) -> str:
    """Hash of all that determines a classifier of all of people's segments, and people's agreement."""
    own = {"share": 0.0, "total": 0, "temperature": None, "filter": 0}
    return key_of(material.with_settings(material.settings.model_copy(update=own)))


def coder_key(material: Material) -> str:
    """Hash of the coder that filters, and that the classifier is compared with; empty where there is none."""
    study = material.folder.study
    settings = language_model(study)
    if settings is None:
        return ""
    coder = coder_of(material.folder, material.teaching_book, settings, model=ScriptedChatModel())
    model = identity(parse_reference(study.writer_model(settings)))
    return digest(settings.model_dump(mode="json", exclude={"model"}), model, coder.identity)


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
