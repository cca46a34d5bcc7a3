"""The synthesizer: writes texts of a code, and hard negatives, in the manner of what people wrote (seed 001).

It is shown the code's definition and rules, but not the examples of the codebook: these may come from texts that a
classifier is measured on later. What it is shown of people's texts, its caller chooses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.graph.state import CompiledStateGraph
from typing_extensions import TypedDict

from intercoder.agents.answers import cut
from intercoder.agents.asking import Asked
from intercoder.agents.code_text import code_text
from intercoder.agents.means import Means
from intercoder.agents.session import Session
from intercoder.agents.subgraph import standalone_session, subgraph
from intercoder.agents.synthesizer_answers import Size, parse_synthesizer_answer, size_of, synthesizer_schema
from intercoder.agents.writing import Writer
from intercoder.core.codebook import Code, Codebook
from intercoder.core.identity import make_id
from intercoder.core.study import DEFAULT_MODEL, Privacy, Study, SynthesizerSettings
from intercoder.core.synthetic import Written
from intercoder.prompts.loader import Piece

SHOWN_LENGTH = 600
"""Characters of a human text that are shown."""
_NUMBERS = ("one text", "two texts", "three texts", "four texts", "five texts")


class Synthesizer:
    """The synthesizer of a study.

    Args:
        writers: How it is asked, by what is wanted.
        settings: Texts at once, budget.
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
        """How long texts shall be, after texts that people wrote, and how many are asked for at once."""
        return size_of(texts, wanted=self.settings.texts, max_tokens=self.settings.sampling.max_tokens)

    async def write(
        self,
        book: Codebook,
        code: Code,
        value: Written,
        texts: Sequence[str],
        counterexamples: Sequence[str],
        size: Size,
        session: Session,
        *,
        about: str,
        seed: int,
    ) -> Asked[tuple[str, ...]]:
        """New texts of a code, or hard negatives.

        Args:
            book: The codebook.
            code: One of its codes.
            value: Which of the two.
            texts: Texts by people that have the code; may be empty.
            counterexamples: For hard negatives: texts by people that have not; may be empty.
            size: How long and how many.
            session: The run's session.
            about: An id of the question, another one for each.
            seed: Of sampling.

        Raises:
            NoAnswer: The model gave no usable answer.
            EndpointStopped: The endpoint answers nobody.
        """
        kinds = (
            ("codebook", entry(book, code)),
            ("text", _lines(texts)),
            ("counterexamples", _lines(counterexamples) if value == "no" else ""),
        )
        return await self._writers[value].write(
            about,
            [Piece(kind=kind, text=text) for kind, text in kinds if text],
            synthesizer_schema(size),
            partial(parse_synthesizer_answer, size=size),
            session,
            code_id=code.id,
            most=size.texts,
            words={"texts": _counted(size.texts), "words": size.told},
            seed=seed,
        )


def entry(book: Codebook, code: Code) -> str:
    """A code as its entry in the codebook, without its examples."""
    return code_text(book, code.model_copy(update={"examples": (), "negative_examples": ()}))


def _writers(settings: SynthesizerSettings, means: Means) -> dict[Written, Writer]:
    values: tuple[Written, ...] = ("yes", "no")
    return {value: Writer("synthesizer", value, settings, means) for value in values}


def _lines(texts: Sequence[str]) -> str:
    return "\n".join(f"{number}. {cut(text, SHOWN_LENGTH)}" for number, text in enumerate(texts, 1))


def _counted(texts: int) -> str:
    return _NUMBERS[texts - 1] if texts <= len(_NUMBERS) else f"{texts} texts"


class SynthesizerInput(TypedDict, total=False):
    """What a host graph gives: the code's id, what is wanted (`yes` or `no`), texts by people, and a seed."""

    code_id: str
    value: Written
    texts: list[str]
    counterexamples: list[str]
    seed: int


class SynthesizerOutput(TypedDict):
    """What was written."""

    written: tuple[str, ...]


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
        settings: Texts at once, worked examples, temperature; the defaults of a study if left out.
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

    async def write(state: SynthesizerState) -> dict[str, tuple[str, ...]]:
        code = book.code(state["code_id"])
        if code is None:
            raise KeyError(state["code_id"])
        value, texts, others = state.get("value", "yes"), state.get("texts", []), state.get("counterexamples", [])
        seed = state.get("seed", settings.seed)
        about = make_id("y", code.id, value, texts, others, seed)
        asked = await synthesizer.write(
            book, code, value, texts, others, synthesizer.size(texts), session, about=about, seed=seed
        )
        return {"written": asked.value}

    return subgraph(
        write, SynthesizerState, SynthesizerInput, SynthesizerOutput, name="synthesizer", checkpointer=checkpointer
    )
