"""How much a revision lets be coded again."""

from collections.abc import Sequence

import pytest

from intercoder.core.decisions import Decision, Failure, Role, Value, Wave
from intercoder.core.protocols import Run
from intercoder.core.revisions import BookSettings, RecordedRevision, Revision, revised
from intercoder.graphs.codebook.revision_views import cost_words, recoding, touched
from intercoder.stores.codebooks.development import SqlDevelopmentStore
from intercoder.stores.codebooks.revisions import recorded_revisions, revise_by_hand, revision_numbered
from intercoder.stores.study_folder import StudyFolder
from tests.stores.codebooks.proposals import (
    BUY,
    CODES,
    DROP,
    LEND,
    MEND,
    MERGE,
    REDEFINE,
    SPLIT,
    begin,
    draft,
    propose,
)

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


Said = tuple[int, Role, str, str, Value]
"""Place of a segment, role, coder, code, value."""
SAID: Sequence[Said] = (
    (0, "coder", "x", MEND.id, "yes"),
    (0, "coder", "y", MEND.id, "no"),
    (0, "moderator", "m", MEND.id, "yes"),
    (0, "repeat", "x", MEND.id, "no"),
    (1, "coder", "x", MEND.id, "unsure"),
    (1, "coder", "x", BUY.id, "yes"),
    (2, "coder", "x", LEND.id, "no"),
)


def decide(study: StudyFolder, run: Run, said: Sequence[Said], failures: Sequence[Failure] = ()) -> None:
    store = SqlDevelopmentStore(study.engine, study.study.id)
    run = store.run(run.id)
    segments = store.segments(run.id, 0, run.total)
    decisions = tuple(
        Decision(
            id=f"x_{run.round}_{number}",
            run=run.id,
            round=run.round,
            segment_id=segments[place].id,
            role=role,
            coder=coder,
            position=0,
            label=code,
            code_id=code,
            code_revision=1,
            value=value,
            codebook_version=run.codebook_version,
        )
        for number, (place, role, coder, code, value) in enumerate(said)
    )
    store.write_wave(run.id, Wave(start=0, stop=run.total, decisions=decisions, failures=tuple(failures)))


def counts(study: StudyFolder, run: Run, *revisions: Revision) -> list[tuple[int, int, int, int]]:
    """Segments, Yes, No, unsure."""
    found = [
        touched(study, revision_numbered(study.engine, study.study.id, one.number))
        for one in (revision_of(study, made) for made in propose(study, run, revisions))
    ]
    return [(one.segments, one.yes, one.no, one.unsure) for one in found]


def revision_of(study: StudyFolder, revision: Revision) -> RecordedRevision:
    known = recorded_revisions(study.engine, study.study.id)
    return next(one for one in known if one.revision.id == revision.id)


def test_decisions_that_stand_about_the_codes_are_counted(study: StudyFolder) -> None:
    run = begin(study, draft(study))
    decide(study, run, SAID)
    add = Revision(kind="add", after=(MEND.model_copy(update={"id": "c_new", "label": "new"}),))
    assert counts(study, run, REDEFINE, SPLIT, MERGE, DROP, add) == [
        (2, 2, 1, 1),
        (1, 1, 0, 0),
        (2, 1, 1, 0),
        (1, 0, 1, 0),
        (0, 0, 0, 0),
    ]


def test_only_the_latest_answer_counts_and_none_that_failed_since(study: StudyFolder) -> None:
    run = begin(study, draft(study))
    decide(study, run, SAID[:2])
    revise_by_hand(study.engine, study.study.id, [revised("rename", MEND, label="repair")], "ana")
    store = SqlDevelopmentStore(study.engine, study.study.id)
    assert store.apply_round(run.id)
    segment = store.segments(run.id, 0, 1)[0].id
    lost = Failure(segment_id=segment, role="coder", coder="y", code_id=MEND.id, kind="error", message="")
    decide(study, run, [(0, "coder", "x", MEND.id, "no")], [lost])
    assert counts(study, store.run(run.id), REDEFINE) == [(1, 0, 1, 0)]


def test_of_exclusive_codes_every_choice_counts(study: StudyFolder) -> None:
    draft(study)
    run = begin(study, revise_by_hand(study.engine, study.study.id, [EXCLUSIVE], "ana"))
    decide(study, run, [(0, "coder", "x", MEND.id, "yes"), (1, "coder", "x", BUY.id, "yes")])
    assert counts(study, run, REDEFINE) == [(2, 1, 1, 0)]


def test_the_cost_is_told_in_a_sentence(study: StudyFolder) -> None:
    run = begin(study, draft(study))
    decide(study, run, SAID)
    made = [revision_of(study, one) for one in propose(study, run, [REDEFINE, DROP])]
    assert [cost_words(touched(study, one), recoding(study, one)) for one in made] == [
        "touches 4 decisions (2 Yes, 1 No, 1 unsure) on 2 segments; lets 40 of 120 be coded again by each coder",
        "touches 1 decision (0 Yes, 1 No) on 1 segment; nothing is coded again",
    ]
    revise_by_hand(study.engine, study.study.id, [Revision(kind="drop", before=(MEND,))], "ben")
    assert cost_words(touched(study, made[0]), recoding(study, made[0])).endswith(
        "does not fit the codebook any more"
    )
