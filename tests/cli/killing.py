"""Killing commands: a stub server that strikes when its moment has come, and what was committed by then.

The server stands in for the model: it answers by rule and counts what it is asked, so that no test waits for a
clock. Each question is marked in the token count of its answer, which the answer log keeps: so we know which
questions were committed when the process died.
"""

import json
import signal
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from hashlib import sha256
from pathlib import Path
from typing import Any

from intercoder.llms.scripted import ScriptedChatModel
from tests.cli.forking import AtLine, Fatal, Forked
from tests.llms.endpoints.fault_server import Canned, sends

CONCURRENCY = 6
LOST = 2 * CONCURRENCY
"""Most answers a kill may lose: the calls in flight, and as many that are on their way to the log."""
SEGMENTS = 36
QUESTIONS = SEGMENTS * 4
SETTINGS = """
question = "What do people say about repair?"
[[coders]]
name = "ana"
model = "openai:stub@{url}"
seed = 1
[[coders]]
name = "ben"
model = "openai:stub@{url}"
seed = 2
[[coders]]
name = "caro"
model = "openai:stub@{url}"
seed = 3
[[moderators]]
name = "moderator"
kind = "llm"
model = "openai:stub@{url}"
[embedding]
model = "scripted:hashing"
[limits]
concurrency = {concurrency}
wave = 10
"""


class Stub:
    """Answers by rule; `strike` is called at the request whose number is `moment`."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.moment = -1
        self.strike: Callable[[], None] = lambda: None

    def __call__(self, body: dict[str, Any]) -> Canned:
        mark = int(sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:12], 16)
        self.asked.append(mark)
        if len(self.asked) == self.moment:
            self.strike()
        messages = [(message["role"], message["content"]) for message in body["messages"]]
        schema = body["response_format"]["json_schema"]["schema"]
        text = ScriptedChatModel()._reply(messages, schema, body.get("seed"))
        message = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": mark, "completion_tokens": 1, "total_tokens": mark + 1}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        return sends(
            {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": choices, "usage": usage}
        )


def go(study: Path, *arguments: object, dies_at: Fatal | None = None) -> Forked:
    return Forked(*arguments, "--json", log=study.parent / "log.txt", dies_at=dies_at)


def go_struck(stub: Stub, moment: int, strike: Callable[[Forked], None], study: Path, *arguments: object) -> Forked:
    """A command at whose request number `moment` the stub strikes."""
    begun: Future[Forked] = Future()
    stub.moment, stub.strike = moment, lambda: strike(begun.result())
    process = go(study, *arguments)
    begun.set_result(process)
    return process


def committed(study: Path) -> set[int]:
    """Marks of the questions whose answers are in the database."""
    with sqlite3.connect(study / "study.db") as database:
        return {mark for (mark,) in database.execute("SELECT input_tokens FROM answers")}


def killed(study: Path, stub: Stub, moment: int, event: int | None, *arguments: object) -> bool:
    """Run until request `moment` or output line `event`, then SIGKILL. False if it ended before."""
    if event is None:
        process = go_struck(stub, moment, Forked.kill, study, *arguments)
    else:
        stub.moment = -1
        process = go(study, *arguments, dies_at=AtLine(event))
    process.communicate()
    code = process.wait()
    assert code in (0, -signal.SIGKILL), (study.parent / "log.txt").read_text()
    return code == -signal.SIGKILL
