"""Which keys of the revisions' screen do not apply now, and why not."""

from __future__ import annotations

from intercoder.core.revising.revision_edits import editable
from intercoder.core.shown import one_line
from intercoder.graphs.codebook.draft_words import waiting_drafts
from intercoder.graphs.codebook.drafting import Queued, Review

ANSWERS = ("approve", "edit", "reject")
NAME = 40
"""Characters of a person's name."""


def refusal(action: str, state: Review, queued: Queued | None, by: str) -> str:
    """Why an action of the screen does not apply; empty where it does.

    Args:
        action: Its name.
        state: What there is to answer.
        queued: The revision under the cursor.
        by: Who looks.
    """
    drafts = waiting_drafts(state.queue)
    if action == "undo":
        return "" if by in drafts else "You have no draft to take back."
    if action == "confirm":
        return "" if drafts or state.pending else "Nobody has drafted an answer yet."
    if queued is None:
        return "No revision is shown."
    return _answering(action, queued) if action in ANSWERS else ""


def _answering(action: str, queued: Queued) -> str:
    one, revision = queued.recorded, queued.recorded.revision
    if one.answer is not None:
        return f"Revision {one.number} is answered: {one.status} by {one_line(one.answer.by, NAME)}."
    if one.status != "waiting":
        return f"Revision {one.number} waits for no answer: it was {one.status}."
    if action == "edit" and (revision.kind == "move" or not editable(revision)):
        return f"Revision {one.number} has no words to edit: approve or reject it."
    return ""
