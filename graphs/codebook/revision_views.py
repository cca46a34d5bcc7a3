"""What people look at before they answer: how much a revision costs, and what a round found out code by code."""

from __future__ import annotations

from collections.abc import Sequence

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_diff import affected
from intercoder.core.coding.findings import CodeFindings, Excerpt
from intercoder.core.errors import StudyError
from intercoder.core.protocols import Run
from intercoder.core.record import Record
from intercoder.core.revising.applying import apply
from intercoder.core.revisions import RecordedRevision, RevisionConflict
from intercoder.core.shown import counted
from intercoder.graphs.deductive.findings import gather_findings
from intercoder.stores.codebooks.development import SqlDevelopmentStore
from intercoder.stores.codebooks.revision_evidence import read_evidence
from intercoder.stores.codebooks.revisions import newest
from intercoder.stores.database import reading
from intercoder.stores.runs.decision_counts import StandingCounts, count_standing
from intercoder.stores.runs.runs import list_runs
from intercoder.stores.study_folder import StudyFolder

PASSAGES = 12
"""Passages on a code's page."""


class Recoding(Record):
    """What an approved revision lets be coded again; of each coder."""

    codes: tuple[str, ...]
    """Ids of the codes that are coded again, in the version that it would make."""
    of_codes: int
    """Codes that segments are coded for in that version."""
    segments: int
    """Segments of the sample."""
    decisions: int
    """Decisions that are made again."""
    of_decisions: int
    """Decisions of a whole round."""


class DevelopmentPages(Record):
    """What the latest round of a codebook's development found out."""

    run: Run
    book: Codebook
    findings: tuple[CodeFindings, ...]
    """In the order of the book."""


def recoding(folder: StudyFolder, one: RecordedRevision) -> Recoding | None:
    """How many of the sample's decisions a revision lets be coded again; None where it does not fit any more."""
    with reading(folder.engine) as connection:
        book = newest(connection, folder.study.id)
    run = SqlDevelopmentStore(folder.engine, folder.study.id).run(one.revision.run) if one.revision.run else None
    try:
        after = apply(book, [one.settled])
    except RevisionConflict:
        return None
    codes = affected(book, after)
    segments, leaves = (run.total if run else 0), len(after.leaves)
    each = (1 if codes else 0, 1) if after.exclusive else (len(codes), leaves)
    return Recoding(
        codes=codes,
        of_codes=leaves,
        segments=segments,
        decisions=segments * each[0],
        of_decisions=segments * each[1],
    )


class Details(Record):
    """What is read from the study about one revision."""

    excerpts: tuple[Excerpt, ...]
    """The passages it rests on."""
    cost: str = ""
    """What approving it bears on, in a sentence; empty where nobody may approve it."""


def revision_details(folder: StudyFolder, one: RecordedRevision, *, cost: bool) -> Details:
    """The evidence of a revision, and if wanted what approving it bears on."""
    excerpts = tuple(read_evidence(folder.engine, folder.study.id, one.revision))
    return Details(excerpts=excerpts, cost=cost_words(touched(folder, one), recoding(folder, one)) if cost else "")


def cost_words(counts: StandingCounts, again: Recoding | None) -> str:
    """What approving a revision bears on, in one sentence."""
    about = (
        f"touches {counted(counts.decisions, 'decision')} ({counts.yes:,} Yes, {counts.no:,} No"
        f"{f', {counts.unsure:,} unsure' if counts.unsure else ''}) on {counted(counts.segments, 'segment')}"
        if counts.decisions
        else "touches no decision"
    )
    if again is None:
        return f"{about}; does not fit the codebook any more"
    if not again.decisions:
        return f"{about}; nothing is coded again"
    return f"{about}; lets {again.decisions:,} of {again.of_decisions:,} be coded again by each coder"


def development_pages(folder: StudyFolder, names: Sequence[str] = ()) -> DevelopmentPages:
    """The pages of the latest development round: those of codes named by label or id, or of all.

    Raises:
        StudyError: No codebook was developed yet.
        InputError: A name is no code's.
    """
    from intercoder.graphs.deductive.deductive_jobs import named_code

    run = latest_development(folder)
    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    book = store.book(run.id)
    codes: Sequence[Code] = [named_code(book, name, "CODE") for name in names] or book.leaves
    found = gather_findings(store, run.id, [code.id for code in codes], PASSAGES)
    return DevelopmentPages(run=run, book=book, findings=tuple(found[code.id] for code in codes))


def latest_development(folder: StudyFolder) -> Run:
    """The latest run that develops the codebook.

    Raises:
        StudyError: There is none.
    """
    runs = [run for run in list_runs(folder.engine, folder.study.id) if run.graph == "codevelop"]
    if not runs:
        raise StudyError(
            "no codebook was tried on a sample yet.",
            remedy=f"Try the latest: `intercoder run codevelop {folder.argument}`.",
        )
    return runs[-1]


def touched(folder: StudyFolder, one: RecordedRevision) -> StandingCounts:
    """The decisions of coders and moderators that stand about the codes of a revision, in its run.

    Of what people changed themselves, those of the latest development run.
    """
    runs = {run.id: run for run in list_runs(folder.engine, folder.study.id) if run.graph == "codevelop"}
    run = runs.get(one.revision.run) or next(reversed(runs.values()), None)
    if run is None:
        return StandingCounts()
    with reading(folder.engine) as connection:
        whole = one.revision.kind in ("settings", "order")
        codes = newest(connection, folder.study.id).codes if whole else one.revision.before
        return count_standing(connection, folder.study.id, run, [code.id for code in codes])
