"""The number of revisions that wait is that of those that say they do."""

from intercoder.core.revisions import RevisionAnswer
from intercoder.stores.codebooks.revisions import record_answer, recorded_revisions
from intercoder.stores.codebooks.waiting import count_waiting
from intercoder.stores.runs.runs import set_status
from intercoder.stores.study_folder import StudyFolder
from tests.graphs.conftest import fill
from tests.stores.codebooks.proposals import DROP, REDEFINE, RENAME, begin, draft, propose


def waiting(folder: StudyFolder) -> int:
    """Counted once here, once by looking at each."""
    count = count_waiting(folder.engine, folder.study.id)
    each = recorded_revisions(folder.engine, folder.study.id)
    assert count == sum(one.status == "waiting" for one in each)
    return count


def test_what_is_answered_dropped_or_left_waits_no_more(folder: StudyFolder) -> None:
    assert waiting(folder) == 0
    fill(folder, "One.\n\nTwo.")
    run = begin(folder, draft(folder))
    first, *_ = propose(folder, run, [REDEFINE, RENAME, DROP], dropped=[2])
    assert waiting(folder) == 2
    answer = RevisionAnswer(revision_id=first.id, answer="approve", by="ana")
    record_answer(folder.engine, folder.study.id, answer)
    assert waiting(folder) == 1
    set_status(folder.engine, folder.study.id, run.id, "undone")
    assert waiting(folder) == 0
