"""Answering revisions from the command line, and the file that answers them without a person at hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from intercoder.cli.codebooks.revision_lists import as_json, print_next
from intercoder.cli.output import print_json, typed
from intercoder.core.errors import InputError
from intercoder.core.revising.revision_words import brief_change, subject
from intercoder.core.shown import counted, one_line
from intercoder.formats.revision_forms import form, read_form
from intercoder.graphs.codebook.answering import answer_revision, answer_revisions, waiting_revisions

if TYPE_CHECKING:
    from intercoder.core.codebook import Code
    from intercoder.core.revisions import RecordedRevision, Revision
    from intercoder.stores.study_folder import StudyFolder


def answer(
    folder: StudyFolder,
    numbers: Sequence[int],
    said: Literal["approve", "reject"],
    *,
    by: str,
    note: str,
    json: bool,
) -> None:
    """Approve or reject revisions: all of them, or none where one cannot take the answer."""
    print_answered(folder, answer_revisions(folder, numbers, said, by=by, note=note), json=json)


def edit(
    folder: StudyFolder,
    one: RecordedRevision,
    text: str | None,
    file: Path | None,
    *,
    by: str,
    note: str,
    json: bool,
) -> None:
    """Approve a revision in other words: the text given, the file's, or what a person leaves in their editor."""
    if text is not None and file is not None:
        raise InputError("give one of the two.", where="--text, --file", remedy="Leave the other out.")
    # What nobody waits for need not be edited first.
    if one.status != "waiting" and text is None and file is None:
        _refuse(one)
    if text is None and file is None:
        answered = _from_editor(folder, one, by, note)
    else:
        after = _given(one.revision, text, file)
        answered = answer_revision(folder, one.number, "edit", by=by, note=note, after=after)
    print_answered(folder, [answered], json=json)


def export(folder: StudyFolder, file: Path, by: str) -> None:
    """Write an answers file with all revisions that wait, commented out."""
    from intercoder.cli.studies.exporting import spare_the_study
    from intercoder.formats.answers_files import answers_template
    from intercoder.formats.whole_files import whole_file

    spare_the_study(folder, file)
    if file.is_file():
        raise InputError(
            "there is such a file, perhaps with answers in it.",
            where=str(file),
            remedy="Name another file.",
        )
    waiting = waiting_revisions(folder)
    title = f"Answers to revisions of {folder.path.name}: take the # away and fill in."
    template = answers_template([(one, _summary(one)) for one in waiting], by, title)
    with whole_file(file) as out:
        out.write(template)
    print(f"{file}: {counted(len(waiting), 'revision')} to answer.")
    print(f"Next: intercoder run codevelop {folder.argument} --answers {typed(file)}")


def print_answered(folder: StudyFolder, answered: Sequence[RecordedRevision], *, json: bool) -> None:
    """What was recorded, how many revisions wait still, and what to type next."""
    if json:
        for one in answered:
            print_json(as_json(one))
        return
    for one in answered:
        by = one.answer.by if one.answer else ""
        print(f"Revision {one.number} is {one.status} by {one_line(by)}: {_what(one)}")
    print_next(folder, waiting_revisions(folder))


def _what(one: RecordedRevision) -> str:
    return f"{one_line(subject(one), 60)}, {brief_change(one.settled)}"


def _refuse(one: RecordedRevision) -> None:
    from intercoder.core.revising.approvals import answered_before

    if one.dropped:
        raise InputError(f"revision {one.number} was dropped: {one.dropped}", remedy="Edit the codebook by hand.")
    raise answered_before(one)


def _given(revision: Revision, text: str | None, file: Path | None) -> tuple[Code, ...]:
    from intercoder.core.revising.revision_edits import edited

    return read_form(_content(file), revision, str(file)) if file is not None else edited(revision, text or "")


def _content(file: Path) -> str:
    from intercoder.formats.files import check_file, told

    with told(file):
        check_file(file)
        try:
            return file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise InputError("the file is not UTF-8.", where=str(file), remedy="Save it as UTF-8.") from None


def _from_editor(folder: StudyFolder, one: RecordedRevision, by: str, note: str) -> RecordedRevision:
    """Record what a person makes of the codes in their editor; what cannot be taken is kept in a file."""
    from intercoder.cli.codebooks.codebook_changes import again
    from intercoder.cli.codebooks.codebook_editing import edit_until_read

    def read(copy: Path) -> RecordedRevision:
        after = read_form(_content(copy), one.revision, copy.name)
        return answer_revision(folder, one.number, "edit", by=by, note=note, after=after)

    text = form(one.revision, _comments(one.revision, one.number))
    answered = edit_until_read(text, read, again, f"revision-{one.number}.yaml")
    if answered is None:
        raise InputError(
            "nothing was edited, so nothing is recorded.",
            remedy=f"As it stands, approve it: `intercoder revisions {folder.argument} approve {one.number}`.",
        )
    return answered


def _comments(revision: Revision, number: int) -> list[str]:
    """What stands above the form that a person edits."""
    told = [f"Revision {number}: {brief_change(revision)}"]
    if revision.rationale:
        told.append(f"Why: {one_line(revision.rationale, 300)}")
    return [*told, "Change the texts, save and close. Saved as it is, nothing is recorded."]


def _summary(one: RecordedRevision) -> list[str]:
    """What an answers file says of a revision."""
    lines = [f"Revision {one.number}, {one_line(subject(one), 60)}: {brief_change(one.revision, 300)}"]
    return [*lines, f"Why: {one_line(one.revision.rationale, 300)}"] if one.revision.rationale else lines
