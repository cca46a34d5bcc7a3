"""Letting a distilled classifier take the coders' place in study.toml."""

from __future__ import annotations

from enum import StrEnum
from itertools import chain, count
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from intercoder.stores.study_folder import StudyFolder
    from intercoder.training.distillation.material import Material


class UseChoice(StrEnum):
    """Whether the classifier takes the coders' place in study.toml."""

    no = "no"
    alone = "alone"
    cascade = "cascade"


def check_usable(material: Material, name: str, use: UseChoice) -> None:
    """Refuse before anything is asked what would be refused at the end.

    Raises:
        InputError: The classifier could not code by itself, or no language model would stand behind it.
        SettingsError: No coder may have its name, or study.toml cannot be changed.
        StudyBusy: A run is going.
    """
    from intercoder.core.errors import InputError
    from intercoder.stores.lease import Lease
    from intercoder.stores.study_folder import SETTINGS
    from intercoder.training.deductive_tables import coder_with, with_deductive_coders
    from intercoder.training.distillation.asking import language_model
    from intercoder.training.distillation.writing import no_language_model

    folder = material.folder
    if language_model(folder.study) is None and use is UseChoice.cascade:
        raise no_language_model("--use")
    others = unlearnt_codes(material)
    if others and use is UseChoice.alone:
        raise InputError(
            f"the codebook has codes that it would not know: {', '.join(others)}.",
            where="--use",
            remedy="Learn them too (--all), or use `--use cascade`: the language model decides about them.",
        )
    with Lease(folder.engine, folder.study.id, "distill"):
        pass
    file = folder.path / SETTINGS
    coder = coder_with(folder.study, name, alone=use is UseChoice.alone)
    with_deductive_coders(file.read_bytes().decode("utf-8"), [coder], folder.path, str(file))


def unlearnt_codes(material: Material) -> list[str]:
    """Labels of the codes that a model reads for and the classifier would not know."""
    learnt = {code.id for code in material.codes}
    return [code.label for code in material.book.leaves if code.kind == "model" and code.id not in learnt]


def use_it(folder: StudyFolder, name: str, use: UseChoice, out: TextIO) -> None:
    """Write a classifier into study.toml as the coder, and say in `out` what is next."""
    from intercoder.agents.classifier_coder import bound_note
    from intercoder.cli.output import typed
    from intercoder.core.classifiers import classifier_folder, read_card
    from intercoder.core.shown import shown_safely
    from intercoder.training.deductive_tables import coder_with, write_deductive_coders

    coder = coder_with(folder.study, name, alone=use is UseChoice.alone)
    file = write_deductive_coders(folder, [coder])
    print(f"{typed(file)}: coded by {coder.name} now.", file=out)
    card = read_card(classifier_folder(folder.classifiers, name))
    if coder.classifier and (note := bound_note(card, folder.study.writer_model(coder))):
        print(shown_safely(f"Note: {note}"), file=out)
    sample = _unused_name(folder)
    print(f"Next: intercoder sample {folder.argument} {sample} -n 100 --uncoded --coder YOUR-NAME", file=out)


def _unused_name(folder: StudyFolder) -> str:
    """A name for the next calibration sample."""
    from intercoder.stores.corpus.named_samples import sample_names
    from intercoder.stores.database import reading

    with reading(folder.engine) as connection:
        known = set(sample_names(connection, folder.study.id))
    names = chain(["calibration"], (f"calibration-{number}" for number in count(2)))
    return next(name for name in names if name not in known)
