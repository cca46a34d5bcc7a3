"""Which of the reviser's proposals people are asked about (methods, section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.core.codebooks.codebook_checks import check_book, folded
from intercoder.core.errors import IntercoderError
from intercoder.core.identity import make_id
from intercoder.core.protocols import Run
from intercoder.core.revising.applying import apply
from intercoder.core.revisions import FIELDS, LISTS, Revision, RevisionConflict
from intercoder.graphs.deductive.deductive_context import Proposal


def sift(
    run: Run, book: Codebook, proposals: Iterable[Proposal], rejected: Sequence[Revision], decisions: Set[str]
) -> tuple[list[Revision], dict[str, str]]:
    """Number a round's proposals, and say of those that nobody need look at why.

    Args:
        run: The run in its round.
        book: The codebook they were made for.
        proposals: In the order of the book's codes.
        rejected: What people rejected before, or put in other words.
        decisions: Ids of the decisions that may serve as evidence.

    Returns:
        All revisions with ids, and by id why one is dropped: it cannot be used, rests on nothing, changes nothing,
        would break the book, was rejected before, or is proposed twice. The same words in other capitals or with
        other spaces are the same; a rule that people rejected stays rejected when rules beside it change.
    """
    revisions: list[Revision] = []
    dropped: dict[str, str] = {}
    refused = {_gist(one) for one in rejected}
    seen: set[object] = set()
    for place, proposal in enumerate(proposals):
        own = {
            "id": make_id("r", run.id, run.round, place),
            "run": run.id,
            "round": run.round,
            "base_version": book.version,
        }
        revision = proposal.revision.model_copy(update=own)
        revisions.append(revision)
        problem = proposal.problem or _without_evidence(revision, decisions) or _useless(book, revision)
        if not problem and _gist(revision) in refused:
            problem = "people rejected the same change before."
        if not problem and _gist(revision) in seen:
            problem = "the same change is proposed twice."
        if problem:
            dropped[revision.id] = problem
        else:
            seen.add(_gist(revision))
    return revisions, dropped


def _gist(revision: Revision) -> object:
    """What a revision comes to, whatever its code looks like by now: a rule more, a new definition.

    Changes that reshape a code count as the same only while the code is the same.
    """
    if revision.kind not in FIELDS:
        return revision.content
    was, becomes = revision.before[0], revision.after[0]
    return (revision.kind, was.id, *(_change(was, becomes, name) for name in FIELDS[revision.kind]))


def _change(was: Code, becomes: Code, name: str) -> object:
    old, new = getattr(was, name), getattr(becomes, name)
    if name not in LISTS:
        return new if name == "pattern" else folded(new)
    before, after = (frozenset(map(_item, side)) for side in (old, new))
    return after - before, before - after


def _says_again(revision: Revision) -> bool:
    """Whether all that it adds to a code stands in the code's definition or in a rule already."""
    if revision.kind not in FIELDS or FIELDS[revision.kind][0] not in LISTS:
        return False
    was, becomes = revision.before[0], revision.after[0]
    field = FIELDS[revision.kind][0]
    added = {_item(item) for item in getattr(becomes, field)} - {_item(item) for item in getattr(was, field)}
    said = {folded(text) for text in (was.label, was.definition, *was.include, *was.exclude)}
    return bool(added) and added <= said


def _item(item: str | CodeExample) -> str:
    return folded(item.text if isinstance(item, CodeExample) else item)


def _without_evidence(revision: Revision, decisions: Set[str]) -> str:
    if not revision.evidence:
        return "it cites no evidence."
    unknown = [one for one in revision.evidence if one not in decisions]
    return f"it cites decisions that do not exist: {', '.join(unknown)}." if unknown else ""


def _useless(book: Codebook, revision: Revision) -> str:
    try:
        after = apply(book, [revision])
    except RevisionConflict as conflict:
        return f"it does not fit the codebook: {conflict.message}"
    if after.hash == book.hash or _says_again(revision):
        return "it changes nothing."
    try:
        check_book(after, before=book)
    except IntercoderError as error:
        return f"it would break the codebook: {error.message}"
    return ""
