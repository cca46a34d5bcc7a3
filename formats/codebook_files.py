"""A codebook as a file: read in any form, and codebook.yaml written so that nobody's edits are lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from intercoder.core.codebook import Codebook
from intercoder.core.codebooks.codebook_diff import diff
from intercoder.core.codebooks.codebook_drafts import Draft, completed
from intercoder.core.errors import InputError, IntercoderError, StudyError
from intercoder.formats.codebook_markdown import read_markdown, seen_in_markdown
from intercoder.formats.codebook_tables import read_csv, seen_in_cell
from intercoder.formats.codebook_yaml import to_yaml, updated_yaml
from intercoder.formats.codebook_yaml_reading import read_yaml
from intercoder.formats.decoding import find_text
from intercoder.formats.options import ReadReport
from intercoder.formats.whole_files import whole_file

Versions = Callable[[int | None], Codebook]
"""Gives a study's codebook version by its number, or the latest; raises StudyError where there is none."""


class ReadBook(NamedTuple):
    """A codebook that was read from a file."""

    base: Codebook
    """The version it was made from; an empty one numbered 0 where the study has none."""
    book: Codebook
    named: bool
    """Whether the file says which version it was made from."""


class Exported(NamedTuple):
    """Where a codebook was written, and what a person should know about it."""

    file: Path
    note: str = ""


def read_codebook(path: Path, versions: Versions) -> ReadBook:
    """Read a codebook: YAML, CSV or TSV, Markdown, by the file's ending.

    A file that names no version is compared with the latest one.

    Args:
        path: The file.
        versions: The study's versions.

    Raises:
        InputError: It cannot be read (file, line, code and remedy are told), or it was made from a version that
            the study does not have.
    """
    draft, seen = _draft(path)
    base = _base(draft, versions)
    return ReadBook(base, completed(draft, base, seen), draft.version is not None)


def export_beside(
    file: Path, book: Codebook, versions: Versions, *, imported: str | None = None, layout: str | None = None
) -> Exported:
    """Write a codebook as YAML. Comments and layout of the file that is there are kept.

    A file that cannot be read, whose layout cannot be kept, or that has edits which are in no version yet stays as
    it is: then the codebook is written beside it, as `codebook.new.yaml`, and a note says what to do.

    Args:
        file: The file, such as a study's codebook.yaml.
        book: What to write: the latest version.
        versions: The study's versions.
        imported: Content of the file whose edits are in the book already.
        layout: YAML whose comments and layout the file shall have in place of its own.
    """
    note = ""
    for candidate in _beside(file):
        reason = _reason_to_keep(candidate, book, versions, imported, layout)
        if not reason:
            with whole_file(candidate) as out:
                out.write(laid_out(candidate, book, layout))
            break
        note = note or reason
    if not note:
        _remove_unedited(file.with_name(f"{file.stem}.new{file.suffix}"), versions)
        return Exported(candidate)
    told = f"{file} {note}, so it was left as it is. Version {book.version} stands in {candidate}."
    return Exported(candidate, told)


def laid_out(file: Path, book: Codebook, layout: str | None = None) -> str:
    """The codebook as YAML, with the comments and layout of a text or else of the file, where they can be kept."""
    try:
        text = codebook_text(file) if layout is None and file.exists() else layout
    except InputError:
        text = None
    kept = None if text is None else _kept(text, book)
    return to_yaml(book) if kept is None else kept


def has_edits(file: Path, versions: Versions) -> bool:
    """Whether a codebook file is not what the version that it names says: it was edited, or cannot be read."""
    if not file.exists():
        return False
    try:
        read = read_codebook(file, versions)
    except IntercoderError:
        return True
    return bool(diff(read.base, read.book))


def is_yaml(file: Path) -> bool:
    """Whether a file is YAML by its ending."""
    return file.suffix.lower() in (".yaml", ".yml")


def codebook_text(file: Path) -> str:
    """A codebook file's text, in whatever encoding it is.

    Raises:
        InputError: It is missing, or no text.
    """
    with find_text(file, None, ReadReport()).open() as stream:
        return stream.read()


def _draft(path: Path) -> tuple[Draft, Callable[[str], tuple[str, ...]]]:
    ending = path.suffix.lower()
    if ending in (".csv", ".tsv"):
        return read_csv(path), seen_in_cell
    if ending in (".md", ".markdown"):
        return read_markdown(codebook_text(path), str(path)), seen_in_markdown
    if is_yaml(path):
        return read_yaml(codebook_text(path), str(path)), lambda text: (text,)
    raise InputError(
        "is not known as a codebook by its ending.", where=str(path), remedy="Known are: yaml, yml, csv, tsv, md."
    )


def _base(draft: Draft, versions: Versions) -> Codebook:
    try:
        latest = versions(None)
    except StudyError:
        return Codebook(version=0)
    if draft.version is None:
        return latest
    remedy = "To compare it with the latest version instead, take `version` and `hash` out of its head."
    try:
        base = versions(draft.version)
    except StudyError as error:
        raise InputError(
            f"was made from codebook version {draft.version}, which this study does not have.",
            where=draft.source,
            remedy=f"{error.remedy} {remedy}",
        ) from None
    if draft.hash and draft.hash != base.hash:
        raise InputError(
            f"was made from another codebook: version {base.version} of this study has the hash {base.hash}, "
            f"not {draft.hash}.",
            where=draft.source,
            remedy=remedy,
        )
    return base


def _beside(file: Path) -> Iterator[Path]:
    """The file, and the names that take its place where it must not be touched."""
    yield file
    yield file.with_name(f"{file.stem}.new{file.suffix}")
    number = 2
    while True:
        yield file.with_name(f"{file.stem}.new{number}{file.suffix}")
        number += 1


def _reason_to_keep(
    file: Path, book: Codebook, versions: Versions, imported: str | None, layout: str | None
) -> str:
    """Why a file must not be touched; empty if it may be."""
    if not file.exists():
        return ""
    try:
        text = codebook_text(file)
        read = read_codebook(file, versions)
    except IntercoderError as error:
        place = (error.where or "").removeprefix(str(file)).lstrip(":")
        return f"cannot be read ({place + ': ' if place else ''}{error.message.rstrip('.')})"
    taken_in = text == imported or any(not diff(one, read.book) for one in (read.base, book))
    if not taken_in:
        return f"has edits that were not imported (made from version {read.base.version})"
    return "" if layout is not None or _kept(text, book) is not None else "has a layout that cannot be kept"


def _kept(text: str, book: Codebook) -> str | None:
    """A file's text with the values of a book; None if it would not read as that book."""
    try:
        updated = updated_yaml(text, book)
        read = completed(read_yaml(updated, ""), book)
    except (ValueError, InputError):
        return None
    return updated if not diff(book, read) else None


def _remove_unedited(file: Path, versions: Versions) -> None:
    """Take an export away that nobody has edited and nobody needs any more."""
    try:
        if file.exists() and not has_edits(file, versions):
            file.unlink()
    except OSError:
        return
