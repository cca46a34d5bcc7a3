"""The `[[deductive.coders]]` of a study.toml, written in place of those that are there; all else stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intercoder.core.errors import SettingsError
from intercoder.core.study import CLASSIFIER, DeductiveCoderSettings, Study
from intercoder.core.study_toml import parse_study
from intercoder.formats.whole_files import whole_file
from intercoder.stores.lease import Lease
from intercoder.stores.study_folder import SETTINGS, StudyFolder
from intercoder.training.candidates import placed
from intercoder.training.coder_tables import after_keys, inline_table

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.items import AoT


def coder_with(study: Study, classifier: str, *, alone: bool) -> DeductiveCoderSettings:
    """The coder that a classifier makes.

    Args:
        study: The settings as they are.
        classifier: Its name.
        alone: Whether it decides alone; else the first coder that asks a language model decides where the
            classifier is not confident. That coder keeps its name, and with it what it answered before.
    """
    if alone:
        return DeductiveCoderSettings(name=classifier, model=f"{CLASSIFIER}{classifier}")
    asking = next(one for one in study.deductive.coders if one.asks)
    return asking.model_copy(update={"classifier": classifier, "confidence": None})


def deductive_tables(coders: Sequence[DeductiveCoderSettings], folder: Path) -> str:
    """The coders as TOML, to be put into a study.toml in that folder."""
    import tomlkit

    inner = tomlkit.table(is_super_table=True)
    inner["coders"] = _tables(coders, folder)
    document = tomlkit.document()
    document["deductive"] = inner
    return document.as_string()


def with_deductive_coders(
    text: str, coders: Sequence[DeductiveCoderSettings], folder: Path, where: str = "study.toml"
) -> str:
    """A study.toml with other deductive coders.

    Comments and everything beside them stay as they are; comments inside a coder's table go with it.

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
    after = parse_study(written, where)
    if list(after.deductive.coders) != [_written(one, folder) for one in coders] or _others(after) != _others(
        before
    ):
        raise SettingsError(
            "its deductive coders cannot be replaced without touching something else.",
            where=where,
            remedy="Put them in by hand: without `--use` the command prints them.",
        )
    return written


def write_deductive_coders(folder: StudyFolder, coders: Sequence[DeductiveCoderSettings]) -> Path:
    """Write the coders into the study's study.toml: all of the new file or none of it.

    Returns:
        The file.

    Raises:
        StudyBusy: A run is going.
        SettingsError: See `with_deductive_coders`.
        InputError: The file cannot be written.
    """
    file = folder.path / SETTINGS
    with Lease(folder.engine, folder.study.id, "distill"):
        written = with_deductive_coders(file.read_bytes().decode("utf-8"), coders, folder.path, str(file))
        with whole_file(file) as stream:
            stream.write(written)
    return file


def _others(study: Study) -> dict[str, Any]:
    return study.model_dump(exclude={"deductive": {"coders"}})


def _replace(document: TOMLDocument, coders: Sequence[DeductiveCoderSettings], folder: Path) -> None:
    import tomlkit
    from tomlkit.items import AoT

    if "deductive" not in document:
        # At the end of the file, after whatever table is the last.
        inner = tomlkit.table(is_super_table=True)
        inner["coders"] = _tables(coders, folder)
        document["deductive"] = inner
        return
    deductive: Any = document["deductive"]
    new, old = _tables(coders, folder), deductive.get("coders")
    if isinstance(old, AoT) or old is None:
        for item in after_keys(old[-1]) if old else ():
            new[-1].value.append(None, item)
        deductive["coders"] = new
        return
    found = tomlkit.array().multiline(True)
    for coder in coders:
        found.append(inline_table(_values(coder, folder)))
    deductive["coders"] = found


def _tables(coders: Sequence[DeductiveCoderSettings], folder: Path) -> AoT:
    import tomlkit

    found = tomlkit.aot()
    for coder in coders:
        table = tomlkit.table()
        for key, value in _values(coder, folder).items():
            table.add(key, inline_table(value) if isinstance(value, dict) else value)
        found.append(table)
    return found


def _values(coder: DeductiveCoderSettings, folder: Path) -> dict[str, Any]:
    """What is written of a coder: its name, and what is not as it would be anyway."""
    values = _written(coder, folder).model_dump(exclude_defaults=True)
    return {"name": coder.name, **{key: value for key, value in values.items() if key != "name"}}


def _written(coder: DeductiveCoderSettings, folder: Path) -> DeductiveCoderSettings:
    return coder.model_copy(update={"model": placed(coder.model, folder)})
