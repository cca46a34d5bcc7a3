"""What of a run's progress is counted as a person would, and what is not told since nobody knows it."""

from intercoder.core.codebooks.codebook_acts import moved
from intercoder.core.protocols import Run
from intercoder.stores.codebooks.revisions import newest, revise_by_hand
from intercoder.stores.database import reading
from intercoder.stores.runs.run_progress import RunWatch
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.widgets.run_words import latest_row
from tests.stores.codebooks.proposals import CODES, LEND, MEND, begin, draft
from tests.stores.runs.test_run_progress import NOW, SEGMENTS, answer, at_work, decide
from tests.stores.runs.test_run_progress import run as run

__all__ = ["run"]


def test_groups_are_not_counted_among_the_codes_that_are_asked(folder: StudyFolder, run: Run) -> None:
    draft(folder)
    with reading(folder.engine) as connection:
        book = newest(connection, folder.study.id)
    revise_by_hand(folder.engine, folder.study.id, moved(book, LEND.id, MEND.id), "ana")
    with reading(folder.engine) as connection:
        book = newest(connection, folder.study.id)
    begun = begin(folder, book)
    assert RunWatch(folder, begun.id).look(NOW).codes == len(book.leaves) == len(CODES) - 1


def test_a_stage_that_goes_on_beyond_what_was_foreseen_has_no_time_left_told(folder: StudyFolder, run: Run) -> None:
    answer(folder, run.id, *range(SEGMENTS - 1))
    watch = RunWatch(folder, run.id)
    with at_work(folder, run.id):
        assert watch.look(NOW).pace.left
        answer(folder, run.id, SEGMENTS - 1)
        assert watch.look(NOW).pace.left is None


def test_repeated_answers_are_told_from_first_ones(folder: StudyFolder, run: Run) -> None:
    decide(folder, run.id, 0, role="coder", value="yes")
    decide(folder, run.id, 1, role="repeat", value="yes")
    first, again = (latest_row(one).plain for one in RunWatch(folder, run.id).look(NOW).latest)
    assert "again" in again and "again" not in first
