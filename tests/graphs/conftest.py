"""A study on disk whose coders are scripted: no weights, so that every start is fast."""

from pathlib import Path

import pytest

from intercoder.core.documents import Document
from intercoder.core.texts.segmentation import segment
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.study_folder import StudyFolder
from tests.studies import new_study

SETTINGS = """
question = "What do people say about repair?"
[[coders]]
name = "ana"
model = "scripted:words"
seed = 1
[[coders]]
name = "ben"
model = "scripted:words"
seed = 2
[[coders]]
name = "caro"
model = "scripted:words"
seed = 3
[[moderators]]
name = "moderator"
kind = "llm"
model = "scripted:words"
[embedding]
model = "scripted:hashing"
[limits]
concurrency = 8
wave = 10
"""
SUBJECTS = ("toaster", "bicycle", "jacket", "radio", "kettle", "lamp", "chair")
DOINGS = ("repairs the broken", "throws away an old", "borrows a neighbour's", "sews the torn", "sells the")


def lines(count: int) -> str:
    """`count` different short paragraphs about a few recurring things."""
    return "\n\n".join(
        f"Person {place} {DOINGS[place % len(DOINGS)]} {SUBJECTS[place % len(SUBJECTS)]} at home."
        for place in range(count)
    )


def fill(folder: StudyFolder, text: str, name: str = "notes.txt") -> None:
    """Import one text by paragraphs."""
    document = Document(name=name, source=name, text=text)
    source = Source(name=name, sha256=document.id, options={}, unit="paragraph")
    import_source(
        folder.engine, folder.study.id, source, [document], lambda one: segment(one.text, "paragraph"), []
    )


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    """Forty short paragraphs, three scripted coders, one scripted moderator."""
    folder = new_study(tmp_path / "study", SETTINGS)
    fill(folder, lines(40))
    return folder
