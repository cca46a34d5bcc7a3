"""A person's single changes to the codebook: revisions of theirs that say what they touch and can be undone."""

from collections.abc import Callable
from typing import Any

import pytest

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_acts import (
    added,
    code_called,
    divided,
    dropped,
    moved,
    recoloured,
    redefined,
    renamed,
    shifted,
    united,
    with_settings,
)
from intercoder.core.decisions import Decision, Wave
from intercoder.core.errors import InputError, StudyError
from intercoder.core.revising.applying import apply
from intercoder.core.revisions import Revision
from intercoder.graphs.codebook import codebook_edits
from intercoder.graphs.codebook.codebook_acts import (
    ChangedMeanwhile,
    carry_out,
    touched,
    touched_words,
    undo_latest,
    undone_by_next,
)
from intercoder.graphs.codebook.codebook_edits import latest_or_empty
from intercoder.graphs.codebook.codebook_export import NAME, write_codebook
from intercoder.stores.codebooks.codebook_versions import list_versions
from intercoder.stores.codebooks.counted_codebooks import latest_codebook
from intercoder.stores.codebooks.development import SqlDevelopmentStore
from intercoder.stores.codebooks.revisions import recorded_revisions
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.runs.deductions import create_deductive_run
from intercoder.stores.study_folder import StudyFolder
from tests.stores.codebooks.proposals import BUY, CODES, LEND, MEND, REDEFINE, begin, draft, propose

Make = Callable[[Codebook], list[Revision]]
ACTS: dict[str, Make] = {
    "rename": lambda book: renamed(book, MEND.id, " repairing "),
    "define": lambda book: redefined(
        book, MEND.model_copy(update={"definition": "By hand.", "exclude": ("cars",)})
    ),
    "recolour": lambda book: recoloured(book, MEND.id, "teal"),
    "add": lambda book: added(book, Code(id="", label="sharing", definition="Together.")),
    "drop": lambda book: dropped(book, LEND.id),
    "split": lambda book: divided(book, BUY.id, [("buying new", "A shop."), ("buying used", "")]),
    "merge": lambda book: united(book, [LEND.id, BUY.id], "getting"),
    "move": lambda book: moved(book, LEND.id, MEND.id),
    "shift": lambda book: shifted(book, LEND.id, -1),
    "settings": lambda book: with_settings(book, allow_unsure=True),
}
EXPECTED = {
    "rename": {"repairing", "buying", "lending"},
    "add": {"mending", "buying", "lending", "sharing"},
    "drop": {"mending", "buying"},
    "split": {"mending", "buying new", "buying used", "lending"},
    "merge": {"mending", "getting"},
}


@pytest.fixture
def drafted(study: StudyFolder) -> StudyFolder:
    """A study with three codes."""
    draft(study)
    return study


def do(study: StudyFolder, make: Make, by: str = "ben", seen: Codebook | None = None) -> Codebook:
    book = seen or latest_or_empty(study)
    return carry_out(study, book, make(book), by).after


@pytest.mark.parametrize("name", ACTS)
def test_each_act_is_a_revision_of_the_person_and_can_be_undone(drafted: StudyFolder, name: str) -> None:
    before = latest_or_empty(drafted)
    after = do(drafted, ACTS[name])
    write_codebook(drafted)
    assert (before.version, after.version) == (1, 2)
    assert {code.label for code in after.codes} == EXPECTED.get(name, {code.label for code in CODES})
    assert after.codes != before.codes or after.allow_unsure
    made = [one for one in recorded_revisions(drafted.engine, drafted.study.id, run="") if one.version == 2]
    assert made and {one.revision.author for one in made} == {"ben"}
    assert {one.status for one in made} == {"approved"}
    assert f"version: 2\nhash: {after.hash}" in (drafted.path / NAME).read_text()
    undone = undo_latest(drafted, after, "ana").after
    assert (undone.version, undone.codes, undone.allow_unsure) == (3, before.codes, False)


