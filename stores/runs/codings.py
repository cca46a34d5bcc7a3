"""A run's decisions as coders' labels, for comparing coders."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from intercoder.core.coding.codings import ENSEMBLE, Coder
from intercoder.core.coding.deduction import PATTERN, CoderValues, final_of
from intercoder.core.decisions import Role
from intercoder.core.documents import Segment
from intercoder.core.protocols import Run
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.corpus.segments import read_segments
from intercoder.stores.database import reading
from intercoder.stores.runs.decisions import current_decisions
from intercoder.stores.runs.deductions import coder_values, is_moderated
from intercoder.stores.study_folder import StudyFolder

BLOCK = 1000
"""Segments whose decisions are read at once."""


def run_coders(folder: StudyFolder, run: Run) -> list[Coder]:
    """What every coder and moderator of a run said, and `ensemble`: the codes that stand in the end.

    Of a run that codes given codes, a coder's labels are those it answered with yes. Coders that were asked again
    are left out, and patterns, which are no reader; a pattern's answers are in the ensemble.

    Returns:
        Coders, then moderators, by name, then the ensemble (role `moderator`).
    """
    if run.deductive:
        return _deductive_coders(folder, run)
    said: dict[tuple[Role, str], dict[str, list[str]]] = {}
    with reading(folder.engine) as connection:
        study = folder.study.id
        version = cache(
            lambda number: {code.id: code.label for code in read_version(connection, study, number).codes}
        )
        final: dict[str, list[str]] = {}
        for start in range(0, run.total, BLOCK):
            rows = current_decisions(connection, study, run.id, start, start + BLOCK, run.sample)
            for _, row in rows:
                labels = said.setdefault((row.role, row.coder), {}).setdefault(row.segment_id, [])
                if row.label is not None:
                    labels.append(row.label)
                if row.role != "coder":
                    stands = final.setdefault(row.segment_id, [])
                    if row.code_id is not None:
                        stands.append(version(row.codebook_version)[row.code_id])
    found = [_coder(name, role, said[role, name]) for role, name in sorted(said)]
    return [*found, _coder(ENSEMBLE, "moderator", final)]


def _deductive_coders(folder: StudyFolder, run: Run) -> list[Coder]:
    with reading(folder.engine) as connection:
        book = read_version(connection, folder.study.id, run.codebook_version)
        values = coder_values(connection, folder.study.id, run)
    label_of = {code.id: code.label for code in book.leaves}
    readers = [one for one in values if one.role != "repeat" and one.name != PATTERN]
    ensemble = final_of(values, moderated=is_moderated(run))
    found = [_coder(one.name, one.role, _given(one, label_of)) for one in readers]
    return [*found, _coder(ENSEMBLE, "moderator", _given(ensemble, label_of))]


def _given(coder: CoderValues, label_of: Mapping[str, str]) -> dict[str, list[str]]:
    """Segment -> labels of the codes whose value is yes, in the order of the book."""
    given: dict[str, list[str]] = {}
    for code_id, label in label_of.items():
        for segment, value in coder.of(code_id).items():
            labels = given.setdefault(segment, [])
            if value == "yes":
                labels.append(label)
    return given


def run_segments(folder: StudyFolder, run: Run) -> list[Segment]:
    """All segments of a run with their texts, in its order."""
    with reading(folder.engine) as connection:
        return [
            segment
            for start in range(0, run.total, BLOCK)
            for segment in read_segments(connection, folder.study.id, run.sample, start, start + BLOCK)
        ]


def _coder(name: str, role: Role, said: dict[str, list[str]]) -> Coder:
    labels = {segment: tuple(dict.fromkeys(given)) for segment, given in said.items()}
    return Coder(name=name, role=role, labels=labels)
