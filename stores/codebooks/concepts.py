"""Merges in the database: the concepts after each step, how they came about, and the codebook they leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from intercoder.core.codebook import Codebook
from intercoder.core.coding.concepts import WAITING, Concept, ConceptMerge, MergeStep, merged_codes
from intercoder.core.decisions import Failure
from intercoder.core.errors import StudyError
from intercoder.core.protocols import Run
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import complete_versions, read_version, reserve_version, write_version
from intercoder.stores.corpus.segments import segment_texts
from intercoder.stores.database import insert_new, now, reading, writing
from intercoder.stores.runs.decisions import current_decisions
from intercoder.stores.runs.runs import get_run, update_run, write_failures


class SqlConceptStore:
    """See `core.protocols.ConceptStore`."""

    def __init__(self, engine: Engine, study_id: str) -> None:
        self.engine = engine
        self.study_id = study_id

    def run(self, run_id: str) -> Run:
        """The run as it stands."""
        with reading(self.engine) as connection:
            return get_run(connection, self.study_id, run_id)

    def code_spaces(self, run_id: str) -> dict[str, dict[str, list[str]]]:
        """What each coder and moderator of the run's source said: label -> segments in document order."""
        with reading(self.engine) as connection:
            source = get_run(connection, self.study_id, get_run(connection, self.study_id, run_id).source)
            return read_code_spaces(connection, self.study_id, source)

    def code_labels(self, run_id: str) -> dict[str, list[str]]:
        """Label -> ids of the codes that carry it in the codebook version that the run starts from."""
        with reading(self.engine) as connection:
            run = get_run(connection, self.study_id, run_id)
            labels: dict[str, list[str]] = {}
            for code in read_version(connection, self.study_id, run.base_version).codes:
                labels.setdefault(code.label, []).append(code.id)
            return labels

    def texts(self, segment_ids: Sequence[str]) -> dict[str, str]:
        """Segment id -> text."""
        with reading(self.engine) as connection:
            return segment_texts(connection, self.study_id, segment_ids)

    def steps(self, run_id: str) -> Sequence[MergeStep]:
        """The steps that were begun, in order."""
        table = schema.merge_steps
        query = (
            sa.select(*(table.c[name] for name in MergeStep.model_fields))
            .where(table.c.study_id == self.study_id, table.c.run == run_id)
            .order_by(table.c.step)
        )
        with reading(self.engine) as connection:
            return [MergeStep.model_validate(dict(row)) for row in connection.execute(query).mappings()]

    def concepts(self, run_id: str, step: int) -> Sequence[Concept]:
        """The concepts that a step left, in order."""
        with reading(self.engine) as connection:
            return _read(connection, self.study_id, run_id, step)

    def write_step(
        self, run_id: str, step: MergeStep, concepts: Sequence[Concept], merges: Sequence[ConceptMerge]
    ) -> None:
        """Commit a step's concepts and merges, in one transaction; writing it twice changes nothing."""
        with writing(self.engine) as connection:
            run = get_run(connection, self.study_id, run_id)
            if run.position >= step.step or _begun(connection, self.study_id, run_id, step.step):
                return
            place = {"study_id": self.study_id, "run": run_id, "step": step.step}
            insert_new(connection, schema.merge_steps, [{**place, **step.model_dump(), "created_at": now()}])
            _write(connection, place, concepts)
            rows = [
                {**place, "place": number, "stage": step.stage, **merge.model_dump()}
                for number, merge in enumerate(merges)
            ]
            insert_new(connection, schema.concept_merges, rows)
            if not any(concept.status in WAITING for concept in concepts):
                update_run(connection, self.study_id, run_id, position=step.step)

    def write_definitions(
        self, run_id: str, step: int, defined: Mapping[int, Concept], failures: Sequence[Failure]
    ) -> None:
        """Commit label, definition and status of a step's concepts, by place, with what failed."""
        table = schema.concepts
        here = sa.and_(table.c.study_id == self.study_id, table.c.run == run_id, table.c.step == step)
        with writing(self.engine) as connection:
            for position, concept in defined.items():
                connection.execute(
                    sa.update(table)
                    .where(here, table.c.position == position)
                    .values(**concept.model_dump(include={"label", "definition", "status", "answer_key"}))
                )
            write_failures(connection, self.study_id, get_run(connection, self.study_id, run_id), failures)
            left = sa.select(sa.func.count()).where(here, table.c.status.in_(sorted(WAITING)))
            if connection.execute(left).scalar_one() == 0:
                update_run(connection, self.study_id, run_id, position=step)

    def finish(self, run_id: str) -> Codebook:
        """Close the run: codes that became one concept are one code in the version that the run reserved."""
        with writing(self.engine) as connection:
            run = get_run(connection, self.study_id, run_id)
            if not run.over:
                before = read_version(connection, self.study_id, run.base_version)
                concepts = _read(connection, self.study_id, run_id, run.position)
                codes = merged_codes(before.codes, concepts)
                write_version(connection, self.study_id, run.codebook_version, codes, before, author=run_id)
                update_run(connection, self.study_id, run_id, status="done", total=run.position)
            return read_version(connection, self.study_id, run.codebook_version)


