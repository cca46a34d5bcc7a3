"""Studies that were coded without a model, and a browser without a network."""

import html
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from intercoder.core.codebook import Code
from intercoder.core.coding.codings import CodedPassage
from intercoder.core.decisions import Decision, Provenance, Role, Wave, decision_id
from intercoder.core.documents import Document, Span
from intercoder.core.protocols import Run, Vectors
from intercoder.core.texts.quotes import Quote
from intercoder.evals.report.inductive.comparison import Embed
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.runs.runs import SqlStudyStore, create_run
from intercoder.stores.study_folder import StudyFolder
from tests.studies import new_study

SETTINGS = """
question = "Why do people repair things?"
[embedding]
model = "scripted:hashing"
[[coders]]
name = "one"
model = "scripted:words"
[[coders]]
name = "two"
model = "scripted:words"
"""
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

Said = Sequence[Sequence[str]]
"""For each segment the labels a coder gave it."""
Coded = Callable[..., tuple[StudyFolder, Run]]


def letters(texts: Sequence[str]) -> Vectors:
    """Embeddings by letters: texts that are written alike are alike."""
    rows = np.zeros((len(texts), 64), np.float32)
    for row, text in zip(rows, texts, strict=True):
        for mark in text:
            row[ord(mark) % 64] += 1
        row[0] += 0.01
        row /= np.linalg.norm(row)
    return rows


@pytest.fixture
def embed() -> Embed:
    return letters


@pytest.fixture
def coded(tmp_path: Path) -> Coded:
    """Make a study in which coders said what is given; the first label of the first coder always stands."""

    def make(said: dict[str, Said], texts: Sequence[str] = (), settings: str = SETTINGS) -> tuple[StudyFolder, Run]:
        count = len(next(iter(said.values())))
        texts = texts or [f"This is text number {place}." for place in range(count)]
        folder = new_study(tmp_path / "study", settings)
        source = Source(name="notes.txt", sha256="1", options={}, unit="row")
        documents = [
            Document(name=f"notes{place}", source="notes.txt", key=str(place), text=text)
            for place, text in enumerate(texts)
        ]
        import_source(folder.engine, folder.study.id, source, documents, _whole, [])
        run = create_run(folder.engine, folder.study, "inductive", Scope())
        store = SqlStudyStore(folder.engine, folder.study.id)
        ids = [segment.id for segment in store.segments(run.id, 0, count)]
        store.write_wave(run.id, _wave(run, ids, said))
        store.finish(run.id)
        return folder, store.run(run.id)

    return make


def _whole(document: Document) -> list[Span]:
    return [Span(start=0, end=len(document.text))]


def _wave(run: Run, ids: Sequence[str], said: dict[str, Said]) -> Wave:
    stands = next(iter(said.values()))
    labels = list(dict.fromkeys(label for given in stands for label in given))
    codes = {label: Code(id=f"c_{place}", label=label) for place, label in enumerate(labels)}
    decisions = [
        _decision(run, segment, "coder", coder, place, label, None)
        for coder, given in said.items()
        for segment, own in zip(ids, given, strict=True)
        for place, label in enumerate(own or (None,))
    ]
    decisions += [
        _decision(run, segment, "moderator", "medoid", place, label, codes[label].id if label else None)
        for segment, own in zip(ids, stands, strict=True)
        for place, label in enumerate(own or (None,))
    ]
    return Wave(start=0, stop=len(ids), decisions=tuple(decisions), codes=tuple(codes.values()))


def _decision(
    run: Run, segment: str, role: Role, coder: str, place: int, label: str | None, code: str | None
) -> Decision:
    return Decision(
        id=decision_id(run.id, 1, segment, role, coder, place),
        run=run.id,
        round=1,
        segment_id=segment,
        role=role,
        coder=coder,
        position=place,
        label=label,
        code_id=code,
        code_revision=1 if code else None,
        reason=f"because {label}",
        quote=Quote(text="This is", start=0, end=7),
        provenance=Provenance(model=f"scripted:{coder}", prompt=f"coder/{coder}", prompt_hash=f"hash{coder}"),
        codebook_version=run.codebook_version,
    )


def person(name: str, labels: Sequence[str]) -> list[CodedPassage]:
    """What a person gave each of the documents that `coded` makes; empty for nothing."""
    return [
        CodedPassage(coder=name, label=label, document=f"notes{place}", start=0, end=7)
        for place, label in enumerate(labels)
    ]


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[str], str]:
    """Open a page in a browser that reaches no network; gives the document as it is after its scripts ran."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here to open the report with")

    def run(page: str, anchor: str = "") -> str:
        file = tmp_path / "report.html"
        file.write_text(page, encoding="utf-8")
        done = subprocess.run(
            [
                str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}",
                "--virtual-time-budget=20000", "--enable-logging=stderr", "--dump-dom", f"{file.as_uri()}{anchor}",
            ],
            capture_output=True,
            text=True,
            timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        assert not console, console
        return done.stdout

    return run


def visible(dom: str) -> str:
    """A document's text without its scripts and markup."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", dom, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", body))
