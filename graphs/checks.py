"""What a run would stumble over, found out before anything begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from intercoder.core.errors import IntercoderError
from intercoder.core.study import Study
from intercoder.llms.factory import check_reference
from intercoder.llms.privacy import check_endpoint
from intercoder.prompts.loader import load


def problems(study: Study, prompts: Path) -> Iterator[IntercoderError]:
    """Find what is wrong with models, prompts and the code memory's address, without loading or calling any.

    Args:
        study: The settings to run with.
        prompts: The study's own prompts folder.

    Yields:
        ModelError: A model is unknown, not pulled, lacks its key, or its endpoint is not allowed.
        SettingsError: A prompt is not known or not usable, or has too few worked examples.
    """
    for check in _checks(study, prompts):
        try:
            check()
        except IntercoderError as error:
            yield error


def check_settings(study: Study, prompts: Path) -> None:
    """Refuse settings that a run would stumble over.

    Raises:
        IntercoderError: The first of `problems`.
    """
    for problem in problems(study, prompts):
        raise problem


def _checks(study: Study, prompts: Path) -> Iterator[Callable[[], object]]:
    for reference in study.models:
        yield partial(check_reference, reference, study.privacy, api_key_env=study.api_key_env)
    yield partial(check_reference, study.embedding.model, study.privacy, use="embedding")
    if study.memory.url:
        yield partial(check_endpoint, study.memory.url, study.privacy)
    for coder in study.coders:
        yield partial(load, "coder", coder.prompt, shots=coder.shots, ending=coder.ending, folder=prompts)
    for moderator in study.moderators:
        if moderator.kind == "llm":
            yield partial(load, "moderator", moderator.prompt, shots=moderator.shots, folder=prompts)
