"""Studies coded with a codebook that stands before, written without a model or a graph."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.given_answers import CodedSheet, HumanCoding
from intercoder.core.decisions import Decision, Failure, Provenance, Role, Value, Wave, decision_id
from intercoder.core.documents import Document, Span
from intercoder.core.protocols import Run
from intercoder.core.revisions import BookSettings, Revision
from intercoder.core.texts.quotes import locate
from intercoder.stores.codebooks.development import SqlDevelopmentStore
from intercoder.stores.codebooks.revisions import revise_by_hand
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.people.human_codings import write_codings
from intercoder.stores.runs.deductions import create_deductive_run
from intercoder.stores.study_folder import StudyFolder
from tests.studies import new_study

SETTINGS = """
question = "Why do people repair things?"
[[coders]]
name = "one"
model = "scripted:words"
[deductive.moderator]
name = "chair"
"""
Said = Mapping[str, Sequence[Value]]
"""Code id -> what was said of it, a segment each; empty for a question without an answer."""


def settings(*coders: str) -> str:
    """Settings with these deductive coders."""
    return SETTINGS + "".join(f'[[deductive.coders]]\nname = "{name}"\n' for name in coders)


def make_study(path: Path, texts: Sequence[str], *coders: str) -> StudyFolder:
    """A study of short texts, a segment each."""
    folder = new_study(path, settings(*coders))
    source = Source(name="notes.csv", sha256="1", options={}, unit="row")
    documents = [
        Document(name=f"notes.csv#{place}", source="notes.csv", key=str(place), text=text)
        for place, text in enumerate(texts)
    ]
    import_source(
        folder.engine, folder.study.id, source, documents, lambda one: [Span(start=0, end=len(one.text))], []
    )
    return folder


def write_book(
    folder: StudyFolder, codes: Sequence[Code], author: str = "ana", *, exclusive: bool = False
) -> Codebook:
    """The codebook's first version."""
    revisions = [Revision(kind="add", after=(code,)) for code in codes]
    if exclusive:
        asked = BookSettings(exclusive=True, allow_unsure=True)
        revisions.append(Revision(kind="settings", settings_before=BookSettings(), settings_after=asked))
    return revise_by_hand(folder.engine, folder.study.id, revisions, author, "the draft")


def store_of(folder: StudyFolder) -> SqlDevelopmentStore:
    """The study's store."""
    return SqlDevelopmentStore(folder.engine, folder.study.id)


def begin(folder: StudyFolder, graph: str, book: Codebook, scope: Scope | str | None = None) -> Run:
    """A run of all codes of a book."""
    codes = [code.id for code in book.leaves]
    return create_deductive_run(folder.engine, folder.study, graph, book, codes, scope or Scope())


def ids_of(folder: StudyFolder, run: Run) -> list[str]:
    """Ids of the run's segments."""
    return [segment.id for segment in store_of(folder).segments(run.id, 0, run.total)]


def code(folder: StudyFolder, run_id: str, said: Mapping[tuple[Role, str], Said]) -> list[Decision]:
    """Write a round: what coders, moderators and coders asked again said."""
    store = store_of(folder)
    run, book = store.run(run_id), store.book(run_id)
    decisions, failures = [], []
    for place, segment in enumerate(store.segments(run.id, 0, run.total)):
        for (role, coder), by_code in said.items():
            for code_id, values in by_code.items():
                if not values[place]:
                    failures.append(
                        Failure(
                            segment_id=segment.id,
                            role=role,
                            coder=coder,
                            kind="invalid",
                            message="no answer",
                            code_id=code_id,
                        )
                    )
                    continue
                decisions.append(decided(run, book, segment.id, segment.text, role, coder, code_id, values[place]))
    store.write_wave(run.id, Wave(start=0, stop=run.total, decisions=tuple(decisions), failures=tuple(failures)))
    return decisions


def decided(
    run: Run, book: Codebook, segment: str, text: str, role: Role, coder: str, code_id: str, value: Value
) -> Decision:
    """One decision, with a reason that names it and a quote: the text's first two words."""
    known = book.code(code_id)
    assert known is not None
    choice = book.exclusive
    return Decision(
        id=decision_id(run.id, run.round, segment, role, coder, 0 if choice else code_id),
        run=run.id,
        round=run.round,
        segment_id=segment,
        role=role,
        coder=coder,
        position=0 if choice else [one.id for one in book.leaves].index(code_id),
        label=known.label,
        code_id=None if choice and value == "unsure" else code_id,
        code_revision=known.revision,
        value=value,
        reason=f"{coder} says {value} to {known.label} in round {run.round}",
        quote=locate(" ".join(text.split()[:2]), text) if value == "yes" else locate("", text),
        provenance=Provenance(model="scripted:words", prompt="deductive/default", prompt_hash=f"hash-{coder}"[:12]),
        codebook_version=book.version,
    )


def by_hand(
    folder: StudyFolder, book: Codebook, segments: Sequence[str], said: Mapping[str, Mapping[str, Sequence[Value]]]
) -> None:
    """Write what people said: person -> code id -> a value a segment, empty for none."""
    codings = [
        HumanCoding(
            coder=person,
            segment_id=segment,
            code_id=one.id,
            code_revision=one.revision,
            label=one.label,
            value=values[place],
            position=at,
            codebook_version=book.version,
        )
        for person, by_code in said.items()
        for at, one in enumerate(book.leaves)
        for values in [by_code.get(one.id, [])]
        for place, segment in enumerate(segments)
        if place < len(values) and values[place]
    ]
    write_codings(folder.engine, folder.study.id, CodedSheet(codings=tuple(codings), memos=(), blank=()))
