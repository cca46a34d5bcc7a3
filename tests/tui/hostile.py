"""The example with every text in it made hostile: markup, links that act, escape sequences, other directions."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.stores import schema
from intercoder.stores.database import writing
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.app import ReviewApp

HOSTILE = "\x1b]0;t\x07[blink]Z[/blink][@click=app.quit]Q[/]\u202e"
PERSON = "[blink]Z[/blink][@click=app.quit]Q[/]ana"
"""Who looks: names of people who write hold no control characters."""
TEXTS = {
    "code_revisions": ("label", "definition", "author"),
    "codebook_versions": ("author",),
    "decisions": ("label", "reason", "quote", "coder", "model", "prompt"),
    "verdicts": ("coder",),
    "segments": ("speaker",),
    "source_documents": ("name", "context"),
    "revisions": ("rationale", "author"),
    "concepts": ("label", "definition"),
    "merges": ("label",),
}
"""Table -> columns that get the sign of hostility before what stands there."""


def make_hostile(folder: StudyFolder) -> None:
    """Change what stands in the study; its own words stay behind the hostile ones."""
    with writing(folder.engine) as connection:
        for name, columns in TEXTS.items():
            table = schema.metadata.tables[name]
            values = {column: sa.literal(HOSTILE).concat(table.c[column]) for column in columns}
            connection.execute(sa.update(table).values(values))
        _codes(connection)
        _documents(connection)
        _notes(connection, folder)


def _codes(connection: Connection) -> None:
    """Rules and examples of codes, and codes within revisions."""
    lists = ("include", "exclude", "examples", "negative_examples")
    table = schema.code_revisions
    for row in connection.execute(sa.select(table)).mappings().all():
        here = sa.and_(table.c.code_id == row["code_id"], table.c.revision == row["revision"])
        connection.execute(sa.update(table).where(here).values({name: _changed(row[name]) for name in lists}))
    for one in connection.execute(sa.select(schema.revisions)).mappings().all():
        content = {
            name: [_code(code) for code in value] if name in ("before", "after") else value
            for name, value in one["content"].items()
        }
        of = schema.revisions.c.revision_id == one["revision_id"]
        connection.execute(sa.update(schema.revisions).where(of).values(content=content))


def _code(code: dict[str, Any]) -> dict[str, Any]:
    return {
        name: f"{HOSTILE}{value}" if name in ("label", "definition") else _changed(value)
        for name, value in code.items()
    }


def _changed(value: Any) -> Any:
    if isinstance(value, list):
        return [{**one, "text": HOSTILE + one["text"]} if isinstance(one, dict) else HOSTILE + one for one in value]
    return value


def _documents(connection: Connection) -> None:
    """In each segment that is long enough the beginning is hostile; nothing moves."""
    places = connection.execute(sa.select(schema.segments).order_by(schema.segments.c.start)).mappings().all()
    for row in connection.execute(sa.select(schema.documents)).mappings().all():
        text = row["text"]
        for one in places:
            if one["document_id"] == row["document_id"] and one["end"] - one["start"] > len(HOSTILE):
                text = text[: one["start"]] + HOSTILE + text[one["start"] + len(HOSTILE) :]
        of = schema.documents.c.document_id == row["document_id"]
        connection.execute(sa.update(schema.documents).where(of).values(text=text))
    connection.execute(sa.update(schema.source_documents).values(attributes={HOSTILE: HOSTILE}))


def _notes(connection: Connection, folder: StudyFolder) -> None:
    """Memos, a settlement and a draft by others, a failure."""
    study, when = folder.study.id, "2026-05-04T09:00:00Z"
    segments = connection.execute(sa.select(schema.segments.c.segment_id)).scalars().all()
    memos = [
        {
            "study_id": study,
            "memo_id": f"m{place}",
            "target_id": one,
            "author": f"{HOSTILE}ben" if place % 2 else PERSON,
            "text": HOSTILE,
            "supersedes": "",
            "created_at": when,
        }
        for place, one in enumerate(segments)
    ]
    connection.execute(sa.insert(schema.memos), memos)
    revision = (
        connection.execute(sa.select(schema.revisions.c.revision_id).where(schema.revisions.c.run != ""))
        .scalars()
        .first()
    )
    connection.execute(
        sa.insert(schema.draft_answers).values(
            study_id=study,
            revision_id=revision,
            answer="approve",
            after=[],
            note=HOSTILE,
            by=HOSTILE,
            created_at=when,
        )
    )
    connection.execute(
        sa.insert(schema.failures).values(
            study_id=study, run="codevelop-1", round=1, segment_id=segments[0], role="coder", coder=HOSTILE,
            code_id="", kind="invalid", message=HOSTILE, answer_key="",
        )
    )  # fmt: skip


def seen_of(app: ReviewApp) -> str:
    """What stands on the screen; fails where a hostile text was obeyed.

    No terminal is driven by it, none of it blinks, nothing can be clicked that quits.
    """
    text = "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())
    assert not [sign for sign in text if sign in "\x1b\x07\u202e"], text
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            if segment.style is not None:
                assert not segment.style.blink, segment
                assert "quit" not in json.dumps(segment.style.meta, default=str), segment
    return text
