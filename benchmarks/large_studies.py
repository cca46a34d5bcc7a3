"""A large study: long interviews, a run that found codes in them, and one that coded some of these again."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path

import sqlalchemy as sa

from benchmarks.studies import SYLLABLES, settings
from intercoder.core.codebook import Code, Lineage
from intercoder.core.documents import Document, Span
from intercoder.core.protocols import Run
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import add_codes, complete_version, read_version
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.corpus.segments import sample_ids
from intercoder.stores.database import reading, writing
from intercoder.stores.runs.deductions import create_deductive_run
from intercoder.stores.runs.runs import create_run
from intercoder.stores.study_folder import StudyFolder, create_study

TURNS = 500
"""Turns of an interview."""
CODES = 200
"""Codes that were found; how often one is given falls with its number."""
GIVEN = 5
"""Codes that were coded again."""
TIME = "2026-05-04T09:00:00Z"

Row = tuple[object, ...]


def large_study(path: Path, segments: int, decisions: int) -> StudyFolder:
    """Make a study in a new directory, always the same.

    Of every segment three coders and a moderator said something (four decisions); what is left of the decisions are
    answers of one coder about each of five codes, on the first segments of the corpus.
    """
    folder = create_study(path, settings("scripted:words"))
    draw = random.Random(1)
    for number in range(segments // TURNS):
        source = Source(name=f"interview-{number:03}.txt", sha256=str(number), options={}, unit="turn")
        document = Document(name=source.name, source=source.name, text="\n\n".join(_turns(draw)))
        import_source(folder.engine, folder.study.id, source, [document], _cut, [])
    found = create_run(folder.engine, folder.study, "inductive", Scope(unit="turn"))
    codes = [_code(found, number) for number in range(CODES)]
    with writing(folder.engine) as connection:
        add_codes(connection, folder.study.id, found.codebook_version, codes)
        complete_version(connection, folder.study.id, found.codebook_version)
        book = read_version(connection, folder.study.id, found.codebook_version)
    ids = _ids(folder, found)
    asked = [code.id for code in codes[:GIVEN]]
    rest = (decisions - 4 * segments) // GIVEN
    again = Scope(unit="turn", limit=rest)
    coded = create_deductive_run(folder.engine, folder.study, "final", book, asked, again)
    insert_rows(folder, _found(found, ids, codes, draw))
    insert_rows(folder, _answers(coded, ids[:rest], codes[:GIVEN], draw))
    with writing(folder.engine) as connection:
        done = sa.update(schema.runs).where(schema.runs.c.study_id == folder.study.id)
        connection.execute(done.values(status="done", position=schema.runs.c.total))
    return folder


@cache
def vocabulary() -> list[str]:
    """Made-up words, the most frequent first."""
    draw = random.Random(2)
    return list(
        dict.fromkeys(
            "".join(draw.choice(SYLLABLES) for _ in range(draw.choice((1, 2, 3, 3, 4)))) for _ in range(9000)
        )
    )


def _turns(draw: random.Random) -> Iterator[str]:
    words = vocabulary()
    weights = list(accumulate(1 / (place + 3) for place in range(len(words))))
    for place in range(TURNS):
        length = draw.randint(4, 40)
        speaker = "Interviewer" if place % 2 == 0 else "Ada"
        yield f"{speaker}: {' '.join(draw.choices(words, cum_weights=weights, k=length))}."


def _cut(document: Document) -> list[Span]:
    spans, start = [], 0
    for turn in document.text.split("\n\n"):
        speaker, said = turn.split(": ", 1)
        spans.append(Span(start=start + len(turn) - len(said), end=start + len(turn), speaker=speaker))
        start += len(turn) + 2
    return spans


def _code(run: Run, number: int) -> Code:
    return Code(id=f"c_{number:04}", label=f"subject {number}", lineage=Lineage(run=run.id))


def _ids(folder: StudyFolder, run: Run) -> list[str]:
    with reading(folder.engine) as connection:
        return sample_ids(connection, folder.study.id, run.sample)


def _found(run: Run, ids: Sequence[str], codes: Sequence[Code], draw: random.Random) -> Iterator[Row]:
    weights = list(accumulate(1 / (place + 2) for place in range(len(codes))))
    for segment_id in ids:
        code = draw.choices(codes, cum_weights=weights)[0]
        for coder in ("coder0", "coder1", "coder2"):
            yield decision_values(run, segment_id, "coder", coder, code.label, None, "")
        yield decision_values(run, segment_id, "moderator", "moderator", code.label, code.id, "")


def _answers(run: Run, ids: Sequence[str], codes: Sequence[Code], draw: random.Random) -> Iterator[Row]:
    for segment_id in ids:
        for code in codes:
            value = "yes" if draw.random() < 0.1 else "no"
            yield decision_values(run, segment_id, "coder", "reader", code.label, code.id, value)


REASON = "The person says in so many words what they did and why they did not do something else."


def decision_values(
    run: Run, segment_id: str, role: str, coder: str, label: str, code_id: str | None, value: str
) -> Row:
    """A decision as the values of its columns, but for the study's id."""
    identity = f"x_{run.id}_{segment_id}_{coder}_{code_id or ''}"
    model = ("scripted:words", "expert_angle", "0123456789abcdef", f"k_{identity}")
    about = (label, code_id, 1 if code_id else None, value, REASON, "in so many words", None, None, False, "", "[]")
    return (
        identity,
        run.id,
        1,
        segment_id,
        role,
        coder,
        0,
        *about,
        "",
        None,
        *model,
        run.codebook_version,
        "",
        TIME,
    )


def insert_rows(folder: StudyFolder, rows: Iterator[Row]) -> None:
    """Write decisions, past all that else makes one."""
    columns = [column.name for column in schema.decisions.columns][1:]
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO decisions (study_id, {', '.join(columns)}) VALUES ('{folder.study.id}', {marks})"
    with writing(folder.engine) as connection:
        connection.connection.cursor().executemany(statement, rows)
