"""The `[[coders]]` of a study.toml, written in place of those that are there; all else stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intercoder.core.errors import SettingsError
from intercoder.core.shown import counted
from intercoder.core.study import CoderSettings, Study
from intercoder.core.study_toml import parse_study
from intercoder.formats.whole_files import whole_file
from intercoder.stores.lease import Lease
from intercoder.stores.study_folder import SETTINGS, StudyFolder
from intercoder.training.candidates import placed

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.items import AoT, Table


def coder_tables(coders: Sequence[CoderSettings], folder: Path) -> str:
    """The coders as TOML, to be put into a study.toml in that folder."""
    import tomlkit

    document = tomlkit.document()
    document["coders"] = _tables(coders, folder)
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
    import tomlkit

    before = parse_study(text, where)
    document = tomlkit.parse(text)
    _replace(document, coders, folder)
    written = document.as_string()
    if "\r\n" in text:
        written = written.replace("\r\n", "\n").replace("\n", "\r\n")
    expected = [_written(coder, folder) for coder in coders]
    after = parse_study(written, where)
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
    file = folder.path / SETTINGS
    with Lease(folder.engine, folder.study.id, "select"):
        text = file.read_bytes().decode("utf-8")
        written = with_coders(text, coders, folder.path, str(file))
        with whole_file(file) as stream:
            stream.write(written)
    notes = [f"{file}: {counted(len(coders), 'coder')} written, {', '.join(coder.name for coder in coders)}."]
    before, after = parse_study(text).coders[0].model, parse_study(written).coders[0].model
    if before != after:
        notes.append(f"Where study.toml names no model for another agent, it is the first coder's: now {after}.")
    return notes


def _others(study: Study) -> dict[str, Any]:
    return study.model_dump(exclude={"coders"})


def _replace(document: TOMLDocument, coders: Sequence[CoderSettings], folder: Path) -> None:
    from tomlkit.items import AoT

    old = document["coders"]
    new = _tables(coders, folder)
    if not isinstance(
        old, AoT
    ):  # `coders = [{...}]`: tables in the middle of the file's own keys would take them in
        document["coders"] = _inline(coders, folder)
        return
    last = new[-1]
    for item in after_keys(old[-1]):
        last.value.append(None, item)
    document["coders"] = new


def after_keys(table: Table) -> list[Any]:
    """What follows a table's last key: blank lines, and comments that belong to what comes next."""
    from tomlkit.items import Table

    body = table.value.body
    last = max((place for place, (key, _) in enumerate(body) if key is not None), default=-1)
    inner = body[last][1] if last >= 0 else None
    within = after_keys(inner) if isinstance(inner, Table) else []
    return [*within, *(item for _, item in body[last + 1 :])]


def _tables(coders: Sequence[CoderSettings], folder: Path) -> AoT:
    import tomlkit

    found = tomlkit.aot()
    for coder in coders:
        table = tomlkit.table()
        for key, value in _values(coder, folder).items():
            table.add(key, inline_table(value) if isinstance(value, dict) else value)
        found.append(table)
    return found


def _inline(coders: Sequence[CoderSettings], folder: Path) -> Any:
    import tomlkit

    found = tomlkit.array().multiline(True)
    for coder in coders:
        found.append(inline_table(_values(coder, folder)))
    return found


def inline_table(values: dict[str, Any]) -> Any:
    """Values as a table on one line, tables in it too."""
    import tomlkit

    table = tomlkit.inline_table()
    for key, value in values.items():
        table[key] = inline_table(value) if isinstance(value, dict) else value
    return table


def _values(coder: CoderSettings, folder: Path) -> dict[str, Any]:
    """What is written of a coder: all but a weight that says nothing."""
    values = _written(coder, folder).model_dump(exclude=None if coder.weight != 1 else {"weight"})
    first = ("name", "model", "prompt", "shots", "ending", "seed", "sampling")
    return {key: values[key] for key in (*first, *(key for key in values if key not in first))}


def _written(coder: CoderSettings, folder: Path) -> CoderSettings:
    return coder.model_copy(update={"model": placed(coder.model, folder)})
