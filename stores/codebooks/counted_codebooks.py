"""Codebook versions with the number of segments that each code is given to."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from intercoder.core.codebook import Codebook
from intercoder.core.codebooks.codebook_diff import affected
from intercoder.core.coding.deduction import final_of
from intercoder.core.decisions import Value
from intercoder.core.errors import StudyError
from intercoder.core.protocols import Run
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.database import reading
from intercoder.stores.runs.decisions import assigned_segments
from intercoder.stores.runs.deductions import coder_values, is_moderated
from intercoder.stores.runs.runs import read_runs


def latest_codebook(engine: Engine, study_id: str, version: int | None = None) -> Codebook:
    """The newest complete version with its counts, or the one asked for.

    Raises:
        StudyError: There is no such version, or none yet.
    """
    versions = schema.codebook_versions
    with reading(engine) as connection:
        query = (
            sa.select(versions)
            .where(versions.c.study_id == study_id, versions.c.complete)
            .order_by(versions.c.version.desc())
        )
        complete = {row.version: row for row in connection.execute(query).all()}
        if not complete:
            raise StudyError(
                "the study has no codebook yet.",
                remedy="Find one with `intercoder run inductive STUDY`, or write it: `codebook edit STUDY`.",
            )
        wanted = version if version is not None else max(complete)
        if wanted not in complete:
            there = ", ".join(str(number) for number in sorted(complete))
            raise StudyError(f"there is no codebook version {wanted}.", remedy=f"There are: {there}.")
        book = read_version(connection, study_id, wanted)
        return book.model_copy(update={"counts": _counts(connection, study_id, book)})


def _counts(connection: Connection, study_id: str, book: Codebook) -> dict[str, int]:
    """Code id -> segments it is given to; a group's are those of its codes. What nobody looked for is no key.

    Of runs that found their own codes, segments that are assigned to a code now. Where runs coded given codes,
    segments on which the answer that stands in the end is yes instead.
    """
    runs = read_runs(connection, study_id)
    segments = _assigned(connection, study_id, book)
    answered = _answered(connection, study_id, book, runs)
    counted: dict[str, set[str]] = {}
    for code in book.codes:
        if code.id in answered:
            found = {segment for segment, value in answered[code.id].items() if value == "yes"}
        else:
            found = set().union(*(segments.get(one, ()) for one in (code.id, *code.lineage.merged_from)))
        for id_ in filter(None, (code.id, code.parent)) if found or code.id in answered else ():
            counted.setdefault(id_, set()).update(found)
    return {code_id: len(found) for code_id, found in counted.items()}


def _assigned(connection: Connection, study_id: str, book: Codebook) -> dict[str, set[str]]:
    """Code id -> segments, in the runs that founded the book's codes."""
    founded_by = {code.lineage.run or book.run for code in book.codes}
    segments: dict[str, set[str]] = {}
    for run in sorted(founded_by - {""}):
        for code_id, segment_id in assigned_segments(connection, study_id, run):
            segments.setdefault(code_id, set()).add(segment_id)
    return segments


def _answered(
    connection: Connection, study_id: str, book: Codebook, runs: Sequence[Run]
) -> dict[str, dict[str, Value]]:
    """Code id -> segment -> what stands in the end, in runs under the version or earlier ones.

    Of earlier ones only codes of which coders are shown the same now. The latest run that answered counts. Empty
    for a version of a run that found its own codes.
    """
    by_id = {run.id: run for run in runs}
    if book.run in by_id and not by_id[book.run].deductive:
        return {}
    answered: dict[str, dict[str, Value]] = {}
    for run in runs:
        if not run.deductive or run.status == "undone":
            continue
        held = _held(connection, study_id, book, run)
        if not held:
            continue
        final = final_of(coder_values(connection, study_id, run), moderated=is_moderated(run))
        for code_id in held & set(final.values):
            answered.setdefault(code_id, {}).update(final.values[code_id])
    return answered


def _held(connection: Connection, study_id: str, book: Codebook, run: Run) -> set[str]:
    """Ids of the codes of a version about which a run's answers hold."""
    codes = {code.id for code in book.codes}
    if run.id == book.run or run.codebook_version == book.version:
        return codes
    if run.codebook_version > book.version:
        return set()
    return codes - set(affected(read_version(connection, study_id, run.codebook_version), book))
