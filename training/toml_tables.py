"""Tables of a study.toml, written in place of those that are there; all else stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from intercoder.formats.whole_files import whole_file
from intercoder.stores.lease import Lease
from intercoder.stores.study_folder import SETTINGS, StudyFolder

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.items import AoT, Table

Values: TypeAlias = Sequence[dict[str, Any]]
"""Tables: their keys and values."""


def rewritten(text: str, replace: Callable[[TOMLDocument], None]) -> str:
    """A file's content after something was replaced in it, with the line ends that it had."""
    import tomlkit

    document = tomlkit.parse(text)
    replace(document)
    written = document.as_string()
    return written.replace("\r\n", "\n").replace("\n", "\r\n") if "\r\n" in text else written


def tables(values: Values) -> AoT:
    """An array of tables, each with a header of its own; tables in them stand on one line."""
    import tomlkit

    found = tomlkit.aot()
    for one in values:
        table = tomlkit.table()
        for key, value in one.items():
            table.add(key, _inline_table(value) if isinstance(value, dict) else value)
        found.append(table)
    return found


def put_tables(place: Any, key: str, values: Values) -> None:
    """Put an array of tables in the place of one that is there, written in the same way; or where there is none.

    Args:
        place: What holds it: a document or a table (tomlkit).
        key: Its key.
        values: At least one table.
    """
    import tomlkit
    from tomlkit.items import AoT

    old = place.get(key)
    if old is None or isinstance(old, AoT):
        new = tables(values)
        for item in _after_keys(old[-1]) if old else ():
            new[-1].value.append(None, item)
        place[key] = new
        return
    # `coders = [{...}]`: tables in the middle of the file's own keys would take them in
    inline = tomlkit.array().multiline(True)
    for one in values:
        inline.append(_inline_table(one))
    place[key] = inline


def rewrite_settings(folder: StudyFolder, purpose: str, rewrite: Callable[[str, str], str]) -> Path:
    """Rewrite a study's study.toml: all of the new file or none of it.

    Args:
        folder: The study's.
        purpose: What is told to others who want to work on the study meanwhile.
        rewrite: The file's content and name in, its new content out.

    Returns:
        The file.

    Raises:
        StudyBusy: A run is going.
        InputError: The file cannot be written.
    """
    file = folder.path / SETTINGS
    with Lease(folder.engine, folder.study.id, purpose):
        written = rewrite(file.read_bytes().decode("utf-8"), str(file))
        with whole_file(file) as stream:
            stream.write(written)
    return file


def _after_keys(table: Table) -> list[Any]:
    """What follows a table's last key: blank lines, and comments that belong to what comes next."""
    from tomlkit.items import Table

    body = table.value.body
    last = max((place for place, (key, _) in enumerate(body) if key is not None), default=-1)
    inner = body[last][1] if last >= 0 else None
    within = _after_keys(inner) if isinstance(inner, Table) else []
    return [*within, *(item for _, item in body[last + 1 :])]


def _inline_table(values: dict[str, Any]) -> Any:
    import tomlkit

    table = tomlkit.inline_table()
    for key, value in values.items():
        table[key] = _inline_table(value) if isinstance(value, dict) else value
    return table
