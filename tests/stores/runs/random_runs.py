"""Runs in which anything may happen: answers of several rounds, failures, people who change their minds."""

from __future__ import annotations

import random
from collections.abc import Iterator

import sqlalchemy as sa

from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.deduction import PATTERN
from intercoder.core.decisions import Decision, Failure, decision_id
from intercoder.core.deductive_settings import DeductiveCoderSettings
from intercoder.core.documents import Document, Span
from intercoder.core.protocols import Run
from intercoder.core.study import Study
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version, reserve_version, write_version
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.corpus.segments import sample_ids
from intercoder.stores.database import reading, writing
from intercoder.stores.runs.decisions import decision_row
from intercoder.stores.runs.deductions import create_deductive_run
from intercoder.stores.runs.runs import create_run, get_run, update_run, write_failures
from intercoder.stores.study_folder import StudyFolder

CODES = (
    Code(id="c_1", label="Pride"),
    Code(id="c_2", label="Thrift"),
    Code(id="c_3", label="Care", kind="pattern", pattern="care"),
)
SEGMENTS = 40
ALL = Scope()


def settings(folder: StudyFolder, coders: int) -> Study:
    """The study's settings with so many deductive coders."""
    names = [DeductiveCoderSettings(name=f"model{number}", model="scripted:words") for number in range(coders)]
    deductive = folder.study.deductive.model_copy(update={"coders": tuple(names)})
    return folder.study.model_copy(update={"deductive": deductive})


def fill(folder: StudyFolder) -> None:
    """Forty short texts, every other one spoken by Ada."""
    documents = [Document(name=f"t#{n}", source="t", key=str(n), text=f"text number {n}") for n in range(SEGMENTS)]
    source = Source(name="t", sha256="1", options={}, unit="row")

    def cut(one: Document) -> list[Span]:
        return [Span(start=0, end=len(one.text), speaker="Ada" if int(one.key) % 2 else None)]

    import_source(folder.engine, folder.study.id, source, documents, cut, [])


def book_of(folder: StudyFolder, *, exclusive: bool) -> Codebook:
    with writing(folder.engine) as connection:
        version = reserve_version(connection, folder.study.id, "", 1)
        before = read_version(connection, folder.study.id, version - 1)
        made = Codebook(version=0, exclusive=exclusive, allow_unsure=True)
        write_version(connection, folder.study.id, version, CODES, before, "ana", made)
        return read_version(connection, folder.study.id, version)


def write(folder: StudyFolder, run: Run, decisions: list[Decision], failures: list[Failure]) -> None:
    with writing(folder.engine) as connection:
        rows = [decision_row(folder.study.id, one, "") for one in decisions]
        if rows:
            connection.execute(sa.insert(schema.decisions), rows)
        if run.id:
            write_failures(connection, folder.study.id, run, failures)


def said(
    run: Run, segment: str, role: str, coder: str, code: Code | None, value: str, place: int, version: int
) -> Decision:
    return Decision.model_validate(
        {
            "id": decision_id(run.id, run.round, segment, role, coder, place),
            "run": run.id,
            "round": run.round,
            "segment_id": segment,
            "role": role,
            "coder": coder,
            "position": place,
            "label": code.label if code else None,
            "code_id": code.id if code and (value or role == "moderator") else None,
            "value": value,
            "codebook_version": version,
        }
    )


def coded_by_models(
    folder: StudyFolder,
    draw: random.Random,
    *,
    coders: int,
    exclusive: bool,
    rounds: int,
    graph: str = "final",
    scope: Scope | str = ALL,
) -> Run:
    """A deductive run of some rounds, in which anything may happen."""
    book = book_of(folder, exclusive=exclusive)
    codes = [code.id for code in book.leaves]
    begun = create_deductive_run(folder.engine, settings(folder, coders), graph, book, codes, scope)
    actors = [("coder", f"model{number}") for number in range(coders)] + [("repeat", "model0")]
    actors += [] if exclusive else [("coder", PATTERN)]
    actors += [("moderator", "moderator")] if coders > 1 else []
    for run in in_rounds(folder, begun, rounds):
        decisions, failures = [], []
        for segment in segments_of(folder, run):
            for role, coder in actors:
                for place, code in enumerate(asked_of(coder, draw, exclusive=exclusive)):
                    happens = draw.random()
                    if happens < 0.5:
                        value = "yes" if exclusive else draw.choice(("yes", "no", "unsure"))
                        decisions.append(said(run, segment, role, coder, code, value, place, book.version))
                    elif happens < 0.6:
                        failures.append(failed(segment, role, coder, "" if exclusive else code.id))
        write(folder, run, decisions, failures)
    return run


def asked_of(coder: str, draw: random.Random, *, exclusive: bool) -> list[Code]:
    """The codes that a coder decides about: models those that are read for, or one that they choose."""
    if exclusive:
        return [draw.choice(CODES)]
    return [code for code in CODES if (code.kind == "pattern") is (coder == PATTERN)]


def in_rounds(folder: StudyFolder, run: Run, rounds: int) -> Iterator[Run]:
    """The run in each of so many rounds."""
    for round_ in range(1, rounds + 1):
        with writing(folder.engine) as connection:
            update_run(connection, folder.study.id, run.id, round=round_)
            begun = get_run(connection, folder.study.id, run.id)
        yield begun


def found_by_models(folder: StudyFolder, draw: random.Random, rounds: int) -> Run:
    """An inductive run of some rounds; coders and a moderator say nothing, one thing or two."""
    begun = create_run(folder.engine, folder.study, "inductive", Scope())
    for run in in_rounds(folder, begun, rounds):
        decisions, failures = [], []
        for segment in segments_of(folder, run):
            for role, coder in (("coder", "ana"), ("moderator", "medoid")):
                happens = draw.random()
                if happens < 0.2:
                    failures.append(failed(segment, role, coder, ""))
                for place in range(draw.randint(0, 2) if happens < 0.7 else 0):
                    decisions.append(said(run, segment, role, coder, draw.choice(CODES), "", place, 0))
        write(folder, run, decisions, failures)
    return run


def coded_by_people(folder: StudyFolder, draw: random.Random) -> None:
    """Answers of two people in three rounds under books of both kinds; some are taken away."""
    books = [book_of(folder, exclusive=False), book_of(folder, exclusive=True)]
    with reading(folder.engine) as connection:
        segments = list(connection.execute(sa.select(schema.segments.c.segment_id)).scalars())
    for round_ in range(1, 4):
        run = Run(id="", graph="", round=round_, total=0, codebook_version=0, settings="{}")
        decisions = []
        for coder in ("ana", "ben"):
            for segment in segments:
                book = draw.choice(books)
                codes = [draw.choice(CODES)] if book.exclusive else draw.sample(CODES[:2], draw.randint(0, 2))
                for chosen in codes if draw.random() < 0.5 else []:
                    value = draw.choice(("yes", "yes", "" if book.exclusive else "no", "unsure", ""))
                    code = None if book.exclusive and value == "unsure" else chosen
                    place = CODES.index(code) if code and not book.exclusive else 0
                    one = said(run, segment, "human", coder, code, value or "no", place, book.version)
                    decisions.append(one.model_copy(update={"value": value}))
        write(folder, run, decisions, [])


def failed(segment: str, role: str, coder: str, code: str) -> Failure:
    return Failure.model_validate(
        {"segment_id": segment, "role": role, "coder": coder, "kind": "invalid", "message": "", "code_id": code}
    )


def segments_of(folder: StudyFolder, run: Run) -> list[str]:
    with reading(folder.engine) as connection:
        return sample_ids(connection, folder.study.id, run.sample)
