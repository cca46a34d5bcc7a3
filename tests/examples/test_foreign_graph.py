from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from examples.foreign_graph import build_inbox
from intercoder.agents import build_coder


@pytest.fixture(scope="module")
def inbox() -> Any:
    return build_inbox()


COMPLAINT = "The kettle exploded after a week and nobody answers the telephone."


def test_the_host_gets_a_topic_from_its_text(inbox: Any) -> None:
    result = inbox.invoke({"ticket": 7, "text": COMPLAINT})
    assert result["ticket"] == 7
    assert sorted(answer.coder for answer in result["answers"]) == ["first", "second"]
    suggested = [answer.suggestions[0].label for answer in result["answers"]]
    assert result["topic"] in suggested
    assert result["why"] in COMPLAINT


async def test_the_host_may_be_asynchronous(inbox: Any) -> None:
    assert (await inbox.ainvoke({"text": COMPLAINT}))["topic"] == inbox.invoke({"text": COMPLAINT})["topic"]


def test_nothing_to_code_is_an_answer(inbox: Any) -> None:
    assert inbox.invoke({"text": "Okay."})["topic"] == "nothing to sort"


def test_the_host_may_keep_checkpoints() -> None:
    coder = build_coder("scripted:words", checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "1"}}
    coder.invoke({"text": COMPLAINT}, config)
    assert coder.get_state(config).values["answers"][0].suggestions[0].label
