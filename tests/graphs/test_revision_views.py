"""How much a revision lets be coded again."""

import pytest

from intercoder.core.protocols import Run
from intercoder.core.revisions import BookSettings, Revision, revised
from intercoder.graphs.revision_views import recoding
from intercoder.stores.revisions import revise_by_hand, revision_numbered
from intercoder.stores.study_folder import StudyFolder
from tests.stores.proposals import CODES, DROP, MEND, MERGE, REDEFINE, SPLIT, begin, draft, propose

EXCLUSIVE = Revision(kind="settings", settings_before=BookSettings(), settings_after=BookSettings(exclusive=True))


def costs(study: StudyFolder, run: Run, *revisions: Revision) -> list[tuple[int, int, int] | None]:
    """Codes coded again, decisions made again, decisions of a whole round."""
    propose(study, run, revisions)
    first = 4 if run.codebook_version == 1 else 5
    found = [
        recoding(study, revision_numbered(study.engine, study.study.id, first + at)) for at in range(len(revisions))
    ]
    return [one and (len(one.codes), one.decisions, one.of_decisions) for one in found]


def test_only_the_codes_that_a_revision_touches_are_coded_again(study: StudyFolder) -> None:
    run = begin(study, draft(study))
    assert costs(study, run, REDEFINE, SPLIT, MERGE, DROP) == [
        (1, 40, 120),
        (2, 80, 160),
        (1, 40, 80),
        (0, 0, 80),
    ]


def test_where_codes_exclude_one_another_all_segments_are(study: StudyFolder) -> None:
    draft(study)
    run = begin(study, revise_by_hand(study.engine, study.study.id, [EXCLUSIVE], "ana"))
    assert costs(study, run, REDEFINE, DROP) == [(len(CODES), 40, 40), (2, 40, 40)]


@pytest.mark.parametrize(
    "change", [revised("definition", MEND, definition="By hand."), Revision(kind="drop", before=(MEND,))]
)
def test_of_what_does_not_fit_any_more_nothing_is_known(study: StudyFolder, change: Revision) -> None:
    run = begin(study, draft(study))
    revise_by_hand(study.engine, study.study.id, [change], "ben")
    propose(study, run, [REDEFINE])
    assert recoding(study, revision_numbered(study.engine, study.study.id, 5)) is None
