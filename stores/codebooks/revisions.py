"""Revisions in the database: proposals, people's answers, and the codebook versions made of them.

The store is the authority on answers: one a revision, the first stands. Nothing is updated in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_checks import check_book
from intercoder.core.decisions import Provenance
from intercoder.core.errors import StudyError
from intercoder.core.identity import make_id
from intercoder.core.revising.applying import apply
from intercoder.core.revising.approvals import answered_before, check_answer, settle
from intercoder.core.revisions import RecordedRevision, Revision, RevisionAnswer
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import (
    complete_versions,
    copy_version,
    read_version,
    reserve_version,
    write_version,
)
from intercoder.stores.database import insert_new, now, reading, writing

CONTENT = {"before", "after", "settings_before", "settings_after", "order_before", "order_after"}
"""Fields of a revision that are kept together as JSON."""


def revise_by_hand(
    engine: Engine, study_id: str, revisions: Sequence[Revision], author: str, note: str = ""
) -> Codebook:
    """Apply a person's changes to the latest version, in one transaction; each is a revision with its author.

    Args:
        engine: The study's database.
        study_id: The study.
        revisions: What changes, in order; not empty.
        author: The person.
        note: Why.

    Returns:
        The new version.

    Raises:
        RevisionConflict: A revision does not fit the latest version; nothing is written.
        InputError: The version could not be coded with (see `check_book`); nothing is written.
    """
    with writing(engine) as connection:
        before = newest(connection, study_id)
        after = apply(before, revisions)
        check_book(after, before)
        version = reserve_version(connection, study_id, "", 1, author=author)
        write_version(connection, study_id, version, after.codes, before, author, settings=after)
        owned = [
            one.model_copy(
                update={
                    "id": make_id("r", version, place),
                    "author": author,
                    "rationale": note or one.rationale,
                    "base_version": before.version,
                }
            )
            for place, one in enumerate(revisions)
        ]
        _insert(connection, study_id, owned, {})
        answers = [RevisionAnswer(revision_id=one.id, answer="approve", note=note, by=author) for one in owned]
        insert_new(connection, schema.revision_answers, [_answer_row(study_id, one) for one in answers])
        _write_history(connection, study_id, version, {one.id: "" for one in owned})
        return read_version(connection, study_id, version)


def undo_to(engine: Engine, study_id: str, version: int, author: str, *, latest: int) -> Codebook:
    """Make a new version equal to an old one; nothing is deleted.

    Args:
        engine: The study's database.
        study_id: The study.
        version: The old one.
        author: Who undoes.
        latest: Number of the version that they take for the latest.

    Raises:
        StudyError: There is no such version, it is the latest one, or somebody made one after `latest`.
    """
    with writing(engine) as connection:
        complete = complete_versions(connection, study_id)
        if version not in complete:
            there = ", ".join(str(number) for number in complete) or "none"
            raise StudyError(f"there is no codebook version {version}.", remedy=f"There are: {there}.")
        if version == complete[-1]:
            raise StudyError(
                f"codebook version {version} is the latest already.", remedy="Name an earlier one with `--to`."
            )
        if complete[-1] != latest:
            raise StudyError(
                f"codebook version {complete[-1]} was made meanwhile; nothing was undone.",
                remedy="Look at what changed, and undo then if you still want to.",
            )
        made = copy_version(connection, study_id, version, author)
        return read_version(connection, study_id, made)


def newest(connection: Connection, study_id: str) -> Codebook:
    """The latest complete version; an empty book numbered 0 where there is none."""
    complete = complete_versions(connection, study_id)
    return read_version(connection, study_id, complete[-1]) if complete else Codebook(version=0)


def write_proposals(
    connection: Connection, study_id: str, revisions: Sequence[Revision], dropped: Mapping[str, str]
) -> None:
    """Write proposals that are not there yet; `dropped` says by id why nobody is asked about one."""
    _insert(connection, study_id, revisions, dropped)


def record_answer(engine: Engine, study_id: str, answer: RevisionAnswer) -> RecordedRevision:
    """Record a person's answer to a revision.

    Raises:
        StudyError: There is no such revision, nobody was asked about it, or it was answered before: the message
            says by whom and how. The same answer given by the same person again is no error.
        InputError: It is an edit into what this kind of revision cannot become.
    """
    return record_answers(engine, study_id, [answer])[0]


def record_answers(engine: Engine, study_id: str, answers: Sequence[RevisionAnswer]) -> list[RecordedRevision]:
    """Record answers in one transaction: all, or none where one cannot be taken; see `record_answer`."""
    with writing(engine) as connection:
        return write_answers(connection, study_id, answers)


def write_answers(
    connection: Connection, study_id: str, answers: Sequence[RevisionAnswer], confirmed_by: str = ""
) -> list[RecordedRevision]:
    """Record answers within a write transaction; see `record_answers`.

    Args:
        connection: A write transaction.
        study_id: The study.
        answers: What people said.
        confirmed_by: Who gives the answers that others drafted, where somebody does.
    """
    return [_record(connection, study_id, answer, confirmed_by) for answer in answers]


def recorded_revisions(engine: Engine, study_id: str, *, run: str | None = None) -> list[RecordedRevision]:
    """All revisions of a study in order of their numbers, or those of one run (empty: people's own)."""
    condition = sa.true() if run is None else schema.revisions.c.run == run
    with reading(engine) as connection:
        return _read(connection, study_id, condition)


def revision_numbered(engine: Engine, study_id: str, number: int) -> RecordedRevision:
    """The revision that people call by this number.

    Raises:
        StudyError: There is none.
    """
    with reading(engine) as connection:
        found = _read(connection, study_id, schema.revisions.c.number == number)
        last = connection.execute(_numbers(study_id)).scalar()
    if not found:
        there = f"They are numbered from 1 to {last}." if last else "There is none yet."
        raise StudyError(f"there is no revision {number}.", remedy=there)
    return found[0]


def apply_answered(
    connection: Connection, study_id: str, run: str, round_: int, author: str
) -> tuple[Codebook, Codebook]:
    """Make a version of the approved revisions of a run's round, on top of the latest one.

    A revision that does not fit any more, or would break the book beside the others, is left out; why is kept.

    Returns:
        The latest version before, and after; the same one twice where nothing was approved or nothing fits.
    """
    of_round = sa.and_(schema.revisions.c.run == run, schema.revisions.c.round == round_)
    approved = [one for one in _read(connection, study_id, of_round) if one.status in ("approved", "edited")]
    before = newest(connection, study_id)
    settled = settle(before, [one for one in approved if not one.version and not one.problem])
    if all(settled.problems.values()):
        _write_history(connection, study_id, 0, settled.problems)
        return before, before
    version = reserve_version(connection, study_id, run, round_ + 1, author=author)
    write_version(connection, study_id, version, settled.book.codes, before, author, settings=settled.book)
    _write_history(connection, study_id, version, settled.problems)
    return before, read_version(connection, study_id, version)


def _insert(
    connection: Connection, study_id: str, revisions: Sequence[Revision], dropped: Mapping[str, str]
) -> None:
    table = schema.revisions
    ids = [one.id for one in revisions]
    known = set(
        connection.execute(
            sa.select(table.c.revision_id).where(table.c.study_id == study_id, table.c.revision_id.in_(ids))
        ).scalars()
    )
    first = int(connection.execute(_numbers(study_id)).scalar() or 0) + 1
    new = [one for one in revisions if one.id not in known]
    rows = [_row(study_id, one, number, dropped.get(one.id, "")) for number, one in enumerate(new, first)]
    insert_new(connection, table, rows)


def _numbers(study_id: str) -> sa.Select[Any]:
    return sa.select(sa.func.max(schema.revisions.c.number)).where(schema.revisions.c.study_id == study_id)


def _row(study_id: str, revision: Revision, number: int, dropped: str) -> dict[str, Any]:
    return {
        "study_id": study_id,
        "revision_id": revision.id,
        "number": number,
        "run": revision.run,
        "round": revision.round,
        "base_version": revision.base_version,
        "kind": revision.kind,
        "content": revision.model_dump(mode="json", include=CONTENT),
        "rationale": revision.rationale,
        "evidence": list(revision.evidence),
        "author": revision.author,
        "dropped": dropped,
        "created_at": now(),
        **revision.provenance.model_dump(),
    }


def _record(connection: Connection, study_id: str, answer: RevisionAnswer, confirmed_by: str) -> RecordedRevision:
    this = schema.revisions.c.revision_id == answer.revision_id
    known = _read(connection, study_id, this)
    if not known:
        raise StudyError(f"there is no revision {answer.revision_id!r}.", remedy="See `intercoder revisions`.")
    check_answer(known[0], answer)
    # Whoever else answers at this moment waits here, or has been first.
    insert_new(connection, schema.revision_answers, [_answer_row(study_id, answer, confirmed_by)])
    one = _read(connection, study_id, this)[0]
    if one.answer != answer:
        raise answered_before(one)
    return one


def _answer_row(study_id: str, answer: RevisionAnswer, confirmed_by: str = "") -> dict[str, Any]:
    other = confirmed_by if confirmed_by != answer.by else ""
    return {"study_id": study_id, "created_at": now(), "confirmed_by": other, **answer.model_dump(mode="json")}


def _write_history(connection: Connection, study_id: str, version: int, problems: Mapping[str, str]) -> None:
    rows = [
        {
            "study_id": study_id,
            "revision_id": revision_id,
            "version": 0 if problem else version,
            "place": place,
            "problem": problem,
        }
        for place, (revision_id, problem) in enumerate(problems.items())
    ]
    insert_new(connection, schema.version_revisions, rows)


def _read(connection: Connection, study_id: str, condition: sa.ColumnElement[bool]) -> list[RecordedRevision]:
    table, answers, history = schema.revisions, schema.revision_answers, schema.version_revisions
    runs = schema.runs
    same_answer, same_history = (
        sa.and_(other.c.study_id == table.c.study_id, other.c.revision_id == table.c.revision_id)
        for other in (answers, history)
    )
    same_run = sa.and_(runs.c.study_id == table.c.study_id, runs.c.run == table.c.run)
    query = (
        sa.select(
            table,
            answers.c.answer,
            answers.c.after,
            answers.c.note,
            answers.c.by,
            answers.c.created_at.label("answered_at"),
            answers.c.confirmed_by,
            history.c.version,
            history.c.problem,
            runs.c.status,
        )
        .select_from(
            table.outerjoin(answers, same_answer).outerjoin(history, same_history).outerjoin(runs, same_run)
        )
        .where(table.c.study_id == study_id, condition)
        .order_by(table.c.number)
    )
    return [_recorded(row) for row in connection.execute(query)]


def _recorded(row: Any) -> RecordedRevision:
    answer = None
    if row.answer is not None:
        answer = RevisionAnswer(
            revision_id=row.revision_id,
            answer=row.answer,
            after=tuple(Code.model_validate(code) for code in row.after),
            note=row.note,
            by=row.by,
        )
    revision = Revision.model_validate(
        {
            **row.content,
            "id": row.revision_id,
            "kind": row.kind,
            "rationale": row.rationale,
            "evidence": row.evidence,
            "author": row.author,
            "base_version": row.base_version,
            "run": row.run,
            "round": row.round,
            "provenance": Provenance(
                model=row.model, prompt=row.prompt, prompt_hash=row.prompt_hash, answer_key=row.answer_key
            ),
        }
    )
    return RecordedRevision(
        number=row.number,
        revision=revision,
        dropped=row.dropped,
        answer=answer,
        created_at=row.created_at,
        answered_at=row.answered_at or "",
        confirmed_by=row.confirmed_by or "",
        version=row.version or 0,
        problem=row.problem or "",
        left=row.status == "undone",
    )
