"""Samples: named, drawn lists of segments that runs and coders share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from intercoder.core.documents import Unit
from intercoder.core.errors import InputError
from intercoder.core.record import AttributeValue, Record
from intercoder.core.texts.sampling import draw
from intercoder.stores import schema
from intercoder.stores.corpus.intake import latest_versions
from intercoder.stores.database import now, reading

CHUNK = 5000
"""Rows written at once."""


class Scope(Record):
    """Which segments a run reads. All of the current corpus, unless limited."""

    unit: Unit | None = None
    """None: the only unit the corpus was cut by."""
    limit: int | None = None
    """The first so many, in document order."""
    sample: int | None = None
    """So many drawn at random."""
    seed: int = 0
    stratify: str = ""
    """Attribute by whose values the sample is stratified; `speaker` for speakers."""
    skip_speakers: tuple[str, ...] = ()
    """Speakers whose segments are left out, such as the interviewer; they still serve as context."""
    uncoded: bool = False
    """Whether segments that a person has coded are left out."""


class Drawn(NamedTuple):
    """Segments that were drawn, in document order, as rows (segment, source, version, position, length)."""

    rows: list[Any]
    population: int
    """How many they were drawn from."""
    weights: Sequence[float] = ()
    """For each row the inverse of its chance to be drawn, up to a factor; none where all had the same."""


def choose(engine: Engine, study_id: str, scope: Scope) -> list[Any]:
    """The segments of a scope in document order, as rows; see `draw_scope`."""
    return draw_scope(engine, study_id, scope).rows


def sampled(engine: Engine, study_id: str, name: str) -> list[Any]:
    """The segments of a sample that is there, as `choose` gives them."""
    table = schema.sample_segments
    query = (
        sa.select(
            table.c.segment_id,
            table.c.source,
            table.c.version,
            table.c.document_position.label("position"),
            table.c.length,
        )
        .where(table.c.study_id == study_id, table.c.sample == name)
        .order_by(table.c.position)
    )
    with reading(engine) as connection:
        return list(connection.execute(query))


def draw_scope(engine: Engine, study_id: str, scope: Scope) -> Drawn:
    """Draw the segments of a scope.

    Raises:
        InputError: Nothing was imported, the unit is not clear or not there, the sample is larger than the
            corpus, or there is no such attribute.
    """
    with reading(engine) as connection:
        unit = scope.unit or _only_unit(connection, study_id)
        rows = _current(connection, study_id, unit)
        if not rows:
            raise InputError(
                f"the corpus is not cut by {unit}.",
                where="--unit",
                remedy=f"Import the files again with `--unit {unit}`; the texts are not stored twice.",
            )
        if scope.skip_speakers:
            rows = _without(rows, scope.skip_speakers)
        if scope.uncoded:
            rows = _uncoded(connection, study_id, rows)
        population = len(rows)
        if scope.sample is not None:
            strata = _strata(connection, study_id, rows, scope.stratify) if scope.stratify else None
            ids = [row.segment_id for row in rows]
            rows = [rows[place] for place in draw(ids, scope.sample, seed=scope.seed, strata=strata)]
        return Drawn(rows[: scope.limit] if scope.limit is not None else rows, population)


def save_sample(connection: Connection, study_id: str, name: str, scope: Scope, drawn: Drawn) -> None:
    """Write a sample inside the caller's transaction."""
    rows, weights = drawn.rows, drawn.weights or [1.0] * len(drawn.rows)
    unit = scope.unit or rows[0].unit
    connection.execute(
        sa.insert(schema.samples).values(
            study_id=study_id,
            sample=name,
            unit=unit,
            seed=scope.seed if scope.sample is not None else None,
            stratify=scope.stratify or None,
            size=len(rows),
            created_at=now(),
            population=drawn.population,
        )
    )
    for start in range(0, len(rows), CHUNK):
        chunk = [
            {
                "study_id": study_id,
                "sample": name,
                "position": start + place,
                "segment_id": row.segment_id,
                "source": row.source,
                "version": row.version,
                "document_position": row.position,
                "length": row.length,
                "weight": weights[start + place],
            }
            for place, row in enumerate(rows[start : start + CHUNK])
        ]
        connection.execute(sa.insert(schema.sample_segments), chunk)


