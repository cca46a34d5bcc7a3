"""Whether the models of a distillation can be used here, found out before any is asked or loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from intercoder.core.errors import IntercoderError
from intercoder.llms.classifiers.encoders import check_encoder
from intercoder.llms.factory import check_reference, encoder_folder
from intercoder.training.distillation.asking import language_model
from intercoder.training.distillation.classifier import check_trainable
from intercoder.training.distillation.material import Material
from intercoder.training.distillation.writing import no_language_model


def check_models(material: Material, *, grid: bool = False) -> None:
    """Refuse models that a distillation, or a grid of them, would stumble over at its end.

    Raises:
        IntercoderError: The first of `model_problems`.
    """
    for problem in model_problems(material, grid=grid):
        raise problem


def model_problems(material: Material, *, grid: bool = False) -> Iterator[IntercoderError]:
    """Find what is wrong with the models of a distillation, without loading any.

    Yields:
        ModelError: A model is not there, or not allowed, or needs packages that are not installed.
        InputError: Written segments are to be filtered, and the study has no language model to ask.
    """
    study, settings = material.folder.study, material.settings
    model = language_model(study)
    writes = any(settings.grid.shares) if grid else settings.share > 0
    filters = writes and any(settings.grid.filters if grid else (settings.filter,))
    if model is None and filters:
        given = "--set grid.filters=[0]" if grid else "--filter 0"
        yield no_language_model("grid.filters" if grid else "--filter", f", or keep all that is written: `{given}`")
    asked = [
        *([study.writer_model(study.synthesizer)] if writes else []),
        *([study.writer_model(model)] if model else []),
    ]
    check = partial(check_reference, privacy=study.privacy)
    found: list[Callable[[], object]] = [
        *(partial(check, one, api_key_env=study.api_key_env) for one in dict.fromkeys(asked)),
        *([partial(check, study.embedding.model, use="embedding")] if writes else []),
        partial(check_trainable, settings.encoder),
        lambda: check_encoder(encoder_folder(settings.encoder, study.privacy)),
    ]
    for one in found:
        try:
            one()
        except IntercoderError as error:
            yield error
