"""Studies of any size for benchmarks: generated texts, no model weights unless named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from intercoder.core.documents import Document, Span
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.study_folder import StudyFolder, create_study

_HEAD = """
question = "What do people say about repair?"
[embedding]
model = "{embedding}"
[limits]
concurrency = {concurrency}
[[moderators]]
name = "moderator"
kind = "{moderator}"
model = "{moderator_model}"
"""
_CODER = """
[[coders]]
name = "coder{place}"
model = "{model}"
seed = {place}
"""


def settings(
    model: str,
    *,
    moderator: str = "medoid",
    concurrency: int = 64,
    embedding: str = "scripted:hashing",
    coders: int = 3,
) -> str:
    """study.toml with coders of one model and one moderator."""
    head = _HEAD.format(
        embedding=embedding,
        concurrency=concurrency,
        moderator=moderator,
        moderator_model=model if moderator == "llm" else "",
    )
    return head + "".join(_CODER.format(place=place, model=model) for place in range(coders))


def filled_study(path: Path, segments: int, text: str) -> StudyFolder:
    """A study with so many short segments, one document each."""
    folder = create_study(path, text)
    source = Source(name="generated", sha256=str(segments), options={}, unit="row")
    import_source(folder.engine, folder.study.id, source, _documents(segments), _whole, [])
    return folder


SYLLABLES = ("ka", "ro", "mi", "ten", "lu", "sa", "vor", "pe", "dan", "fi")


def _documents(count: int) -> Iterator[Document]:
    """Short texts over 40 x 50 made-up subjects and doings, so that codes recur as they do in a real corpus."""
    for place in range(count):
        subject, doing = _word(place % 40 + 100), _word(place * 7 % 50 + 300)
        text = f"Person {place} {doing}s the {subject} at home."
        yield Document(name=f"generated#{place}", source="generated", key=str(place), text=text)


def _word(number: int) -> str:
    """A made-up word for a number below 1000."""
    return "".join(SYLLABLES[int(digit)] for digit in f"{number:03}") + SYLLABLES[number % 7]


def _whole(document: Document) -> list[Span]:
    return [Span(start=0, end=len(document.text))]
