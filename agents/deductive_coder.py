"""The deductive coder: decides whether a code applies to a segment, or which of all codes does (seed 002, 2.2.1).

In a book whose codes exclude each other it is asked once a segment, else once a code. The codebook comes before
the text, so that a server computes it once for all segments.
"""

from __future__ import annotations

import asyncio
import copy
import operator
import random
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langgraph.graph.state import CompiledStateGraph
from typing_extensions import TypedDict

from intercoder.agents.asking import Asked, Question, ask
from intercoder.agents.code_text import book_text, code_text, labels_of
from intercoder.agents.deductive_answers import (
    NO,
    UNSURE,
    VALUES,
    YES,
    Decided,
    DecisionMade,
    answers_named,
    decision_schema,
    parse_decision,
)
from intercoder.agents.means import Means
from intercoder.agents.pattern_coder import find_pattern
from intercoder.agents.session import Session
from intercoder.agents.subgraph import TextInput, material_of, standalone_session, subgraph
from intercoder.core.agent_settings import DEFAULT_MODEL
from intercoder.core.codebook import Code, Codebook
from intercoder.core.decisions import CodeAnswer, Role
from intercoder.core.deductive_settings import DeductiveCoderSettings
from intercoder.core.documents import Segment
from intercoder.core.identity import digest
from intercoder.core.study import Privacy, Study
from intercoder.core.texts.quotes import locate
from intercoder.prompts.loader import Piece, load


