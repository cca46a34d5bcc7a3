"""People's changes to the codebook of a study: files read in, versions undone, and where two people collide."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from intercoder.core.codebook import Codebook
from intercoder.core.codebooks.codebook_checks import check_book
from intercoder.core.codebooks.codebook_conflicts import Conflict, conflict_text, conflicts
from intercoder.core.codebooks.codebook_diff import diff
from intercoder.core.errors import InputError, StudyError
from intercoder.core.record import Record
from intercoder.core.revising.applying import apply
from intercoder.core.revisions import Revision, RevisionConflict
from intercoder.formats.codebook_files import ReadBook, codebook_text, has_edits, is_yaml, laid_out, read_codebook
from intercoder.formats.codebook_yaml import EMPTY
from intercoder.graphs.codebook.codebook_export import NAME, write_codebook
from intercoder.stores.codebooks.codebook_versions import list_versions
from intercoder.stores.codebooks.counted_codebooks import latest_codebook
from intercoder.stores.codebooks.revisions import newest, revise_by_hand, undo_to
from intercoder.stores.database import reading
from intercoder.stores.runs.runs import SqlStudyStore
from intercoder.stores.study_folder import StudyFolder


class CodebookConflict(InputError):
    """A file whose changes do not fit what others changed meanwhile; nothing of it is taken."""

    def __init__(self, found: list[Conflict], base: int, latest: int, *, where: str, remedy: str) -> None:
        places = "one place" if len(found) == 1 else f"{len(found)} places"
        texts = "\n".join(conflict_text(one, base, latest) for one in found)
        super().__init__(
            f"was made from version {base}, and differs from version {latest} in {places} that both changed. "
            f"Nothing was imported.\n{texts}",
            where=where,
            remedy=remedy,
        )
        self.conflicts = tuple(found)


class CodebookChange(Record):
    """What became of a codebook."""

    base: int
    """The version that the file was made from, or that was undone to."""
    before: Codebook
    """The latest version before; an empty book numbered 0 where there was none."""
    after: Codebook
    """The latest version now: the same where nothing changed."""
    revisions: tuple[Revision, ...] = ()
    file: str = ""
    """Where codebook.yaml was written."""
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether there is a new version."""
        return self.after.version != self.before.version


def take_in(
    folder: StudyFolder, file: Path, author: str, note: str = "", *, keep_layout: bool = False
) -> CodebookChange:
    """Make what people changed in a codebook file a new version.

    A file made from an older version keeps what others changed since, where the changes fit together.

    Args:
        folder: The study.
        file: The codebook: YAML, CSV or Markdown.
        author: Who changed it.
        note: Why.
        keep_layout: Whether codebook.yaml shall have the comments and the layout of the file.

    Raises:
        InputError: The file cannot be read; see `read_codebook`.
        CodebookConflict: Others changed the same meanwhile.
    """
    read = read_codebook(file, lambda number: latest_codebook(folder.engine, folder.study.id, number))
    before = latest_or_empty(folder)
    revisions = _new_to(read, before)
    if not revisions:
        change = CodebookChange(base=read.base.version, before=before, after=before)
        return exported(folder, change, file, keep_layout=keep_layout)
    try:
        check_book(apply(before, revisions), before, lambda code_id, field: str(file))
        after = revise_by_hand(folder.engine, folder.study.id, revisions, author, note)
    except RevisionConflict:
        raise _conflict(folder, read, file) from None
    made = tuple(diff(before, after))
    notes = _remarks(read, before, made)
    change = CodebookChange(base=read.base.version, before=before, after=after, revisions=made, notes=notes)
    return exported(folder, change, file, keep_layout=keep_layout)


def start_from_run(folder: StudyFolder, run_id: str, author: str) -> CodebookChange:
    """Make the codebook that a run found the latest version.

    Raises:
        StudyError: There is no such run, or it made no codebook.
    """
    run = SqlStudyStore(folder.engine, folder.study.id).run(run_id)
    made = [one.book.version for one in list_versions(folder.engine, folder.study.id) if one.book.run == run.id]
    if not made:
        raise StudyError(
            f"run `{run_id}` made no codebook.", remedy=f"See `intercoder status {folder.argument}` for the runs."
        )
    return undo(folder, author, made[-1])


def undo(folder: StudyFolder, author: str, version: int | None = None) -> CodebookChange:
    """Make a new version equal to an old one, and write codebook.yaml; see `go_back`."""
    return exported(folder, go_back(folder, author, version))


