"""The `[[coders]]` of a study.toml, written in place of those that are there; all else stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from intercoder.core.agent_settings import CoderSettings
from intercoder.core.errors import SettingsError
from intercoder.core.shown import counted
from intercoder.core.study import Study
from intercoder.core.study_toml import parse_study
from intercoder.stores.study_folder import StudyFolder
from intercoder.training.candidates import placed
from intercoder.training.toml_tables import put_tables, rewrite_settings, rewritten, tables


def coder_tables(coders: Sequence[CoderSettings], folder: Path) -> str:
    """The coders as TOML, to be put into a study.toml in that folder."""
    import tomlkit

    document = tomlkit.document()
    document["coders"] = tables([_values(coder, folder) for coder in coders])
    return document.as_string()


def with_coders(text: str, coders: Sequence[CoderSettings], folder: Path, where: str = "study.toml") -> str:
    """A study.toml with other coders.

    Comments and everything beside the coders stay as they are; comments inside a coder's table go with it.

    Args:
        text: The file's content.
        coders: The new coders.
        folder: The study's folder; adapters in it are named relative to it.
        where: Name of the file, for errors.

    Raises:
        SettingsError: The file or the new settings are not valid, or it is written in a way in which coders
            cannot be replaced.
    """
    before = parse_study(text, where)
    values = [_values(coder, folder) for coder in coders]
    written = rewritten(text, lambda document: put_tables(document, "coders", values))
    after = parse_study(written, where)
    expected = [_written(coder, folder) for coder in coders]
    if list(after.coders) != expected or _others(after) != _others(before):
        raise SettingsError(
            "its coders cannot be replaced without touching something else.",
            where=where,
            remedy="Put the coders in by hand: without `--write` the command prints them.",
        )
    return written


def write_coders(folder: StudyFolder, coders: Sequence[CoderSettings]) -> list[str]:
    """Write the coders into the study's study.toml: all of the new file or none of it.

    Returns:
        What a person should know: what else answers with the first coder's model.

    Raises:
        StudyBusy: A run is going.
        SettingsError: See `with_coders`.
        InputError: The file cannot be written.
    """
    models: list[str] = []

    def rewrite(text: str, where: str) -> str:
        written = with_coders(text, coders, folder.path, where)
        models.extend(parse_study(one).coders[0].model for one in (text, written))
        return written

    file = rewrite_settings(folder, "select", rewrite)
    notes = [f"{file}: {counted(len(coders), 'coder')} written, {', '.join(coder.name for coder in coders)}."]
    before, after = models
    if before != after:
        notes.append(f"Where study.toml names no model for another agent, it is the first coder's: now {after}.")
    return notes


def _others(study: Study) -> dict[str, Any]:
    return study.model_dump(exclude={"coders"})


def _values(coder: CoderSettings, folder: Path) -> dict[str, Any]:
    """What is written of a coder: all but a weight that says nothing."""
    values = _written(coder, folder).model_dump(exclude=None if coder.weight != 1 else {"weight"})
    first = ("name", "model", "prompt", "shots", "ending", "seed", "sampling")
    return {key: values[key] for key in (*first, *(key for key in values if key not in first))}


def _written(coder: CoderSettings, folder: Path) -> CoderSettings:
    return coder.model_copy(update={"model": placed(coder.model, folder)})
