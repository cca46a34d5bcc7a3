"""What carries a code now: through renames, merges and groups, and as many as the corpus finds by it."""

import pytest

from intercoder.core.codebook import Code
from intercoder.core.codebooks.codebook_acts import added, divided, moved, recoloured, renamed, united
from intercoder.graphs.codebook.codebook_acts import carry_out
from intercoder.graphs.codebook.codebook_edits import latest_or_empty
from intercoder.stores.codebooks.carried_codes import Carried, carried_codes
from intercoder.stores.codebooks.counted_codebooks import latest_codebook
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.corpus.search import CorpusSearch, Filters
from intercoder.stores.corpus.text_index import corpus_index
from intercoder.stores.runs.deductions import create_deductive_run
from intercoder.stores.study_folder import StudyFolder
from tests.graphs.codebook.test_codebook_acts import Make, decide
from tests.stores.codebooks.proposals import BUY, LEND, MEND, draft


@pytest.fixture
def coded(study: StudyFolder) -> StudyFolder:
    """A study in which one segment was given two of three codes, under version 1."""
    book = draft(study)
    run = create_deductive_run(study.engine, study.study, "final", book, [one.id for one in book.leaves], Scope())
    decide(study, run.id, {MEND: "yes", BUY: "yes", LEND: "no"})
    return study


def do(study: StudyFolder, make: Make) -> None:
    book = latest_or_empty(study)
    carry_out(study, book, make(book), "ben")


def found_in_corpus(study: StudyFolder) -> dict[str, int]:
    search = CorpusSearch(study, corpus_index(study))
    return {code.id: len(search.find(Filters(code=code.id))) for code in latest_or_empty(study).codes}


def test_a_count_outlives_a_rename_and_says_whose_wording_it_was(coded: StudyFolder) -> None:
    once = Carried(segments=1)
    assert carried_codes(coded) == {MEND.id: once, BUY.id: once, LEND.id: Carried(segments=0)}
    do(coded, lambda book: recoloured(book, MEND.id, "teal"))
    assert carried_codes(coded)[MEND.id] == once
    do(coded, lambda book: renamed(book, MEND.id, "repairing"))
    assert carried_codes(coded)[MEND.id] == Carried(segments=1, earlier=1, versions=(1,))
    assert carried_codes(coded)[BUY.id] == once
    assert MEND.id not in latest_codebook(coded.engine, coded.study.id).counts
    do(coded, lambda book: renamed(book, MEND.id, MEND.label))
    assert carried_codes(coded)[MEND.id] == once


def test_what_was_merged_is_carried_on_and_what_is_new_is_carried_by_nothing(coded: StudyFolder) -> None:
    do(coded, lambda book: united(book, [LEND.id, BUY.id], "getting"))
    assert carried_codes(coded)[LEND.id] == Carried(segments=1, earlier=1, versions=(1,))
    do(coded, lambda book: divided(book, MEND.id, [("by hand", "x"), ("by machine", "y")]))
    assert set(carried_codes(coded)) == {LEND.id}
    do(coded, lambda book: added(book, Code(id="", label="all")))
    group = latest_or_empty(coded).codes[-1]
    do(coded, lambda book: moved(book, LEND.id, group.id))
    assert carried_codes(coded)[group.id].segments == 1
    assert {id_: one.segments for id_, one in carried_codes(coded).items()} == {
        id_: number for id_, number in found_in_corpus(coded).items() if number
    }
