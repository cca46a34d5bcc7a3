"""The classifiers that a run codes with, as they were when it began: another may bear the name later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.deductive_settings import DeductiveCoderSettings
from intercoder.core.protocols import Run
from intercoder.core.record import Record
from intercoder.core.study import Study
from intercoder.stores import schema
from intercoder.stores.database import insert_new
from intercoder.stores.runs.runs import read_runs


class RunClassifier(Record):
    """The classifier of one coder of a run."""

    coder: str
    prompt: str
    """What its decisions name as their prompt; with the bound, where a language model stands behind it."""
    prompt_hash: str
    """Digest of the classifier."""
    learnt_documents: tuple[str, ...] = ()
    learnt_texts: tuple[str, ...] = ()
    learnt_groups: tuple[str, ...] = ()
    """As its card says (`core.classifiers.TrainedOn`)."""


class Awaiting(NamedTuple):
    """A run that is not over, and one of its coders."""

    run: Run
    coder: DeductiveCoderSettings


def write_classifiers(connection: Connection, study_id: str, run_id: str, found: Iterable[RunClassifier]) -> None:
    """Keep a run's classifiers; those that are kept already stay as they are."""
    rows = [{"study_id": study_id, "run": run_id, **one.model_dump(mode="json")} for one in found]
    insert_new(connection, schema.run_classifiers, rows)


def read_classifiers(connection: Connection, study_id: str, run_id: str) -> list[RunClassifier]:
    """A run's classifiers, by coder; none where it has not been executed yet."""
    table = schema.run_classifiers
    query = sa.select(table).where(table.c.study_id == study_id, table.c.run == run_id).order_by(table.c.coder)
    return [
        RunClassifier.model_validate({name: getattr(row, name) for name in RunClassifier.model_fields})
        for row in connection.execute(query)
    ]


def awaiting(connection: Connection, study_id: str, name: str, digest: str) -> Iterator[Awaiting]:
    """Runs that are not over and began with a classifier, oldest first: they go on with no other.

    Args:
        connection: An open connection.
        study_id: The study.
        name: Of the classifier.
        digest: As its card has it.
    """
    for run in read_runs(connection, study_id):
        if run.over or not run.deductive:
            continue
        kept = {one.coder: one.prompt_hash for one in read_classifiers(connection, study_id, run.id)}
        for coder in Study.model_validate_json(run.settings).deductive.coders:
            if coder.classifies == name and kept.get(coder.name) == digest:
                yield Awaiting(run, coder)