def go_back(
    folder: StudyFolder, author: str, version: int | None = None, *, seen: int | None = None
) -> CodebookChange:
    """Make a new version equal to an old one; nothing is deleted.

    Args:
        folder: The study.
        author: Who undoes.
        version: The old one; by default the one before the latest change. Undone again, the change before that
            is undone.
        seen: The version that they take for the latest; by default the one that is.

    Raises:
        StudyError: There is no such version, none before the latest, or somebody made one meanwhile.
    """
    before = latest_codebook(folder.engine, folder.study.id)
    if version is None:
        version = before_latest([one.book for one in list_versions(folder.engine, folder.study.id)])
        if not version:
            raise StudyError("there is no version before this one.", remedy="There is nothing to undo.")
    old = latest_codebook(folder.engine, folder.study.id, version)
    if not diff(before, old) and before.codes == old.codes:
        return CodebookChange(base=version, before=before, after=before)
    latest = before.version if seen is None else seen
    after = undo_to(folder.engine, folder.study.id, version, author, latest=latest)
    made = tuple(diff(before, after))
    notes = (f"It equals version {version}.",)
    return CodebookChange(base=version, before=before, after=after, revisions=made, notes=notes)


def before_latest(books: Sequence[Codebook]) -> int:
    """Number of the version before the latest change that stands; 0 if there is none.

    A version that equals the one before the change before it undid that change: both are passed over.
    """
    standing: list[Codebook] = []
    for book in books:
        if len(standing) > 1 and standing[-2].hash == book.hash:
            standing.pop()
        else:
            standing.append(book)
    return standing[-2].version if len(standing) > 1 else 0


def latest_or_empty(folder: StudyFolder) -> Codebook:
    """The latest version; an empty book numbered 0 where there is none."""
    with reading(folder.engine) as connection:
        return newest(connection, folder.study.id)


def two_versions(folder: StudyFolder, first: int | None, second: int | None) -> tuple[Codebook, Codebook]:
    """Two versions to compare: by default the newest, and the one before the other.

    Raises:
        StudyError: There is no such version.
    """
    latest = latest_codebook(folder.engine, folder.study.id, second)
    if first is None:
        earlier = [
            one.book for one in list_versions(folder.engine, folder.study.id) if one.book.version < latest.version
        ]
        return (earlier[-1] if earlier else Codebook(version=0)), latest
    return latest_codebook(folder.engine, folder.study.id, first), latest


def editable_text(folder: StudyFolder) -> tuple[str, str]:
    """The latest codebook as YAML for a person to edit, with the comments of codebook.yaml; and a note if any."""
    if not list_versions(folder.engine, folder.study.id):
        return EMPTY, ""
    file = folder.path / NAME

    def versions(number: int | None) -> Codebook:
        return latest_codebook(folder.engine, folder.study.id, number)

    note = ""
    if has_edits(file, versions):
        note = (
            f"{file} has edits that were not imported; they are not in what you edit now. "
            f"To have them: intercoder codebook import {folder.argument} {shlex.quote(str(file))}"
        )
    return laid_out(file, versions(None)), note


def _new_to(read: ReadBook, latest: Codebook) -> list[Revision]:
    """What the file changed and the latest version does not say yet."""
    if not diff(latest, read.book):
        return []
    revisions = diff(read.base, read.book)
    try:
        return revisions if diff(latest, apply(latest, revisions)) else []
    except RevisionConflict:
        return revisions


def _remarks(read: ReadBook, before: Codebook, made: Sequence[Revision]) -> tuple[str, ...]:
    """What a person may not expect of an import."""
    base, last = read.base.version, before.version
    dropped = sum(revision.kind == "drop" for revision in made)
    if dropped and not read.named:
        codes = (
            "1 code that it does not have was" if dropped == 1 else f"{dropped} codes that it does not have were"
        )
        return (f"The file names no version, so it was compared with version {last}: {codes} dropped.",)
    if read.named and base < last:
        between = f"version {last}" if base + 1 == last else f"versions {base + 1} to {last}"
        return (f"The file was made from version {base}; what {between} changed is kept.",)
    return ()


def _conflict(folder: StudyFolder, read: ReadBook, file: Path) -> CodebookConflict:
    history = [(one.book, one.by) for one in list_versions(folder.engine, folder.study.id, read.base.version)]
    latest = history[-1][0].version if history else read.base.version
    return CodebookConflict(
        conflicts(read.base, read.book, history),
        read.base.version,
        latest,
        where=str(file),
        remedy=f"Write there what version {latest} says and import the file again; then change these places with "
        f"`intercoder codebook edit {folder.argument}`.",
    )


def exported(
    folder: StudyFolder, change: CodebookChange, file: Path | None = None, *, keep_layout: bool = False
) -> CodebookChange:
    """The change with codebook.yaml written. If that is the file that was read, its edits are in."""
    if not change.after.version:
        return change
    own = folder.path / NAME
    text = codebook_text(file) if file is not None and is_yaml(file) else None
    layout = text if keep_layout or not own.exists() else None
    imported = text if file is not None and file.resolve() == own.resolve() else None
    done = write_codebook(folder, imported=imported, layout=layout)
    notes = (*change.notes, *filter(None, [done.note]))
    return change.model_copy(update={"file": str(done.file), "notes": notes})