def test_codes_move_as_one_would_say() -> None:
    book = Codebook(version=1, codes=(MEND, BUY, LEND))

    def order(book: Codebook) -> list[tuple[str, str]]:
        return [(code.label, code.parent) for code in book.codes]

    under = apply(book, moved(book, MEND.id, LEND.id))
    assert order(under) == [("buying", ""), ("lending", ""), ("mending", LEND.id)]
    both = apply(under, moved(under, BUY.id, LEND.id))
    assert order(both) == [("lending", ""), ("mending", LEND.id), ("buying", LEND.id)]
    up = apply(both, shifted(both, BUY.id, -1))
    assert order(up) == [("lending", ""), ("buying", LEND.id), ("mending", LEND.id)]
    out = apply(up, moved(up, BUY.id, ""))
    assert order(out) == [("lending", ""), ("buying", ""), ("mending", LEND.id)]
    assert shifted(book, LEND.id, 1) == shifted(book, MEND.id, -1) == moved(book, MEND.id, "") == []


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda book: renamed(book, MEND.id, " "), "a code has no label"),
        (lambda book: renamed(book, MEND.id, "BUYING"), "two codes have the label"),
        (lambda book: divided(book, MEND.id, [("x", "")]), "two codes or more"),
        (lambda book: divided(book, MEND.id, [("x", ""), ("X ", "")]), "two parts have the same label"),
        (lambda book: united(book, [MEND.id, MEND.id]), "two codes or more"),
        (lambda book: moved(book, MEND.id, MEND.id), "in a circle"),
        (lambda book: recoloured(book, MEND.id, "teel"), "is no colour"),
        (lambda book: dropped(book, "c_none"), "is not in version 1"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_done(drafted: StudyFolder, make: Make, told: str) -> None:
    with pytest.raises(InputError, match=told):
        do(drafted, make)
    assert latest_or_empty(drafted).version == 1


def test_codes_are_called_by_label_or_id() -> None:
    book = Codebook(version=1, codes=CODES)
    assert [code_called(book, name).id for name in ("c_buy", " Mending", "LENDING")] == [BUY.id, MEND.id, LEND.id]
    with pytest.raises(InputError, match="there is no code 'mendin'") as found:
        code_called(book, "mendin")
    assert found.value.remedy == "Did you mean 'mending'?"


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (
            "rename",
            lambda book: renamed(book, MEND.id, "fixing"),
            "ben changed the label of 'mending' in version 2",
        ),
        ("define", ACTS["rename"], ""),
        ("define", lambda book: dropped(book, MEND.id), "ben changed 'mending' in version 2"),
        ("recolour", lambda book: dropped(book, MEND.id), ""),
        ("drop", lambda book: renamed(book, LEND.id, "x"), "ben changed 'lending' in version 2"),
        ("shift", lambda book: shifted(book, MEND.id, 1), "ben changed the order in version 2"),
        ("settings", lambda book: with_settings(book, exclusive=True), "ben changed the settings in version 2"),
        ("split", lambda book: moved(book, MEND.id, BUY.id), "is not in the codebook"),
        ("add", ACTS["move"], ""),
        ("add", ACTS["add"], "is in the book already|ben changed"),
    ],
)
def test_of_two_people_who_see_one_version_the_first_stands(
    drafted: StudyFolder, first: str, second: Make, told: str
) -> None:
    seen = latest_or_empty(drafted)
    do(drafted, ACTS[first], "ben", seen)
    if not told:
        assert do(drafted, second, "ana", seen).version == 3
        return
    with pytest.raises(InputError, match=told):
        do(drafted, second, "ana", seen)
    assert latest_or_empty(drafted).version == 2


def test_only_what_a_person_saw_is_undone(drafted: StudyFolder) -> None:
    seen = do(drafted, ACTS["rename"], "ana")
    do(drafted, ACTS["define"], "ben")
    with pytest.raises(ChangedMeanwhile, match="ben made version 3 meanwhile"):
        undo_latest(drafted, seen, "ana")


