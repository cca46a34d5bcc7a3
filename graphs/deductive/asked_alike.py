"""Whether a run's questions would be asked alike now; if not, what it found out says nothing of now."""

from __future__ import annotations

from intercoder.core.protocols import Run
from intercoder.core.study import Study
from intercoder.graphs.deductive.classifier_checks import BY_CLASSIFIER, are_as_they_were
from intercoder.graphs.other_servers import alike
from intercoder.prompts.loader import load
from intercoder.stores.database import reading
from intercoder.stores.runs.decisions import prompts_asked
from intercoder.stores.runs.run_adapters import run_adapters
from intercoder.stores.study_folder import StudyFolder


def would_ask_alike(folder: StudyFolder, run: Run) -> bool:
    """Whether the study puts the questions of a deductive run in the same words to the same models now.

    The codebook and the segments are not looked at.

    Raises:
        SettingsError: A prompt that it asked with is not there any more, or not usable.
    """
    began = Study.model_validate_json(run.settings)
    return alike(_asking(began), _asking(folder.study)) and not _reworded(folder, run)


def _asking(study: Study) -> tuple[object, ...]:
    models = [{"model": model} for model in study.deductive_models]
    return study.deductive, models, study.question, study.language, study.coding.context_before


def _reworded(folder: StudyFolder, run: Run) -> bool:
    """Whether a prompt that the run asked with, its worked examples, a classifier or an adapter changed since."""
    if not are_as_they_were(folder, folder.study, run) or run_adapters(folder, run) is None:
        return True
    deductive = folder.study.deductive
    moderator = deductive.moderator
    shots = {**{one.name: one.shots for one in deductive.coders}, moderator.name: moderator.shots}
    with reading(folder.engine) as connection:
        asked = prompts_asked(connection, folder.study.id, run.id)
    asked = [one for one in asked if not one.prompt.startswith(BY_CLASSIFIER)]
    return any(_hash_now(folder, one.prompt, shots[one.coder]) != one.prompt_hash for one in asked)


def _hash_now(folder: StudyFolder, prompt: str, shots: int) -> str:
    agent, _, name = prompt.partition("/")
    return load(agent, name, shots=shots, folder=folder.prompts).hash
