"""Whether anybody wrote: seen once, whoever it was."""

from intercoder.stores.changes import Changes
from intercoder.stores.runs.runs import set_status
from intercoder.stores.study_folder import StudyFolder, open_study


def test_a_write_is_seen_once_and_reading_is_none(folder: StudyFolder) -> None:
    changes = Changes(folder.engine)
    assert not changes.any()
    set_status(folder.engine, folder.study.id, "nobody", "done")
    assert not changes.any()  # changed no row
    other = open_study(folder.path)
    _write(other)
    assert changes.any()
    assert not changes.any()
    changes.close()
    other.close()


def test_a_write_of_the_same_process_is_seen(folder: StudyFolder) -> None:
    changes = Changes(folder.engine)
    _write(folder)
    assert changes.any()
    changes.close()


def _write(folder: StudyFolder) -> None:
    from intercoder.core.codebook import Code
    from intercoder.core.revisions import Revision
    from intercoder.stores.codebooks.revisions import revise_by_hand

    added = Revision(kind="add", after=(Code(id="c_1", label="mending"),))
    revise_by_hand(folder.engine, folder.study.id, [added], "ana")