def _uncoded(connection: Connection, study_id: str, rows: Sequence[Any]) -> list[Any]:
    """The rows that no person has coded."""
    decisions = schema.decisions
    by_people = (decisions.c.study_id == study_id, decisions.c.run == "", decisions.c.role == "human")
    coded = set(connection.execute(sa.select(decisions.c.segment_id).where(*by_people).distinct()).scalars())
    left = [row for row in rows if row.segment_id not in coded]
    if not left:
        raise InputError(
            f"people have coded all {len(rows):,} segments.",
            where="--uncoded",
            remedy="Leave the option out, or import more texts.",
        )
    return left


def _only_unit(connection: Connection, study_id: str) -> Unit:
    segments = schema.segments
    query = sa.select(segments.c.unit).where(segments.c.study_id == study_id).distinct()
    units = sorted(connection.execute(query).scalars())
    if not units:
        raise InputError(
            "the study holds no text yet.",
            remedy="Bring some in: `intercoder import STUDY FILE --unit paragraph`.",
        )
    if len(units) > 1:
        raise InputError(
            f"the corpus is cut in several ways: {', '.join(units)}.",
            where="--unit",
            remedy="Say which one to code, for instance `--unit " + units[0] + "`.",
        )
    unit: Unit = units[0]
    return unit


def _current(connection: Connection, study_id: str, unit: Unit) -> list[Any]:
    members, segments = schema.source_documents, schema.segments
    found: list[Any] = []
    for source, version in connection.execute(latest_versions(study_id)).all():
        joined = sa.and_(segments.c.study_id == members.c.study_id, segments.c.document_id == members.c.document_id)
        query = (
            sa.select(
                segments.c.segment_id,
                segments.c.unit,
                members.c.source,
                members.c.version,
                members.c.position,
                segments.c.speaker,
                (segments.c.end - segments.c.start).label("length"),
            )
            .select_from(members.join(segments, joined))
            .where(
                members.c.study_id == study_id,
                members.c.source == source,
                members.c.version == version,
                segments.c.unit == unit,
            )
            .order_by(members.c.position, segments.c.ordinal)
        )
        found += connection.execute(query).all()
    return found


def _without(rows: list[Any], speakers: tuple[str, ...]) -> list[Any]:
    known = sorted({row.speaker for row in rows if row.speaker is not None})
    unknown = [speaker for speaker in speakers if speaker not in known]
    if unknown:
        raise InputError(
            f"nobody is called {unknown[0]!r}.",
            where="--skip-speaker",
            remedy=f"Speakers are: {', '.join(known)}." if known else "No segment has a speaker.",
        )
    left = [row for row in rows if row.speaker not in speakers]
    if not left:
        raise InputError("nothing is left to code.", where="--skip-speaker", remedy="Leave fewer speakers out.")
    return left


def _strata(connection: Connection, study_id: str, rows: list[Any], attribute: str) -> list[AttributeValue]:
    if attribute == "speaker":
        return [row.speaker for row in rows]
    members = schema.source_documents
    values: dict[tuple[str, int, int], AttributeValue] = {}
    known: set[str] = set()
    for source, version in {(row.source, row.version) for row in rows}:
        query = sa.select(members.c.position, members.c.attributes).where(
            members.c.study_id == study_id, members.c.source == source, members.c.version == version
        )
        for position, attributes in connection.execute(query):
            known.update(attributes)
            values[source, version, position] = attributes.get(attribute)
    if attribute not in known:
        raise InputError(
            f"no document has an attribute `{attribute}`.",
            where="--stratify",
            remedy=f"There are: {', '.join(sorted(known | {'speaker'}))}.",
        )
    return [values[row.source, row.version, row.position] for row in rows]
