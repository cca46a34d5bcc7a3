import json
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from examples.foreign_codevelopment import BOOK, LETTERS, build_desk, main, settings
from intercoder.core.errors import StudyError
from intercoder.graphs import InMemoryDevelopmentStore
from tests.graphs.deductive.deductive_models import REFERENCE, Reader

CONFIG: Any = {"configurable": {"thread_id": "1"}}
RULE = {"evidence": [1], "rationale": "It was misread.", "kind": "include", "text": "Telephones too."}


@pytest.mark.parametrize(("answer", "version"), [("approve", 2), ("reject", 1)])
async def test_the_example_runs(answer: str, version: int, capsys: pytest.CaptureFixture[str]) -> None:
    await main(answer)
    assert f"codebook version {version}: " in capsys.readouterr().out


async def test_interrupts_and_answers_go_through_the_host() -> None:
    reader = Reader(revise=lambda label: [RULE] if label == "waiting" else [])
    study = settings(REFERENCE)
    store = InMemoryDevelopmentStore(study, LETTERS, BOOK)
    saver = InMemorySaver()
    desk = build_desk(store, study, reader.model, checkpointer=saver)
    paused = await desk.ainvoke({"desk": "help"}, CONFIG)
    (waiting,) = paused["__interrupt__"]
    (revision,) = waiting.value["revisions"]
    with pytest.raises(StudyError, match="no revision"):
        await desk.ainvoke(Command(resume={"answers": {"other": {"answer": "approve", "by": "ana"}}}), CONFIG)
    approval = {"answers": {revision["id"]: {"answer": "approve", "by": "ana"}}}
    # A host in another process, with the same saver and store.
    desk = build_desk(store, study, reader.model, checkpointer=saver)
    done = await desk.ainvoke(Command(resume=approval), CONFIG)
    assert (done["desk"], done["version"]) == ("help", 2)
    assert store.books[-1].codes[1].include == ("Telephones too.",)
    assert reader.count("coder") == 8 + 4
    state = [one.checkpoint["channel_values"] for one in saver.list(None)]
    assert not any(letter in json.dumps(state, default=str) for letter in LETTERS)
