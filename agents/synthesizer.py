"""The synthesizer: writes texts of a code, and hard negatives, in the manner of what people wrote (seed 001).

It is shown the code's definition and rules, but not the examples of the codebook: these may come from texts that a
classifier is measured on later. What it is shown of people's texts, its caller chooses. They are shown as if it had
written them itself, each in answer to a few of its words; then it is given other words.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.graph.state import CompiledStateGraph
from typing_extensions import TypedDict

from intercoder.agents.answers import one_line
from intercoder.agents.asking import Asked
from intercoder.agents.code_text import code_text
from intercoder.agents.cue_words import cue_words, how_many
from intercoder.agents.means import Means
from intercoder.agents.session import Session
from intercoder.agents.subgraph import standalone_session, subgraph
from intercoder.agents.synthesizer_answers import (
    Size,
    parse_synthesizer_answer,
    shortened,
    size_of,
    synthesizer_schema,
)
from intercoder.agents.writing import Writer
from intercoder.core.agent_settings import DEFAULT_MODEL, SynthesizerSettings
from intercoder.core.codebook import Code, Codebook
from intercoder.core.identity import digest, make_id
from intercoder.core.study import Privacy, Study
from intercoder.core.synthetic import Written
from intercoder.prompts.loader import Piece, WorkedExample


class Synthesizer:
    """The synthesizer of a study.

    Args:
        writers: How it is asked, by what is wanted.
        settings: Sampling.
    """

    def __init__(self, writers: Mapping[Written, Writer], settings: SynthesizerSettings) -> None:
        self._writers = writers
        self.settings = settings

    @classmethod
    def of_study(
        cls,
        study: Study,
        *,
        temperature: float | None = None,
        model: BaseChatModel | None = None,
        prompts: Path | None = None,
    ) -> Synthesizer:
        """The synthesizer as the study's settings describe it; by default with the first coder's model."""
        settings = study.synthesizer
        if temperature is not None:
            sampling = settings.sampling.model_copy(update={"temperature": temperature})
            settings = settings.model_copy(update={"sampling": sampling})
        means = Means.of_study(study, study.writer_model(settings), model=model, prompts=prompts)
        return cls(_writers(settings, means), settings)

    def identity(self, value: Written) -> tuple[str, str]:
        """The name under which its model's answers are kept, and the hash of its prompt."""
        return self._writers[value].identity

    def worked_texts(self, value: Written) -> list[str]:
        """The texts in the answers of its prompt's worked examples."""
        return list(self._writers[value].worked_texts)

    def size(self, texts: Sequence[str]) -> Size:
        """How long texts shall be, after texts that people wrote."""
        return size_of(texts, max_tokens=self.settings.sampling.max_tokens)

    async def write(
        self,
        book: Codebook,
        code: Code,
        value: Written,
        texts: Sequence[str],
        size: Size,
        session: Session,
        *,
        words: Sequence[str] = (),
        about: str,
        seed: int,
    ) -> Asked[str]:
        """A new text of a code, or a hard negative.

        Args:
            book: The codebook.
            code: One of its codes.
            value: Which of the two.
            texts: Texts by people of the same code and value; may be empty.
            size: How long it shall be.
            session: The run's session.
            words: Words that it shall hold; may be empty.
            about: An id of the question, another one for each.
            seed: Of sampling.

        Raises:
            NoAnswer: The model gave no usable answer.
            EndpointStopped: The endpoint answers nobody.
        """
        shown, before = entry(book, code), _before(texts, size)
        # A small model writes about what stands last before it. So the code does where it is to apply; where it is
        # not, it stands before what people wrote.
        if value == "no" and before:
            before[0] = before[0].model_copy(update={"codebook": shown})
            shown = ""
        return await self._writers[value].write(
            about,
            [Piece(kind="words", text=_listed(words))] if words else [],
            synthesizer_schema(size),
            partial(parse_synthesizer_answer, size=size),
            session,
            code_id=code.id,
            words={"length": size.told},
            seed=seed,
            book=[Piece(kind="codebook", text=shown)] if shown else [],
            before=before,
        )


def _before(texts: Sequence[str], size: Size) -> list[WorkedExample]:
    """What people wrote as exchanges: words of a text, and then the text; of the same texts always the same."""
    count, draw = how_many(texts), random.Random(digest("cues", list(texts)))
    return [
        WorkedExample(
            words=_listed(cue_words(text, count, draw)) or "-",
            answer={"text": shortened(text, size.characters)},
        )
        for text in texts
    ]


def _listed(words: Sequence[str]) -> str:
    return ", ".join(one_line(word) for word in words)


def entry(book: Codebook, code: Code) -> str:
    """A code as its entry in the codebook, without its examples."""
    return code_text(book, code.model_copy(update={"examples": (), "negative_examples": ()}))


def _writers(settings: SynthesizerSettings, means: Means) -> dict[Written, Writer]:
    values: tuple[Written, ...] = ("yes", "no")
    return {value: Writer("synthesizer", value, settings, means) for value in values}


class SynthesizerInput(TypedDict, total=False):
    """What a host graph gives: the code's id, and what it has of the rest.

    `value` is `yes` for a text of the code (the default) or `no` for a hard negative, `texts` are texts by people
    of that kind, `words` are to stand in the new one.
    """

    code_id: str
    value: Written
    texts: list[str]
    words: list[str]
    seed: int


class SynthesizerOutput(TypedDict):
    """The new text."""

    written: str


class SynthesizerState(SynthesizerInput, SynthesizerOutput):
    """Input and output together."""


def build_synthesizer(
    book: Codebook,
    model: str | BaseChatModel = DEFAULT_MODEL,
    *,
    question: str = "",
    settings: SynthesizerSettings | None = None,
    privacy: Privacy | None = None,
    checkpointer: Any = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """A synthesizer as a compiled LangGraph subgraph: `code_id`, `value` and `texts` in, `written` out.

    Args:
        book: The codebook.
        model: A reference such as `embedded:qwen2.5-coder-0.5b`, or any LangChain chat model.
        question: The research question; may be empty.
        settings: Worked examples, temperature, budget; the defaults of a study if left out.
        privacy: What may leave the machine; nothing by default.
        checkpointer: LangGraph saver; a subgraph needs none.

    Example:
        ```python
        book = Codebook(version=1, codes=(Code(id="c1", label="thrift", definition="Money is saved."),))
        synthesizer = build_synthesizer(book, "scripted:words")
        synthesizer.invoke({"code_id": "c1", "texts": ["New ones cost too much."]})["written"]
        ```
    """
    settings = settings or SynthesizerSettings()
    means = Means.of_host(model, question=question, privacy=privacy)
    synthesizer = Synthesizer(_writers(settings, means), settings)
    session = standalone_session()

    async def write(state: SynthesizerState) -> dict[str, str]:
        code = book.code(state["code_id"])
        if code is None:
            raise KeyError(state["code_id"])
        value, texts, words = state.get("value", "yes"), state.get("texts", []), state.get("words", [])
        seed = state.get("seed", settings.seed)
        about = make_id("y", code.id, value, texts, words, seed)
        size = synthesizer.size(texts)
        asked = await synthesizer.write(
            book, code, value, texts, size, session, words=words, about=about, seed=seed
        )
        return {"written": asked.value}

    return subgraph(
        write, SynthesizerState, SynthesizerInput, SynthesizerOutput, name="synthesizer", checkpointer=checkpointer
    )
