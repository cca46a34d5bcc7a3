"""Finding the segments that a table names: by id, by document, or by the row key of an imported table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.coding.given_answers import Located, Place
from intercoder.stores import schema
from intercoder.stores.corpus.intake import latest_versions

AT_ONCE = 5000
"""Ids named in one query."""


def locate(connection: Connection, study_id: str, places: Iterable[Place], sample: str = "") -> Located:
    """Find the segments that places name.

    A document, or a row of an imported table, names a segment if it is one segment as a whole. Documents are those
    of the latest versions, or those of the sample.

    Args:
        connection: An open connection.
        study_id: The study.
        places: What a table names.
        sample: A sample that all must be of; empty for the whole study.
    """
    wanted = list(dict.fromkeys(places))
    members = _members(connection, study_id, sample) if sample else None
    found = Located({}, {})
    _by_id(connection, study_id, [place for place in wanted if place.segment_id], found)
    rest = [place for place in wanted if not place.segment_id]
    if rest:
        _by_document(connection, study_id, rest, sample, found)
    if members is not None:
        for place, segments in list(found.segments.items()):
            found.segments[place] = tuple(one for one in segments if one in members)
            if not found.segments[place]:
                del found.segments[place]
                found.problems[place] = f"{place} is not of the sample {sample!r}."
    return found


def _members(connection: Connection, study_id: str, sample: str) -> set[str]:
    drawn = schema.sample_segments
    query = sa.select(drawn.c.segment_id).where(drawn.c.study_id == study_id, drawn.c.sample == sample)
    return set(connection.execute(query).scalars())


def _by_id(connection: Connection, study_id: str, places: Sequence[Place], found: Located) -> None:
    segments = schema.segments
    known: set[str] = set()
    for start in range(0, len(places), AT_ONCE):
        ids = [place.segment_id for place in places[start : start + AT_ONCE]]
        query = sa.select(segments.c.segment_id).where(
            segments.c.study_id == study_id, segments.c.segment_id.in_(ids)
        )
        known.update(connection.execute(query).scalars())
    for place in places:
        if place.segment_id in known:
            found.segments[place] = (place.segment_id,)
        else:
            found.problems[place] = f"there is no {place} in this study."


def _by_document(
    connection: Connection, study_id: str, places: Sequence[Place], sample: str, found: Located
) -> None:
    names: dict[str, set[str]] = defaultdict(set)
    keys: dict[str, set[str]] = defaultdict(set)
    for document_id, name, key in _documents(connection, study_id, sample):
        names[name].add(document_id)
        if key:
            keys[key].add(document_id)
    named: dict[Place, str] = {}
    for place in places:
        options = [known[name] for known, name in ((names, place.document), (keys, place.key)) if name]
        documents = set.intersection(*(option for option in options)) if options else set()
        if len(documents) == 1:
            named[place] = documents.pop()
        elif documents:
            found.problems[place] = f"{place} stands in {len(documents)} files. Name the document too, as FILE#ID."
        else:
            found.problems[place] = f"there is no {place} in this {'sample' if sample else 'study'}."
    whole, cut = _whole_segments(connection, study_id, list(named.values()))
    for place, document_id in named.items():
        if whole[document_id]:
            found.segments[place] = tuple(whole[document_id])
        else:
            found.problems[place] = f"{place} is cut into {cut[document_id]} segments. Name them by `segment_id`."


def _documents(connection: Connection, study_id: str, sample: str) -> Iterable[tuple[str, str, str]]:
    """Id, name and key of the documents that may be named."""
    members = schema.source_documents
    columns = (members.c.document_id, members.c.name, members.c.key)
    if sample:
        drawn = schema.sample_segments
        query = (
            sa.select(*columns)
            .select_from(
                members.join(
                    drawn,
                    sa.and_(
                        members.c.study_id == drawn.c.study_id,
                        members.c.source == drawn.c.source,
                        members.c.version == drawn.c.version,
                        members.c.position == drawn.c.document_position,
                    ),
                )
            )
            .where(drawn.c.study_id == study_id, drawn.c.sample == sample)
        )
        yield from ((row.document_id, row.name, row.key) for row in connection.execute(query))
        return
    for source, version in connection.execute(latest_versions(study_id)).all():
        query = sa.select(*columns).where(
            members.c.study_id == study_id, members.c.source == source, members.c.version == version
        )
        yield from ((row.document_id, row.name, row.key) for row in connection.execute(query))


def _whole_segments(
    connection: Connection, study_id: str, documents: Sequence[str]
) -> tuple[dict[str, list[str]], dict[str, int]]:
    """By document: the segments that are alone in it by their unit, and into how many it is cut at most."""
    segments = schema.segments
    whole: dict[str, list[str]] = defaultdict(list)
    cut: dict[str, int] = defaultdict(int)
    ids = list(dict.fromkeys(documents))
    for start in range(0, len(ids), AT_ONCE):
        size, one = sa.func.count().label("size"), sa.func.min(segments.c.segment_id).label("one")
        query = (
            sa.select(segments.c.document_id, size, one)
            .where(segments.c.study_id == study_id, segments.c.document_id.in_(ids[start : start + AT_ONCE]))
            .group_by(segments.c.document_id, segments.c.unit)
        )
        for row in connection.execute(query):
            cut[row.document_id] = max(cut[row.document_id], row.size)
            if row.size == 1:
                whole[row.document_id].append(row.one)
    return whole, cut