def test_an_undo_takes_nothing_along_that_came_in_at_that_moment(
    drafted: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(drafted, lambda book: renamed(book, MEND.id, "fixing"), "ana")
    seen = do(drafted, lambda book: renamed(book, MEND.id, "repairing"), "ben")
    read = codebook_edits.list_versions

    def overtaken(*given: Any) -> Any:
        found = read(*given)
        do(drafted, lambda book: renamed(book, LEND.id, "borrowing"), "cleo", latest_or_empty(drafted))
        return found

    monkeypatch.setattr(codebook_edits, "list_versions", overtaken)
    with pytest.raises(StudyError, match="version 4 was made meanwhile; nothing was undone"):
        undo_latest(drafted, seen, "ana")
    assert {code.label for code in latest_or_empty(drafted).codes} == {"repairing", "buying", "borrowing"}


def test_undoing_goes_back_change_by_change(drafted: StudyFolder) -> None:
    for name in ("rename", "drop", "settings"):
        do(drafted, ACTS[name])
    targets = []
    while True:
        try:
            targets.append(undone_by_next(drafted)[0].version)
        except StudyError:
            break
        undo_latest(drafted, latest_or_empty(drafted), "ana")
    assert targets == [3, 2, 1]
    assert latest_or_empty(drafted).codes == latest_codebook(drafted.engine, drafted.study.id, 1).codes
    do(drafted, ACTS["recolour"])
    assert undone_by_next(drafted)[0].hash == latest_codebook(drafted.engine, drafted.study.id, 7).hash
    assert [one.author for one in list_versions(drafted.engine, drafted.study.id, 4)] == [
        "ana",
        "ana",
        "ana",
        "ben",
    ]


def test_it_is_told_what_hangs_on_a_change(drafted: StudyFolder) -> None:
    book = latest_or_empty(drafted)
    run = begin(drafted, book)
    decide(drafted, run.id, {MEND: "yes", BUY: "no"})
    propose(drafted, run, [REDEFINE])
    found = touched(drafted, book, dropped(book, MEND.id))
    assert (found.no_more, found.again, found.by_models, found.by_people, found.waiting) == (
        ("mending",),
        (),
        1,
        0,
        1,
    )
    assert touched_words(found) == [
        "It touches 1 decision of models. They stay in the study, but do not hold for the new version.",
        "Not coded any more: mending.",
        "1 proposed revision about it may not fit any more.",
    ]
    found = touched(drafted, book, renamed(book, BUY.id, "purchase"))
    assert (found.again, found.by_models, found.waiting) == (("purchase",), 1, 0)
    found = touched(drafted, book, with_settings(book, allow_unsure=True))
    assert (len(found.again), found.by_models) == (3, 2)
    found = touched(drafted, book, moved(book, BUY.id, MEND.id))
    assert (found.no_more, found.again, found.by_models) == (("mending",), ("buying",), 2)
    for harmless in (ACTS["recolour"], ACTS["shift"]):
        assert touched(drafted, book, harmless(book)).by_models == 0


def test_counts_stay_with_codes_of_which_coders_see_the_same(drafted: StudyFolder) -> None:
    book = latest_or_empty(drafted)
    run = create_deductive_run(
        drafted.engine, drafted.study, "final", book, [code.id for code in book.leaves], Scope()
    )
    decide(drafted, run.id, {MEND: "yes", BUY: "yes"})
    assert latest_codebook(drafted.engine, drafted.study.id).counts == {MEND.id: 1, BUY.id: 1}
    do(drafted, ACTS["recolour"])
    assert latest_codebook(drafted.engine, drafted.study.id).counts == {MEND.id: 1, BUY.id: 1}
    do(drafted, ACTS["rename"])
    assert latest_codebook(drafted.engine, drafted.study.id).counts == {BUY.id: 1}
    assert latest_codebook(drafted.engine, drafted.study.id, 1).counts == {MEND.id: 1, BUY.id: 1}


def decide(study: StudyFolder, run_id: str, values: dict[Code, str]) -> None:
    """What one coder says of the first segment."""
    store = SqlDevelopmentStore(study.engine, study.study.id)
    run = store.run(run_id)
    (segment,) = store.segments(run_id, 0, 1)
    decisions = tuple(
        Decision(
            id=f"x_{code.id}",
            run=run_id,
            round=run.round,
            segment_id=segment.id,
            role="coder",
            coder="ana",
            position=0,
            label=code.label,
            code_id=code.id,
            code_revision=1,
            value=value,  # type: ignore[arg-type]
            codebook_version=run.codebook_version,
        )
        for code, value in values.items()
    )
    store.write_wave(run_id, Wave(start=0, stop=run.total, decisions=decisions, failures=()))
