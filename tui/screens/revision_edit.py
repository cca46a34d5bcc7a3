"""A revision in other words: a form with a field for each thing that the edit may change."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from intercoder.core.codebook import Code
from intercoder.core.errors import InputError
from intercoder.core.revising.revision_words import subject
from intercoder.core.shown import one_line
from intercoder.formats.revision_fields import FormField, code_fields, form_fields, read_fields
from intercoder.graphs.codebook.drafting import Queued, check_draft, draft_answer
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.screens.form import Form, Texts

NOTE = "note"


def edit_form(folder: StudyFolder, queued: Queued, by: str, clock: Callable[[], str]) -> Form:
    """A form that drafts the edit; where the person edited the revision before, it begins with that.

    Args:
        folder: The study.
        queued: The revision.
        by: Who edits.
        clock: Present time.
    """
    number, revision = queued.recorded.number, queued.recorded.revision
    draft = queued.draft.answer if queued.draft and queued.draft.answer.by == by else None
    fields = form_fields(revision, draft.after if draft else ())
    parts = [list(group) for _, group in groupby(fields, lambda field: field.key.partition(".")[0])]
    said = draft.note if draft and draft.answer == "edit" else ""

    def read(texts: Texts) -> tuple[Code, ...]:
        return read_fields(revision, {key: text for key, text in texts.items() if key != NOTE})

    def check(texts: Texts) -> None:
        check_draft(folder, number, "edit", by=by, after=read(texts))

    async def do(texts: Texts) -> bool:
        after = read(texts)
        if after == revision.after:
            raise InputError("nothing was edited.", remedy="Leave with escape, and approve it with a.")
        draft_answer(folder, number, "edit", by=by, at=clock(), note=texts[NOTE].strip(), after=after)
        return True

    def further(place: int) -> list[FormField]:
        return code_fields(revision, Code(id="", label=""), place)

    return Form(
        f"Edit revision {number}: {one_line(subject(queued.recorded), 60)}",
        parts,
        check,
        do,
        last=[FormField(key=NOTE, name="Note", hint="why, if you like", text=said, lines=1)],
        further=further if revision.kind == "split" else None,
    )
