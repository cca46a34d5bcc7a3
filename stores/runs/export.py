"""Reading a run's decisions as lines, a block of segments at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import groupby

from intercoder.core.codebook import Code
from intercoder.core.codebooks.code_names import CodeNames, marked_column
from intercoder.core.coding.coded_lines import COLUMNS, Line, line_of
from intercoder.core.coding.deduction import is_final
from intercoder.core.decisions import Decision
from intercoder.core.documents import Segment
from intercoder.core.errors import StudyError
from intercoder.core.protocols import Run
from intercoder.core.texts.attribute_columns import attribute_columns
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.corpus.attributes import attribute_names
from intercoder.stores.corpus.segments import read_segments
from intercoder.stores.database import reading
from intercoder.stores.runs.decisions import current_decisions, read_decision
from intercoder.stores.runs.deductions import final_values, is_moderated, read_rounds, standing
from intercoder.stores.runs.runs import SqlStudyStore, get_run, list_runs
from intercoder.stores.study_folder import StudyFolder

BLOCK = 1000
"""Segments whose decisions are read at once."""
SEGMENT_COLUMNS = ("segment_id", "document", "start", "end", "text")
"""Of a table with a row a segment, before what is known of its document and its codes."""
WRITTEN = "created_at"
"""Column of when a decision was written."""


def coded_lines(folder: StudyFolder, run: Run) -> Iterator[Line]:
    """One line per decision that stands, in document order; coders before moderators, deductive ones by code.

    Args:
        folder: The study.
        run: The run to export. A merge exports the decisions it was made over, under the codes it left.
    """
    return (line for line, _, _ in _lines(folder, run))


def long_lines(
    folder: StudyFolder, run: Run, *, times: bool = False, attributes: bool = False
) -> tuple[tuple[str, ...], Iterator[Line]]:
    """The same lines as a table: column names, and rows.

    Args:
        folder: The study.
        run: The run to export; see `coded_lines`.
        times: Add `created_at`; without it, the same answers give the same bytes.
        attributes: Add what is known of documents, and the speaker; names that the table has already are marked.
    """
    known: Mapping[str, str] = {}
    if attributes:
        with reading(folder.engine) as connection:
            names = attribute_names(connection, folder.study.id, run)
        known = attribute_columns(names, (*COLUMNS, WRITTEN))
    columns = (*COLUMNS, *((WRITTEN,) if times else ()), *known.values())

    def rows() -> Iterator[Line]:
        for line, segment, created_at in _lines(folder, run):
            written: Line = {WRITTEN: created_at} if times else {}
            yield line | written | _known(segment, known)

    return columns, rows()


def _known(segment: Segment, attributes: Mapping[str, str]) -> Line:
    return {column: segment.attributes.get(name) for name, column in attributes.items()}


def _lines(folder: StudyFolder, run: Run) -> Iterator[tuple[Line, Segment, str]]:
    """Lines with their segments, and when they were written."""
    study_id = folder.study.id
    if run.deductive:
        yield from _deductive_lines(folder, run)
        return

    @cache
    def codes_of(version: int) -> dict[str, Code]:
        codes = read_version(connection, study_id, version).codes
        return {id_: code for code in codes for id_ in (code.id, *code.lineage.merged_from)}

    with reading(folder.engine) as connection:
        coded = run
        while coded.source:
            coded = get_run(connection, study_id, coded.source)
        for start in range(0, coded.total, BLOCK):
            segments = read_segments(connection, study_id, run.sample, start, start + BLOCK)
            for place, row in current_decisions(connection, study_id, coded.id, start, start + BLOCK, run.sample):
                # The version it was made under, also while a later round is under way; for a merge, the merge's.
                codes = codes_of(row.codebook_version if coded is run else run.codebook_version)
                segment = segments[place - start]
                yield _line(read_decision(row), segment, codes.get(row.code_id)), segment, row.created_at


def _deductive_lines(folder: StudyFolder, run: Run) -> Iterator[tuple[Line, Segment, str]]:
    moderated = is_moderated(run)
    with reading(folder.engine) as connection:
        codes = {code.id: code for code in read_version(connection, folder.study.id, run.codebook_version).codes}
        for block, group in groupby(standing(connection, folder.study.id, run), key=lambda one: one.place // BLOCK):
            start = block * BLOCK
            segments = read_segments(connection, folder.study.id, run.sample, start, start + BLOCK)
            for place, decision, created_at in group:
                final = is_final(decision, moderated=moderated)
                segment = segments[place - start]
                yield (
                    line_of(decision, segment, codes.get(decision.code_id or ""), final=final),
                    segment,
                    created_at,
                )


def wide_lines(folder: StudyFolder, run: Run) -> tuple[tuple[str, ...], Iterator[Line]]:
    """What stands in the end of a deductive run as a table: a row a segment, a column a code.

    Returns:
        Column names, and rows; what is known of the document stands before the codes. A code's cell is `yes`, `no`,
        `unsure`, or None where nothing was decided. Codes whose labels are no names for a column of this table
        stand under others, as in coding sheets; so do attributes.
    """
    with reading(folder.engine) as connection:
        book = read_version(connection, folder.study.id, run.codebook_version)
        wanted = set(read_rounds(connection, folder.study.id, run.id)[-1].codes)
        names = attribute_names(connection, folder.study.id, run)
    shown = CodeNames(book).shown
    codes = {
        code.id: marked_column(shown[code.id], SEGMENT_COLUMNS)
        for code in book.leaves
        if code.id in wanted or run.round > 1
    }
    attributes = attribute_columns(names, (*SEGMENT_COLUMNS, *codes.values()))
    columns = (*SEGMENT_COLUMNS, *attributes.values(), *codes.values())

    def rows() -> Iterator[Line]:
        final = final_values(folder.engine, folder.study.id, run)
        with reading(folder.engine) as connection:
            for start in range(0, run.total, BLOCK):
                for segment in read_segments(connection, folder.study.id, run.sample, start, start + BLOCK):
                    row = {name: getattr(segment, name) for name in SEGMENT_COLUMNS[1:]}
                    values = {label: final.of(code).get(segment.id) for code, label in codes.items()}
                    yield {"segment_id": segment.id, **row, **_known(segment, attributes), **values}

    return columns, rows()


def _line(decision: Decision, segment: Segment, code: Code | None) -> Line:
    """A line under the code that stands now, where the decision's own went into another."""
    if code is not None and code.id != decision.code_id:
        decision = decision.model_copy(update={"code_id": code.id})
    return line_of(decision, segment, code)


def export_run(folder: StudyFolder, name: str = "") -> Run:
    """The run to export: the one named, or the latest that coded, or is a finished merge.

    Raises:
        StudyError: There is none.
    """
    if name:
        return SqlStudyStore(folder.engine, folder.study.id).run(name)
    runs = list_runs(folder.engine, folder.study.id)
    if not runs:
        raise StudyError(
            "the study has no run yet.", remedy=f"Start one: `intercoder run inductive {folder.argument}`."
        )
    return next((run for run in reversed(runs) if not run.source or _is_codebook(run)), runs[-1])


def _is_codebook(run: Run) -> bool:
    return run.graph == "merge" and run.status == "done"
