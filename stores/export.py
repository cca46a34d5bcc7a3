"""Reading a run's decisions as lines, a block of segments at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from intercoder.core.codebook import Code
from intercoder.core.coded_lines import Line, line_of
from intercoder.core.decisions import Decision
from intercoder.core.documents import Segment
from intercoder.core.errors import StudyError
from intercoder.core.protocols import Run
from intercoder.stores.codebooks import read_version
from intercoder.stores.database import reading
from intercoder.stores.decisions import current_decisions, read_decision
from intercoder.stores.runs import SqlStudyStore, get_run, list_runs
from intercoder.stores.segments import read_segments
from intercoder.stores.study_folder import StudyFolder

BLOCK = 1000
"""Segments whose decisions are read at once."""


def coded_lines(folder: StudyFolder, run: Run, *, times: bool = False) -> Iterator[Line]:
    """One line per decision that stands, in document order; coders before moderators.

    Args:
        folder: The study.
        run: The run to export. A merge exports the decisions it was made over, under the codes it left.
        times: Add `created_at`; without it, the same answers give the same bytes.
    """
    study_id = folder.study.id

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
                line = _line(read_decision(row), segments[place - start], codes.get(row.code_id))
                yield line | {"created_at": row.created_at} if times else line


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
