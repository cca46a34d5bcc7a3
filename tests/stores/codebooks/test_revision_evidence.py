"""What a revision rests on, as people are shown it."""

import pytest

from intercoder.core.codebook import Codebook
from intercoder.core.decisions import Decision, Value, Wave
from intercoder.core.protocols import Run
from intercoder.core.revisions import BookSettings, Revision
from intercoder.core.texts.quotes import locate
from intercoder.stores.codebooks.development import SqlDevelopmentStore
from intercoder.stores.codebooks.revision_evidence import read_evidence
from intercoder.stores.codebooks.revisions import revise_by_hand
from intercoder.stores.study_folder import StudyFolder
from tests.graphs.conftest import fill, lines
from tests.stores.codebooks.proposals import BUY, MEND, REDEFINE, begin, draft


@pytest.fixture
def book(folder: StudyFolder) -> Codebook:
    fill(folder, lines(3))
    return draft(folder)


def decide(folder: StudyFolder, run: Run, said: list[tuple[int, str, str, Value]]) -> list[str]:
    """Write decisions: segment's place, coder, code, value. Returns their ids."""
    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    segments = store.segments(run.id, 0, run.total)
    decisions = [
        Decision(
            id=f"x_{number}",
            run=run.id,
            round=1,
            segment_id=segments[place].id,
            role="coder",
            coder=coder,
            position=0,
            label=code,
            code_id=code,
            value=value,
            reason=f"Reason {number}.",
            quote=locate("the broken", segments[place].text),
            codebook_version=run.codebook_version,
        )
        for number, (place, coder, code, value) in enumerate(said)
    ]
    store.write_wave(run.id, Wave(start=0, stop=run.total, decisions=tuple(decisions)))
    return [one.id for one in decisions]


def test_passages_come_in_the_order_cited_with_all_that_was_said(folder: StudyFolder, book: Codebook) -> None:
    run = begin(folder, book)
    ids = decide(folder, run, [(0, "ana", "c_mend", "yes"), (0, "ben", "c_mend", "no"), (2, "ana", "c_mend", "no")])
    cited = REDEFINE.model_copy(update={"evidence": (ids[2], ids[0], "x_none", ids[1]), "base_version": 1})
    second, first = read_evidence(folder.engine, folder.study.id, cited)
    assert second.text == "Person 2 borrows a neighbour's jacket at home."
    assert second.document == "notes.txt"
    assert [(said.coder, said.value, said.reason) for said in first.said] == [
        ("ana", "yes", "Reason 0."),
        ("ben", "no", "Reason 1."),
    ]
    assert (first.said[0].quote, first.said[0].verified) == ("the broken", True)
    assert not second.said[0].verified
    assert first.disputed
    assert read_evidence(folder.engine, folder.study.id, REDEFINE) == []


def test_who_chose_another_of_exclusive_codes_said_no(folder: StudyFolder, book: Codebook) -> None:
    settings = Revision(
        kind="settings", settings_before=BookSettings(), settings_after=BookSettings(exclusive=True)
    )
    book = revise_by_hand(folder.engine, folder.study.id, [settings], "ana")
    run = begin(folder, book)
    ids = decide(folder, run, [(0, "ana", MEND.id, "yes"), (0, "ben", BUY.id, "yes")])
    cited = REDEFINE.model_copy(update={"evidence": tuple(ids), "base_version": book.version})
    (passage,) = read_evidence(folder.engine, folder.study.id, cited)
    assert [said.value for said in passage.said] == ["yes", "no"]
