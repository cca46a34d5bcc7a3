"""What a run would stumble over, found out before anything begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from intercoder.core.errors import IntercoderError
from intercoder.core.study import Study
from intercoder.llms.factory import check_reference
from intercoder.llms.privacy import check_endpoint
from intercoder.prompts.loader import load


def problems(study: Study, prompts: Path, graph: str = "inductive") -> Iterator[IntercoderError]:
    """Find what is wrong with models, prompts and the code memory's address, without loading or calling any.

    Args:
        study: The settings to run with.
        prompts: The study's own prompts folder.
        graph: What is to be run, such as `inductive` or `codevelop`.

    Yields:
        ModelError: A model is unknown, not pulled, lacks its key, or its endpoint is not allowed.
        SettingsError: A prompt is not known or not usable, or has too few worked examples.
    """
    for check in _CHECKS[graph](study, prompts):
        try:
            check()
        except IntercoderError as error:
            yield error


def check_settings(study: Study, prompts: Path, graph: str = "inductive") -> None:
    """Refuse settings that a run would stumble over.

    Raises:
        IntercoderError: The first of `problems`.
    """
    for problem in problems(study, prompts, graph):
        raise problem


def _inductive_checks(study: Study, prompts: Path) -> Iterator[Callable[[], object]]:
    yield from _models(study, study.models)
    if study.memory.url:
        yield partial(check_endpoint, study.memory.url, study.privacy)
    for coder in study.coders:
        yield partial(load, "coder", coder.prompt, shots=coder.shots, ending=coder.ending, folder=prompts)
    for moderator in study.moderators:
        if moderator.kind == "llm":
            yield partial(load, "moderator", moderator.prompt, shots=moderator.shots, folder=prompts)


def _models(study: Study, references: Sequence[str]) -> Iterator[Callable[[], object]]:
    for reference in references:
        yield partial(check_reference, reference, study.privacy, api_key_env=study.api_key_env)
    yield partial(check_reference, study.embedding.model, study.privacy, use="embedding")


def _merge_checks(study: Study, prompts: Path) -> Iterator[Callable[[], object]]:
    asks = study.merging.stage > 2
    yield from _models(study, [study.writer_model(study.definer)] if asks else [])
    for template in ("define", "merge"):
        yield partial(load, "definer", template, shots=study.definer.shots, folder=prompts)


def _theme_checks(study: Study, prompts: Path) -> Iterator[Callable[[], object]]:
    yield from _models(study, [study.writer_model(study.themer)])
    yield partial(load, "themer", "default", shots=study.themer.shots, folder=prompts)


def _deductive_checks(study: Study, prompts: Path) -> Iterator[Callable[[], object]]:
    for reference in study.deductive_models:
        yield partial(check_reference, reference, study.privacy, api_key_env=study.api_key_env)
    for coder in study.deductive.coders:
        if coder.asks:
            for agent in ("deductive", "deductive_choice"):
                yield partial(load, agent, coder.prompt, shots=coder.shots, folder=prompts)
    if len(study.deductive.coders) > 1 and study.deductive.moderator.kind == "llm":
        moderator = study.deductive.moderator
        yield partial(load, "deductive_moderator", "default", shots=moderator.shots, folder=prompts)


def _development_checks(study: Study, prompts: Path) -> Iterator[Callable[[], object]]:
    yield from _deductive_checks(study, prompts)
    reviser = study.writer_model(study.reviser)
    yield partial(check_reference, reviser, study.privacy, api_key_env=study.api_key_env)
    yield partial(load, "reviser", "default", shots=study.reviser.shots, folder=prompts)


_CHECKS = {
    "inductive": _inductive_checks,
    "merge": _merge_checks,
    "themes": _theme_checks,
    "codevelop": _development_checks,
    "calibrate": _deductive_checks,
    "final": _deductive_checks,
}
