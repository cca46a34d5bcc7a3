"""A replay says what was recorded, where something was, and asks nobody."""

import pytest

from intercoder.agents import Replay
from intercoder.agents.session import Session
from intercoder.core.codebook import Codebook
from intercoder.core.coding.deduction import RecordedAnswer
from tests.agents.conftest import segment
from tests.agents.deductive import BOOK, EXCLUSIVE, PRIDE, THRIFT

HERE = segment(start=50, end=79)


def replay(book: Codebook, code_id: str, recorded: RecordedAnswer) -> Replay:
    return Replay("ana", book, {(HERE.id, code_id): recorded}, "labels.csv")


async def test_a_recorded_decision_is_given_with_its_quote_located(session: Session) -> None:
    recorded = RecordedAnswer(value="no", reason="It is free.", quote="The  toaster")
    ana = replay(BOOK, THRIFT.id, recorded)
    answer = await ana.decide(HERE, THRIFT, session)
    assert answer is not None
    assert (answer.coder, answer.code_id, answer.value, answer.reason) == ("ana", THRIFT.id, "no", "It is free.")
    assert (answer.quote.text, answer.quote.start) == ("the toaster", 59)
    assert answer.provenance.model == "replay:labels.csv"
    assert await ana.decide(HERE, PRIDE, session) is None
    assert await ana.decide(segment("Another text."), THRIFT, session) is None
    assert session.tally.calls == 0


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        (RecordedAnswer(value="yes", code_id="c_pride"), ("yes", "c_pride")),
        (RecordedAnswer(value="unsure"), ("unsure", "")),
        (RecordedAnswer(value="yes", code_id="c_gone"), None),
        (RecordedAnswer(value="yes", code_id="c_motives"), None),
        (RecordedAnswer(value="no", code_id="c_pride"), None),
    ],
)
async def test_a_recorded_choice_is_one_of_the_books_leaves_or_unsure(
    session: Session, recorded: RecordedAnswer, expected: tuple[str, str] | None
) -> None:
    answer = await replay(EXCLUSIVE, "", recorded).choose(HERE, session)
    assert (answer and (answer.value, answer.code_id)) == expected
    assert await replay(EXCLUSIVE, "", recorded).choose(segment("Another text."), session) is None
