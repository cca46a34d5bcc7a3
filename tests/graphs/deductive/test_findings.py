"""What a round found out, with passages as people and the reviser are shown them."""

from pathlib import Path

import pytest

from intercoder.core.decisions import Decision, Wave, decision_id
from intercoder.core.documents import Document, Span
from intercoder.graphs.deductive.findings import gather_findings
from intercoder.stores.codebooks.development import SqlDevelopmentStore
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.study_folder import StudyFolder
from tests.graphs.conftest import SETTINGS
from tests.stores.codebooks.proposals import MEND, begin, draft
from tests.studies import new_study


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    """An interview of two turns."""
    folder = new_study(tmp_path / "study", SETTINGS)
    document = Document(name="talk.txt", source="talk.txt", text="I mend. Why?")
    source = Source(name="talk.txt", sha256="1", options={}, unit="turn")
    turns = [Span(start=0, end=7, speaker="Ana"), Span(start=8, end=12)]
    import_source(folder.engine, folder.study.id, source, [document], lambda one: turns, [])
    return folder


def test_passages_say_where_they_stand_and_who_speaks(folder: StudyFolder) -> None:
    run = begin(folder, draft(folder))
    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    decisions = [
        Decision(
            id=decision_id(run.id, 1, segment.id, "coder", "reader", MEND.id),
            run=run.id,
            round=1,
            segment_id=segment.id,
            role="coder",
            coder="reader",
            position=0,
            label=MEND.label,
            code_id=MEND.id,
            code_revision=1,
            value="yes" if segment.speaker else "no",
            codebook_version=run.codebook_version,
        )
        for segment in store.segments(run.id, 0, run.total)
    ]
    store.write_wave(run.id, Wave(start=0, stop=2, decisions=tuple(decisions)))
    excerpts = gather_findings(store, run.id, [MEND.id])[MEND.id].excerpts
    assert [(one.document, one.speaker, one.text, one.said[0].value) for one in excerpts] == [
        ("talk.txt", "Ana", "I mend.", "yes"),
        ("talk.txt", "", "Why?", "no"),
    ]
