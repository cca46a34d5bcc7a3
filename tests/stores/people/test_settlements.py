"""Settlements: a history for each unit, which can be gone back step by step, and in which nobody is overwritten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.core.coding.settling import Settled, standing_steps
from intercoder.core.decisions import Value
from intercoder.core.errors import InputError, StudyError
from intercoder.stores.database import reading
from intercoder.stores.people.settlements import read_settlements, settlement_history, take_back, write_settlement
from intercoder.stores.study_folder import StudyFolder

UNIT = ("s_1", "c_1")


def step(value: str = "yes", note: str = "A price.", by: str = "ana", **more: object) -> Settled:
    return Settled.model_validate(
        {"segment_id": "s_1", "code_id": "c_1", "value": value, "note": note, "by": by, "run": "final-1", **more}
    )


def write(folder: StudyFolder, one: Settled, seen: int | None = None) -> Settled:
    return write_settlement(folder.engine, folder.study.id, one, seen=seen, at="2026-05-01T10:00:00Z")


def back(folder: StudyFolder, by: str = "ana") -> Settled:
    return take_back(folder.engine, folder.study.id, UNIT, by)


def standing(folder: StudyFolder) -> dict[tuple[str, str], Settled]:
    with reading(folder.engine) as connection:
        return read_settlements(connection, folder.study.id)


def test_the_latest_step_stands_and_earlier_ones_stay(folder: StudyFolder) -> None:
    write(folder, step())
    write(folder, step("no", "Only wages."))
    assert [(one.number, one.value) for one in settlement_history(folder.engine, folder.study.id, UNIT)] == [
        (1, "yes"),
        (2, "no"),
    ]
    assert standing(folder)[UNIT].note == "Only wages."
    assert standing(folder)[UNIT].created_at == "2026-05-01T10:00:00Z"


def test_saying_the_same_again_changes_nothing(folder: StudyFolder) -> None:
    assert write(folder, step()).number == write(folder, step()).number == 1


def test_one_can_go_back_step_by_step(folder: StudyFolder) -> None:
    write(folder, step())
    write(folder, step("no", "Only wages."))
    write(folder, step("no", "Look.", evidence=True))
    assert (back(folder).value, standing(folder)[UNIT].note) == ("no", "Only wages.")
    assert back(folder).value == "yes"
    assert back(folder).is_open
    assert standing(folder) == {}
    with pytest.raises(StudyError, match="nothing was said"):
        back(folder)
    assert len(settlement_history(folder.engine, folder.study.id, UNIT)) == 6


@given(st.lists(st.sampled_from(["yes", "no", "unsure", ""]), max_size=12))
def test_going_back_undoes_what_was_done_last(moves: list[Value]) -> None:
    steps: list[Settled] = []
    stack: list[Value] = []
    for move in moves:
        steps.append(Settled(segment_id="s", value=move, note="x" if move else "", number=len(steps) + 1))
        if move:
            stack.append(move)
        elif stack:
            stack.pop()
        assert [one.value for one in standing_steps(reversed(steps))] == stack[-1:]


def test_what_is_said_anew_takes_nothing_back(folder: StudyFolder) -> None:
    write(folder, step())
    write(folder, step("no", "Only wages.", by="ben"), seen=1)
    write(folder, step(), seen=2)
    assert (back(folder).value, standing(folder)[UNIT].by) == ("no", "ben")
    with pytest.raises(StudyError, match="it was ben who settled it: no"):
        back(folder)
    assert (back(folder, "ben").value, standing(folder)[UNIT].by) == ("yes", "ana")
    assert back(folder).is_open


def test_what_is_taken_back_keeps_who_took_it_back(folder: StudyFolder) -> None:
    write(folder, step("no", "Only wages.", by="ben"))
    write(folder, step(), seen=1)
    back(folder)
    last = settlement_history(folder.engine, folder.study.id, UNIT)[-1]
    assert (last.number, last.by, last.is_open, standing(folder)[UNIT].number) == (3, "ana", True, 1)
    assert write(folder, step("unsure", "Who knows."), seen=1).number == 4


def test_who_was_first_is_told(folder: StudyFolder) -> None:
    write(folder, step())
    with pytest.raises(StudyError, match=r"ana was first: settled it: yes at 2026-05-01T10:00:00Z\. A price\."):
        write(folder, step("no", "No.", by="ben"), seen=0)
    with pytest.raises(StudyError, match="ana was first"):
        write(folder, step("no", "No.", by="ben"))
    assert write(folder, step("no", "No.", by="ben"), seen=1).number == 2
    assert standing(folder)[UNIT].by == "ben"


def test_only_who_said_it_takes_it_back(folder: StudyFolder) -> None:
    write(folder, step())
    with pytest.raises(StudyError, match="it was ana who settled it: yes"):
        back(folder, "ben")
    back(folder)
    assert write(folder, step("no", "No.", by="ben")).value == "no"


@pytest.mark.parametrize(
    ("one", "what"),
    [
        (step(note=" "), "needs a note"),
        (step(by=" "), "nobody is named"),
        (step(""), "nothing is said"),
        (Settled(segment_id="s", note="x", by="a"), "nothing is said"),
    ],
)
def test_what_cannot_be_a_settlement_is_refused(folder: StudyFolder, one: Settled, what: str) -> None:
    with pytest.raises(InputError, match=what):
        write(folder, one)
    assert standing(folder) == {}


def test_steps_are_counted_though_a_clock_went_back(folder: StudyFolder) -> None:
    for value, second in (("yes", 5), ("no", 3), ("unsure", 4)):
        write_settlement(folder.engine, folder.study.id, step(value), at=f"2026-05-01T10:00:0{second}Z")
    history = settlement_history(folder.engine, folder.study.id, UNIT)
    assert [(one.number, one.value) for one in history] == [(1, "yes"), (2, "no"), (3, "unsure")]
    assert standing(folder)[UNIT].value == "unsure"
    assert back(folder).value == "no"


def test_what_somebody_sends_leaves_what_another_settled(folder: StudyFolder) -> None:
    write(folder, step())
    write(folder, step("", "And this?", by="ben", evidence=True), seen=1)
    stands = standing(folder)[UNIT]
    assert (stands.value, stands.by, stands.note, stands.evidence) == ("yes", "ana", "A price.", True)
    assert (stands.asked, stands.number) == ("And this?", 2)
    with pytest.raises(StudyError, match="it was ben who put it forward"):
        back(folder)
    back(folder, "ben")
    assert (standing(folder)[UNIT].evidence, standing(folder)[UNIT].by) == (False, "ana")
