"""The `[[deductive.coders]]` of a study.toml, written in place of those that are there; all else stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intercoder.core.deductive_settings import CLASSIFIER, DeductiveCoderSettings
from intercoder.core.errors import SettingsError
from intercoder.core.study import Study
from intercoder.core.study_toml import parse_study
from intercoder.stores.study_folder import StudyFolder
from intercoder.training.candidates import placed
from intercoder.training.toml_tables import Values, put_tables, rewrite_settings, rewritten, tables

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


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

    document = tomlkit.document()
    _begin(document, [_values(one, folder) for one in coders])
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
    before = parse_study(text, where)
    values = [_values(one, folder) for one in coders]
    written = rewritten(text, lambda document: _put(document, values))
    after = parse_study(written, where)
    expected = [_written(one, folder) for one in coders]
    if list(after.deductive.coders) != expected or _others(after) != _others(before):
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
    return rewrite_settings(
        folder, "distill", lambda text, where: with_deductive_coders(text, coders, folder.path, where)
    )


def _others(study: Study) -> dict[str, Any]:
    return study.model_dump(exclude={"deductive": {"coders"}})


def _put(document: TOMLDocument, values: Values) -> None:
    if "deductive" in document:
        put_tables(document["deductive"], "coders", values)
    else:
        _begin(document, values)


def _begin(document: TOMLDocument, values: Values) -> None:
    """At the end of the file, after whatever table is the last."""
    import tomlkit

    inner = tomlkit.table(is_super_table=True)
    inner["coders"] = tables(values)
    document["deductive"] = inner


def _values(coder: DeductiveCoderSettings, folder: Path) -> dict[str, Any]:
    """What is written of a coder: its name, and what is not as it would be anyway."""
    values = _written(coder, folder).model_dump(exclude_defaults=True)
    return {"name": coder.name, **{key: value for key, value in values.items() if key != "name"}}


def _written(coder: DeductiveCoderSettings, folder: Path) -> DeductiveCoderSettings:
    return coder.model_copy(update={"model": placed(coder.model, folder)})
