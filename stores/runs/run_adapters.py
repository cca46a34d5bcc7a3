"""The LoRA adapters of models that code given codes: where they lie, and whether they are still the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from intercoder.core.adapters import OnBase, identity_on, on_base
from intercoder.core.protocols import Run
from intercoder.core.study import Study
from intercoder.stores.database import reading
from intercoder.stores.runs.decisions import models_asked
from intercoder.stores.study_folder import StudyFolder


def present_adapters(folder: StudyFolder) -> list[Path]:
    """Folders of the adapters that a study codes given codes with now."""
    return list(_places(folder, folder.study).values())


def run_adapters(folder: StudyFolder, run: Run) -> list[Path] | None:
    """Folders of the adapters that a run codes with; None where one is not there, or was trained anew meanwhile."""
    places = _places(folder, Study.model_validate_json(run.settings))
    if not places:
        return []
    with reading(folder.engine) as connection:
        models = models_asked(connection, folder.study.id, run.id)
    try:
        now = {identity_on(one.base, place) for one, place in places.items()}
    except OSError:
        return None
    return list(places.values()) if all(one in now for one in models if on_base(one).adapter) else None


def _places(folder: StudyFolder, study: Study) -> Mapping[OnBase, Path]:
    """Where the adapters of the models lie that a study's settings name."""
    named = (on_base(reference) for reference in study.deductive_models)
    return {one: _place(folder, Path(one.adapter).expanduser()) for one in named if one.adapter}


def _place(folder: StudyFolder, named: Path) -> Path:
    """Where it was when the settings were written; of a study that was moved since, where it is in the study."""
    return named if named.exists() else folder.adapters / named.name
