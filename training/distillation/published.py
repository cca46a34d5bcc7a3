"""Giving a distilled classifier its place in the study, whole and at once; and finding one that is there."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pydantic import Field, ValidationError

from intercoder.core.classifier_results import Evaluation
from intercoder.core.classifiers import ClassifierCard, read_card
from intercoder.core.deductive_settings import CLASSIFIER
from intercoder.core.errors import InputError, ModelError
from intercoder.core.record import Record
from intercoder.core.shown import listed
from intercoder.formats.whole_files import whole_file
from intercoder.stores.classifiers.classifier_folders import EVALUATION
from intercoder.stores.database import reading
from intercoder.stores.runs.run_classifiers import awaiting
from intercoder.stores.study_folder import StudyFolder
from intercoder.training.distillation.classifier_folder import is_there, put_in_place
from intercoder.training.distillation.classifier_readme import write_card
from intercoder.training.distillation.distillation_settings import DistillationSettings
from intercoder.training.distillation.keys import numbers_in_key

DISTILLATION = "distillation.json"


class Distillation(Record):
    """How a classifier was distilled; beside its card."""

    key: str
    """Hash of all that determines it, but for the language model that it was measured beside."""
    asking: str = ""
    """Hash of what determines that model's figures and the cascade's bound; empty where none was asked."""
    codes: tuple[str, ...] = ()
    """Labels of the codes that it learnt."""
    mark: str = ""
    """Of the job that made it."""
    decided: str = ""
    """Hash of what people decided, of the codes and of the split."""
    settings: DistillationSettings
    dropped: int = 0
    """Written segments that the filter dropped."""
    missing: int = 0
    """Written segments that are wanting, since the filter dropped more than could be replaced."""
    set_notes: tuple[str, ...] = ()
    """What a reader has to know of the sets that were learnt."""
    seconds: dict[str, float] = Field(default_factory=dict)
    """Reference of a language model -> seconds of a question, when it was asked last."""


class There(NamedTuple):
    """A classifier that is there."""

    card: ClassifierCard
    evaluation: Evaluation
    record: Distillation


def there_already(out: Path, wanted: Distillation, *, new: bool, begun: str) -> There | None:
    """A classifier that was distilled from the same in the same way; None where there is something to do.

    Args:
        out: Where it would be.
        wanted: What is to be distilled.
        new: Whether any classifier that is there is to be replaced.
        begun: Mark of a job of this distillation that was begun and not ended, empty for none: it is to replace
            what is there, be it the same, unless it made that.

    Raises:
        InputError: There is something else of that name.
    """
    if not is_there(out) or new:
        return None
    differs = ""
    try:
        record = Distillation.model_validate_json((out / DISTILLATION).read_bytes())
        if record.key == wanted.key and begun in ("", record.mark):
            return There(read_card(out), Evaluation.model_validate_json((out / EVALUATION).read_bytes()), record)
        differs = f": {_difference(record, wanted)}"
    except (OSError, ValidationError, ModelError):
        pass
    if begun:
        return None
    raise InputError(
        f"there is another classifier of that name{differs}.",
        where=str(out),
        remedy="Choose another `--name`, or distill it anew with `--new`. To code with the one that is there, put "
        f'`model = "{CLASSIFIER}{out.name}"`, or `classifier = "{out.name}"` beside a language model, under '
        "`[[deductive.coders]]` in study.toml.",
    )


def _difference(there: Distillation, wanted: Distillation) -> str:
    """What a classifier that is there was made of otherwise, in a few words."""
    if there.codes and there.codes != wanted.codes:
        return f"it learnt {listed([f'`{label}`' for label in there.codes])}"
    old, new = (numbers_in_key(one.settings) for one in (there, wanted))
    changed = [f"`{name}` was {old[name]}" for name in new if old[name] != new[name]]
    if changed:
        return ", ".join(changed)
    if there.decided != wanted.decided:
        return "codes or what people decided have changed since"
    return (
        "a model (the synthesizer is the first coder's unless `[synthesizer]` names one), a prompt, settings in "
        "study.toml or intercoder itself have changed since"
    )


def check_awaited(folder: StudyFolder, out: Path, *, bound: bool = False) -> None:
    """Refuse to replace a classifier that a run is to go on with.

    Args:
        folder: The study.
        out: The classifier's place; there may be none.
        bound: Whether nothing but the bound on its card is to change, by which not all runs go.

    Raises:
        InputError: There is such a run.
    """
    try:
        digest = read_card(out).digest
    except ModelError:
        return
    with reading(folder.engine) as connection:
        runs = [
            run
            for run, coder in awaiting(connection, folder.study.id, out.name, digest)
            if not bound or (coder.classifier and coder.confidence is None)
        ]
    if not runs:
        return
    run = runs[-1]
    anew = f"; `intercoder run codevelop {folder.argument} --new` gives it up" if run.graph == "codevelop" else ""
    raise InputError(
        f"`{run.id}` is not done, and goes on with no other classifier, nor with another bound.",
        where=str(out),
        remedy=f"Choose another `--name`, or finish the run first with `intercoder resume {folder.argument} "
        f"{run.id}`{anew}.",
    )


def publish(folder: Path, out: Path, card: ClassifierCard, evaluation: Evaluation, record: Distillation) -> None:
    """Put a trained classifier, its card and what was measured of it in their place.

    Args:
        folder: Where it was trained.
        out: Its place.
        card: With the cascade's bound.
        evaluation: What was measured.
        record: How it was distilled.
    """
    write_measured(folder, card, evaluation, record)
    put_in_place(folder, out)


def write_measured(folder: Path, card: ClassifierCard, evaluation: Evaluation, record: Distillation) -> None:
    """Write what was measured of a classifier into its folder, the record last."""
    write_card(card, folder, evaluation)
    _write(folder / EVALUATION, evaluation)
    write_record(folder, record)


def write_record(folder: Path, record: Distillation) -> None:
    """Write how a classifier was distilled into its folder."""
    _write(folder / DISTILLATION, record)


def _write(file: Path, record: Record) -> None:
    with whole_file(file) as stream:
        stream.write(record.model_dump_json(indent=1) + "\n")