class DeductiveCoder:
    """One coder of deductive coding, for one version of a codebook.

    Args:
        settings: Name, prompt variant, worked examples, sampling.
        book: The codebook.
        means: What it asks with.
        again: Whether this is the coder asked a second time: in other words, with the options in another order, and
            drawing at `repeat_temperature`.
        repeat_temperature: See `again`.

    Raises:
        InputError: Codes of an exclusive book cannot be told apart by their labels.
    """

    def __init__(
        self,
        settings: DeductiveCoderSettings,
        book: Codebook,
        means: Means,
        *,
        again: bool = False,
        repeat_temperature: float = 0.7,
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self.book = book
        self._means = means
        self._again = again
        self._unsure = (UNSURE,) if book.allow_unsure else ()
        self._labels = labels_of(book.leaves, *self._unsure) if book.exclusive else {}
        decisions = (*self._labels, *self._unsure) if book.exclusive else (YES, NO, *self._unsure)
        self._schema = decision_schema(decisions)
        self._parse = partial(parse_decision, decisions=decisions)
        answers = answers_named(exclusive=book.exclusive, allow_unsure=book.allow_unsure)
        self._words = {"answers": answers}
        wording, sampling = settings.prompt, settings.sampling
        if again:
            wording = "default" if wording == "again" else "again"
            sampling = sampling.model_copy(update={"temperature": repeat_temperature})
        agent = "deductive_choice" if book.exclusive else "deductive"
        prompt = load(agent, wording, shots=settings.shots, folder=means.prompts)
        role: Role = "repeat" if again else "coder"
        self._actor = means.actor(role, settings.name, prompt, sampling, settings.seed + int(again))

    @classmethod
    def of_study(
        cls,
        study: Study,
        settings: DeductiveCoderSettings,
        book: Codebook,
        *,
        again: bool = False,
        model: BaseChatModel | None = None,
        prompts: Path | None = None,
    ) -> DeductiveCoder:
        """A coder as the study's settings describe it."""
        means = Means.of_study(study, study.writer_model(settings), model=model, prompts=prompts)
        return cls(settings, book, means, again=again, repeat_temperature=study.development.repeat_temperature)

    @property
    def identity(self) -> tuple[str, str]:
        """The name under which its model's answers are kept, and the hash of its prompt."""
        return self._actor.reference, self._actor.prompt.hash

    def drawing(self, seed: int, temperature: float) -> DeductiveCoder:
        """The same coder, in the same words, drawing its answers with another seed and at another temperature."""
        other = copy.copy(self)
        sampling = self._actor.sampling.model_copy(update={"temperature": temperature})
        other._actor = replace(self._actor, sampling=sampling, seed=seed)
        return other

    def question_about(self, segment: Segment, code: Code | None) -> Question[DecisionMade]:
        """The question about a segment: instructions and codebook first, the fenced text last.

        Args:
            segment: The segment.
            code: The code, of a book in which codes do not exclude each other; else None.
        """
        kinds = (
            ("options", "" if code else "\n".join(self._options(segment))),
            ("context", segment.context),
            ("speaker", segment.speaker or ""),
            ("text", segment.text),
        )
        shown = code_text(self.book, code) if code else book_text(self.book, self.book.leaves)
        messages = self._actor.prompt.messages(
            [Piece(kind=kind, text=text) for kind, text in kinds if text],
            question=self._means.question,
            secret=self._means.secret,
            segment_id=segment.id,
            book=[Piece(kind="codebook", text=shown)],
            words=self._words,
        )
        return Question(segment.id, messages, self._schema, self._parse, code.id if code else "")

    async def decide(self, segment: Segment, code: Code, session: Session) -> CodeAnswer | None:
        """Whether a code applies to a segment; for books whose codes do not exclude each other. Never None.

        Raises:
            NoAnswer: The model gave no usable answer.
            EndpointStopped: The endpoint answers nobody.
        """
        asked = await ask(self._actor, self.question_about(segment, code), session)
        return self._answer(segment, code.id, VALUES[asked.value.decision], asked)

    async def choose(self, segment: Segment, session: Session) -> CodeAnswer | None:
        """Which code of an exclusive book applies to a segment. Never None.

        Raises:
            NoAnswer: The model gave no usable answer.
            EndpointStopped: The endpoint answers nobody.
        """
        asked = await ask(self._actor, self.question_about(segment, None), session)
        chosen = self._labels.get(asked.value.decision)
        return self._answer(segment, chosen.id if chosen else "", "yes" if chosen else "unsure", asked)

    def _answer(self, segment: Segment, code_id: str, value: Decided, asked: Asked[DecisionMade]) -> CodeAnswer:
        return CodeAnswer(
            coder=self.name,
            code_id=code_id,
            value=value,
            reason=asked.value.reason,
            quote=locate(asked.value.quote, segment.text, segment.start),
            provenance=asked.provenance,
        )

    def _options(self, segment: Segment) -> list[str]:
        """The labels in an order of the segment's own, another one when asked again; `unsure` is last."""
        order = random.Random(digest(self._means.secret, segment.id, self.settings.seed, self._again))
        return [*order.sample(list(self._labels), len(self._labels)), *self._unsure]


async def _decided(coder: DeductiveCoder, code: Code, segment: Segment, session: Session) -> CodeAnswer | None:
    return find_pattern(code, segment) if code.kind == "pattern" else await coder.decide(segment, code, session)


class DeductiveCoderState(TextInput):
    """What a host graph gets: answers, added to those of other coders."""

    answers: Annotated[list[CodeAnswer], operator.add]


class DeductiveCoderOutput(TypedDict):
    """One answer a code, or the one choice of an exclusive book."""

    answers: Annotated[list[CodeAnswer], operator.add]


def build_deductive_coder(
    book: Codebook,
    model: str | BaseChatModel = DEFAULT_MODEL,
    *,
    name: str = "reader",
    question: str = "",
    prompt: str = "default",
    shots: int = 4,
    seed: int = 0,
    privacy: Privacy | None = None,
    checkpointer: Any = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """A deductive coder as a compiled LangGraph subgraph: `text` in, `answers` about the book's codes out.

    Codes of kind `pattern` are found without the model. An exclusive book cannot hold any.

    Args:
        book: The codebook.
        model: A reference such as `embedded:qwen2.5-coder-0.5b`, or any LangChain chat model.
        name: The coder's name in its answers.
        question: The research question; may be empty.
        prompt: Prompt variant.
        shots: Worked examples in the prompt, 0 to 5.
        seed: Seed of sampling, and of the order of options.
        privacy: What may leave the machine; nothing by default.
        checkpointer: LangGraph saver; a subgraph needs none.

    Raises:
        InputError: Codes of an exclusive book cannot be told apart by their labels.

    Example:
        ```python
        book = Codebook(version=1, codes=(Code(id="c1", label="thrift", definition="Money is saved."),))
        coder = build_deductive_coder(book, "scripted:words")
        coder.invoke({"text": "New ones cost too much."})["answers"][0].value
        ```
    """
    means = Means.of_host(model, question=question, privacy=privacy)
    coder = DeductiveCoder(DeductiveCoderSettings(name=name, prompt=prompt, shots=shots, seed=seed), book, means)
    session = standalone_session()

    async def code(state: DeductiveCoderState) -> dict[str, list[CodeAnswer | None]]:
        segment = material_of(state)
        if book.exclusive:
            return {"answers": [await coder.choose(segment, session)]}
        return {"answers": await asyncio.gather(*(_decided(coder, one, segment, session) for one in book.leaves))}

    return subgraph(
        code, DeductiveCoderState, TextInput, DeductiveCoderOutput, name=name, checkpointer=checkpointer
    )
