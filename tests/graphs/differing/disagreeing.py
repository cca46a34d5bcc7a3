"""Studies in which coders differ, written down compactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.given_answers import CodedSheet, HumanCoding
from intercoder.core.decisions import Decision, Provenance, Role, Value, Wave, decision_id
from intercoder.core.documents import Document, Span
from intercoder.core.protocols import Run
from intercoder.core.texts.quotes import locate
from intercoder.stores.codebooks.codebooks import read_version, reserve_version, write_version
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.database import writing
from intercoder.stores.people.human_codings import write_codings
from intercoder.stores.runs.deductions import SqlDeductiveStore, create_deductive_run
from intercoder.stores.study_folder import StudyFolder
from tests.studies import new_study

MONEY = Code(id="c_money", label="money", definition="Costs are named.")
MEND = Code(id="c_mend", label="mending", definition="Something is repaired.")
TEXTS = (
    "We save money by mending.",
    "Nothing to say.",
    "Mending is fun.",
    "Money is short, so we save.",
    "The kettle went to the dump.",
)
SETTINGS = """
id = "study_test"
question = "Why repair?"
[[coders]]
name = "first"
model = "scripted:words"
[embedding]
model = "scripted:hashing"
[[deductive.coders]]
name = "one"
model = "scripted:words"
[[deductive.coders]]
name = "two"
model = "scripted:words"
"""

Said = Mapping[str, Sequence[str]]
"""Coder -> letters of answers to segments, in order: y, n, u or - for none. `two*` is `two` asked again, `=` the
moderator."""
VALUES: dict[str, Value] = {"y": "yes", "n": "no", "u": "unsure"}


def make_study(path: Path, texts: Sequence[str] = TEXTS, settings: str = SETTINGS) -> StudyFolder:
    """One document, each text a turn of it."""
    folder = new_study(path, settings)
    spans, at = [], 0
    for text in texts:
        spans.append(Span(start=at, end=at + len(text), speaker="Ana"))
        at += len(text) + 1
    document = Document(name="talk.txt", source="talk.txt", text="\n".join(texts))
    source = Source(name="talk.txt", sha256="1", options={}, unit="turn")
    import_source(folder.engine, folder.study.id, source, [document], lambda one: spans, [])
    return folder


def make_book(folder: StudyFolder, *codes: Code, exclusive: bool = False) -> Codebook:
    """The next version of the codebook."""
    with writing(folder.engine) as connection:
        version = reserve_version(connection, folder.study.id, "", 1)
        before = read_version(connection, folder.study.id, version - 1)
        settings = Codebook(version=0, exclusive=exclusive, allow_unsure=True)
        write_version(connection, folder.study.id, version, codes or (MONEY, MEND), before, "ana", settings)
        return read_version(connection, folder.study.id, version)


def make_run(
    folder: StudyFolder, book: Codebook, said: Mapping[str, Said], graph: str = "codevelop", *, position: int = -1
) -> Run:
    """A run whose coders said so: code id -> coder -> letters; of an exclusive book `` -> coder -> code ids."""
    run = create_deductive_run(folder.engine, folder.study, graph, book, [one.id for one in book.leaves], Scope())
    store = SqlDeductiveStore(folder.engine, folder.study.id)
    segments = store.segments(run.id, 0, run.total)
    decisions = []
    for code_id, of_code in said.items():
        for name, letters in of_code.items():
            role: Role = "repeat" if name.endswith("*") else "moderator" if name == "=" else "coder"
            coder = "moderator" if name == "=" else name.rstrip("*")
            for segment, letter in zip(segments, letters, strict=False):
                if letter in ("-", ""):
                    continue
                chosen = code_id or (letter if letter != "u" else "")
                code = book.code(chosen)
                decisions.append(
                    Decision(
                        id=decision_id(run.id, 1, segment.id, role, coder, code_id or "choice"),
                        run=run.id,
                        round=1,
                        segment_id=segment.id,
                        role=role,
                        coder=coder,
                        position=0,
                        label=code.label if code else None,
                        code_id=chosen or None,
                        code_revision=code.revision if code else None,
                        value=VALUES[letter] if code_id or letter == "u" else "yes",
                        reason=f"{coder} says so.",
                        quote=locate(segment.text[:8], segment.text, segment.start),
                        provenance=Provenance(model=f"scripted:{coder}", prompt="coder", prompt_hash="abc123"),
                        codebook_version=book.version,
                    )
                )
    order = {segment.id: place for place, segment in enumerate(segments)}
    decisions.sort(key=lambda one: order[one.segment_id])
    stop = run.total if position < 0 else position
    store.write_wave(run.id, Wave(start=0, stop=stop, decisions=tuple(decisions)))
    return store.run(run.id)


def code_by_hand(folder: StudyFolder, book: Codebook, segments: Sequence[str], said: Mapping[str, Said]) -> None:
    """What people said: code id -> person -> letters."""
    codings = []
    for place, code in enumerate(book.leaves):
        for person, letters in said.get(code.id, {}).items():
            for segment, letter in zip(segments, letters, strict=False):
                if letter not in ("-", ""):
                    codings.append(
                        HumanCoding(
                            coder=person,
                            segment_id=segment,
                            code_id=code.id,
                            code_revision=code.revision,
                            label=code.label,
                            value=VALUES[letter],
                            position=0 if book.exclusive else place,
                            codebook_version=book.version,
                            exclusive=book.exclusive,
                        )
                    )
    write_codings(folder.engine, folder.study.id, CodedSheet(codings=tuple(codings), memos=(), blank=()))


def ids(folder: StudyFolder, run: Run) -> list[str]:
    """Segments of a run, in order."""
    store = SqlDeductiveStore(folder.engine, folder.study.id)
    return [segment.id for segment in store.segments(run.id, 0, run.total)]
