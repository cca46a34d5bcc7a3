"""A codebook, people's texts and scripted synthesizers, for the tests of synthesis."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import Field

from intercoder.agents.session import Session, Slots
from intercoder.core.agent_settings import SynthesizerSettings, default_coders
from intercoder.core.codebook import Code, Codebook
from intercoder.core.documents import Document, Segment, whole
from intercoder.core.protocols import LoggedAnswer
from intercoder.core.study import Study
from intercoder.core.synthetic import SyntheticSegment, Wanted
from intercoder.llms.embeddings import HashingEmbedder
from intercoder.llms.scripted import ScriptedChatModel
from intercoder.stores.answer_log import SqlAnswerLog
from intercoder.stores.classifiers.synthetic_segments import SqlSyntheticStore
from intercoder.stores.study_folder import StudyFolder, create_study
from intercoder.training.distillation.synthesis import synthesize

THRIFT = Code(id="c_thrift", label="thrift", definition="Money is saved by repairing what others throw away.")
PRIDE = Code(id="c_pride", label="pride", definition="Somebody is proud of a repair that was done well.")
BOOK = Codebook(version=2, codes=(THRIFT, PRIDE))
SETTINGS = """
id = "study"
question = "Why do people repair?"
[[coders]]
name = "ana"
model = "scripted:words"
"""


def human(*texts: str) -> list[Segment]:
    return [whole(Document(name=text, source="people", text=text)) for text in texts]


EXAMPLES: dict[Any, list[Segment]] = {
    (THRIFT.id, "yes"): human(
        "New ones cost far too much.", "It saved me forty euros.", "Glue is cheap, shops are not."
    ),
    (THRIFT.id, "no"): human("I paid more than for a new one.", "My kettle leaks again."),
    (PRIDE.id, "yes"): human("I show it to everybody.", "Nobody else could mend that clock."),
}
PEOPLE = [one for group in EXAMPLES.values() for one in group]


class Killed(BaseException):
    """Stands in for the end of the process."""


class Answering(ScriptedChatModel):
    """Writes texts by what is wanted and the question's seed, and keeps its questions."""

    text: Callable[[str, int], str]
    asked: list[Sequence[tuple[str, str]]] = Field(default_factory=list)

    def _reply(self, messages: Any, schema: Any, seed: int | None) -> str:
        self.asked.append(messages)
        shown = [text for role, text in messages if role == "user" and "<<<codebook" in text][-1]
        label = shown.splitlines()[1].removeprefix("Code: ")
        value = "no" if "none of your texts" in messages[0][1] else "yes"
        return json.dumps({"text": self.text(f"{label} {value}", seed or 0)})


def different(name: str, seed: int) -> str:
    """A text that shares no three words with any other."""
    return f"{name} {seed} w{seed} x{seed * 3} y{seed} z{seed * 7}"


class DyingLog(SqlAnswerLog):
    """A log of a process that ends with the answer of that number; -1 for one that goes on."""

    dies_at = -1

    async def put(self, answer: LoggedAnswer) -> None:
        if self.dies_at == 0:
            raise Killed
        self.dies_at -= 1
        await super().put(answer)


@contextmanager
def a_study(path: Path) -> Iterator[StudyFolder]:
    folder = create_study(path, SETTINGS)
    yield folder
    folder.close()


def session_over(folder: StudyFolder) -> Session:
    """A session whose answers are kept in a study."""
    return Session(SqlAnswerLog(folder.engine, folder.study.id), Slots(8), run="distill")


class Synthesis:
    """A study in which is synthesized."""

    def __init__(self, folder: StudyFolder, **settings: Any) -> None:
        self.folder = folder
        self.settings = settings
        self.store = SqlSyntheticStore(folder.engine, folder.study.id)
        self.events: list[dict[str, Any]] = []

    @property
    def study(self) -> Study:
        return Study(
            id="study",
            question="Why do people repair?",
            coders=default_coders("scripted:words"),
            synthesizer=SynthesizerSettings(**self.settings),
        )

    async def write(
        self, model: ScriptedChatModel, *wanted: Wanted, dies_at: int = -1, **more: Any
    ) -> list[SyntheticSegment]:
        log = DyingLog(self.folder.engine, self.folder.study.id)
        log.dies_at = dies_at
        given = {"temperature": 0.7, "seed": 0, "examples": EXAMPLES, "human": PEOPLE, "book": BOOK, **more}
        return await synthesize(
            wanted,
            study=self.study,
            store=self.store,
            session=Session(log, Slots(4), run="distill"),
            embeddings=HashingEmbedder(),
            listen=self.events.append,
            model=model,
            **given,
        )


def counts(segments: Sequence[SyntheticSegment]) -> Counter[tuple[str, str]]:
    return Counter((one.code_id, one.value) for one in segments)