def read_code_spaces(connection: Connection, study_id: str, source: Run) -> dict[str, dict[str, list[str]]]:
    """Coder or moderator -> label -> segment ids, in document order, of the decisions that stand in a run."""
    spaces: dict[str, dict[str, list[str]]] = {}
    for _place, row in current_decisions(connection, study_id, source.id, 0, source.total, source.sample):
        if row.label is not None:
            spaces.setdefault(row.coder, {}).setdefault(row.label, []).append(row.segment_id)
    return spaces


def final_concepts(engine: Engine, study_id: str, run_id: str) -> Sequence[Concept]:
    """The aggregated code space that a merge left: the concepts after its last complete step.

    Raises:
        StudyError: There is no such run.
    """
    store = SqlConceptStore(engine, study_id)
    return store.concepts(run_id, store.run(run_id).position)


def read_merges(engine: Engine, study_id: str, run_id: str) -> list[dict[str, Any]]:
    """All merges of a run, in the order in which they were made: step, stage, kept, absorbed, distance, ..."""
    table = schema.concept_merges
    query = (
        sa.select(table)
        .where(table.c.study_id == study_id, table.c.run == run_id)
        .order_by(table.c.step, table.c.place)
    )
    with reading(engine) as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def undo(engine: Engine, study_id: str, run_id: str) -> int:
    """Undo a merge: the codebook of before becomes the next version. Nothing is taken away.

    Returns:
        The new version's number.

    Raises:
        StudyError: The run is no merge, is not done, was undone before, or its codebook is not the latest.
    """
    with writing(engine) as connection:
        run = get_run(connection, study_id, run_id)
        versions = complete_versions(connection, study_id)
        _check_undoable(run, versions)
        earlier = [version for version in versions if version < run.codebook_version]
        before = read_version(connection, study_id, earlier[-1])
        version = reserve_version(connection, study_id, run_id, run.round, author=f"undo of {run_id}")
        write_version(connection, study_id, version, before.codes, before, author=f"undo of {run_id}")
        update_run(connection, study_id, run_id, status="undone")
    return version


def _check_undoable(run: Run, versions: Sequence[int]) -> None:
    if run.graph != "merge":
        raise StudyError(
            f"`{run.id}` is not a merge; only merges can be undone.", remedy="Name a merge, such as merge-1."
        )
    if run.status == "undone":
        raise StudyError(
            f"`{run.id}` has been undone already.",
            remedy="Merge again to have its codebook back: `intercoder merge`.",
        )
    if not run.over:
        raise StudyError(
            f"`{run.id}` is not finished, so there is nothing to undo yet.",
            remedy="Its codebook counts only once it is done; `intercoder resume` finishes it.",
        )
    if versions[-1] != run.codebook_version:
        raise StudyError(
            f"`{run.id}` made codebook version {run.codebook_version}, and version {versions[-1]} came after it.",
            remedy="Only the latest version can be undone. Undo what came after it first, or begin a new merge, "
            "which starts from the codes of the inductive run.",
        )


def _begun(connection: Connection, study_id: str, run_id: str, step: int) -> bool:
    table = schema.merge_steps
    query = sa.select(sa.func.count()).where(
        table.c.study_id == study_id, table.c.run == run_id, table.c.step == step
    )
    return bool(connection.execute(query).scalar_one())


def _write(connection: Connection, place: dict[str, Any], concepts: Sequence[Concept]) -> None:
    fields = {"label", "definition", "status", "owners", "code_ids", "members", "answer_key"}
    rows = [
        {**place, "position": position, **concept.model_dump(mode="json", include=fields)}
        for position, concept in enumerate(concepts)
    ]
    insert_new(connection, schema.concepts, rows)
    insert_new(connection, schema.concept_labels, list(_listed(place, concepts, "alternatives", "label")))
    insert_new(connection, schema.concept_examples, list(_listed(place, concepts, "examples", "segment_id")))


def _listed(
    place: dict[str, Any], concepts: Sequence[Concept], field: str, column: str
) -> Iterator[dict[str, Any]]:
    for position, concept in enumerate(concepts):
        for number, item in enumerate(getattr(concept, field)):
            yield {**place, "concept": position, "place": number, column: item}


def _read(connection: Connection, study_id: str, run_id: str, step: int) -> list[Concept]:
    table = schema.concepts
    query = (
        sa.select(table)
        .where(table.c.study_id == study_id, table.c.run == run_id, table.c.step == step)
        .order_by(table.c.position)
    )
    labels = _lists(connection, schema.concept_labels, "label", study_id, run_id, step)
    examples = _lists(connection, schema.concept_examples, "segment_id", study_id, run_id, step)
    return [
        Concept(
            label=row.label,
            definition=row.definition,
            alternatives=labels.get(row.position, ()),
            examples=examples.get(row.position, ()),
            owners=tuple(row.owners),
            code_ids=tuple(row.code_ids),
            members=tuple(row.members),
            status=row.status,
            answer_key=row.answer_key,
        )
        for row in connection.execute(query)
    ]


def _lists(
    connection: Connection, table: sa.Table, column: str, study_id: str, run_id: str, step: int
) -> dict[int, tuple[str, ...]]:
    query = (
        sa.select(table.c.concept, table.c[column].label("item"))
        .where(table.c.study_id == study_id, table.c.run == run_id, table.c.step == step)
        .order_by(table.c.concept, table.c.place)
    )
    rows = connection.execute(query)
    return {concept: tuple(row.item for row in group) for concept, group in groupby(rows, attrgetter("concept"))}
