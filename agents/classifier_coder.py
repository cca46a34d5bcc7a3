"""The classifier as a coder: alone, or before a language model that decides where it is not confident (seed 001).

A classifier gives a probability and no quote. Which of the two decided, the decision's provenance tells.
"""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Protocol

from langchain_core.language_models import BaseChatModel
from langgraph.graph.state import CompiledStateGraph
from typing_extensions import TypedDict

from intercoder.agents.asking import NoAnswer
from intercoder.agents.deductive_coder import DeductiveCoder
from intercoder.agents.means import Means
from intercoder.agents.session import Session
from intercoder.agents.subgraph import TextInput, material_of, standalone_session, subgraph
from intercoder.core.classifiers import ClassifierCard, read_card
from intercoder.core.codebook import Code, Codebook
from intercoder.core.confidence import confidences
from intercoder.core.decisions import CodeAnswer, Failure, Provenance
from intercoder.core.deductive_settings import CLASSIFIER, DeductiveCoderSettings
from intercoder.core.documents import Segment
from intercoder.core.errors import ModelError
from intercoder.core.study import Privacy
from intercoder.llms.classifiers.class_probabilities import Numbers
from intercoder.llms.classifiers.classifiers import load_classifier
from intercoder.llms.references import same_model


class Decides(Protocol):
    """Who decides where a classifier is not confident."""

    async def decide(self, segment: Segment, code: Code, session: Session) -> CodeAnswer | None:
        """Whether a code applies."""

    async def choose(self, segment: Segment, session: Session) -> CodeAnswer | None:
        """Which code of an exclusive book applies."""


class Origin(NamedTuple):
    """Which classifier decides, and from which bound: of its decisions' provenance what names it."""

    prompt: str
    prompt_hash: str


def classifier_origin(card: ClassifierCard, confidence: float | None = None) -> Provenance:
    """The provenance of a classifier's decisions.

    Args:
        card: The classifier's.
        confidence: The bound from which it decides before a language model; None where it is alone.
    """
    bound = "" if confidence is None else f" from {confidence:g}"
    return Provenance(
        model=f"{CLASSIFIER}{card.name}", prompt=f"classifier/{card.name}{bound}", prompt_hash=card.digest
    )


def bound_note(card: ClassifierCard, model: str) -> str:
    """What a person should know who has that language model decide below the bound on a card.

    Args:
        card: The classifier's.
        model: Reference of the language model.

    Returns:
        A sentence or two; empty where the bound was chosen for this model.
    """
    if card.confidence_for and _same(card.confidence_for, model):
        return ""
    return (
        f"{model} decides where the classifier {card.name} is less confident than {card.confidence:g}, a bound "
        f"that was chosen for {card.confidence_for or 'no language model'}: how well both agree with people is not "
        "known. Run its `distill` again, which asks this model too, or set `confidence` of the coder."
    )


def _same(model: str, other: str) -> bool:
    try:
        return same_model(model, other)
    except ModelError:
        return False


class ClassifierCoder:
    """One coder of deductive coding that is a classifier.

    Args:
        name: The coder's name in its answers.
        folder: The classifier's.
        book: The codebook; codes that it shows otherwise than when they were learnt are not known.
        before: Who decides where the classifier is not confident or does not know a code; None where it is alone.
        confidence: The bound, with `before`; by default the one on the classifier's card.
        origin: The only one that it may have; by default whatever is in the folder.

    Raises:
        ModelError: There is no classifier in the folder, or one of another origin.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        book: Codebook,
        *,
        before: Decides | None = None,
        confidence: float | None = None,
        origin: Origin | None = None,
    ) -> None:
        self.name = name
        self._folder, self._before = folder, before
        self._card = card = read_card(folder)
        self._known = card.knows(book)
        self._places = {code_id: place for place, code_id in enumerate(card.codes)}
        self._bound = 0.0
        if before is not None:
            self._bound = card.confidence if confidence is None else confidence
        self._provenance = classifier_origin(card, None if before is None else self._bound)
        if origin not in (None, (self._provenance.prompt, self._provenance.prompt_hash)):
            raise self._another()
        self._ahead: dict[str, Numbers] = {}  # by text, on which alone a probability depends

    async def read_ahead(self, segments: Sequence[Segment]) -> None:
        """Compute what is to be said of these segments, all together; what was computed before is forgotten.

        Raises:
            ModelError: The classifier cannot be loaded, or is another one than at the beginning.
        """
        if self._known:
            texts = list(dict.fromkeys(one.text for one in segments))
            self._ahead = dict(zip(texts, await self._computed(texts), strict=True))

    async def decide(self, segment: Segment, code: Code, session: Session) -> CodeAnswer | None:
        """Whether a code applies to a segment.

        Raises:
            NoAnswer: The classifier is alone and does not know the code; or the language model gave no answer.
            ModelError: As `read_ahead`.
            EndpointStopped: The language model's endpoint answers nobody.
        """
        if code.id not in self._known:
            return await self._others(segment, code, session)
        given = await self._given(segment)
        place = self._places[code.id]
        if confidences(given, "multi_label")[0, place] < self._bound:
            return await self._others(segment, code, session)
        value: Literal["yes", "no"] = "yes" if given[0, place] >= 0.5 else "no"
        return self._answer(code.id, value, float(given[0, place]))

    async def choose(self, segment: Segment, session: Session) -> CodeAnswer | None:
        """Which code of an exclusive book applies to a segment.

        Raises:
            NoAnswer, ModelError, EndpointStopped: As `decide`.
        """
        if not self._known:
            return await self._others(segment, None, session)
        given = await self._given(segment)
        place = int(given[0].argmax())
        if given[0, place] < self._bound:
            return await self._others(segment, None, session)
        return self._answer(self._card.codes[place], "yes", float(given[0, place]))

    async def _given(self, segment: Segment) -> Numbers:
        """Probabilities of the codes, shape (1, codes)."""
        known = self._ahead.get(segment.text)
        return await self._computed([segment.text]) if known is None else known[None, :]

    async def _computed(self, texts: Sequence[str]) -> Numbers:
        classifier = await asyncio.to_thread(load_classifier, self._folder)
        if classifier.card.digest != self._card.digest:
            raise self._another()
        return await asyncio.to_thread(classifier.probabilities, texts)

    def _another(self) -> ModelError:
        return ModelError(
            f"The classifier {self._card.name} was trained anew, or its bound changed, while it coded.",
            where=str(self._folder),
            remedy="Begin coding anew, so that one classifier codes everything.",
        )

    async def _others(self, segment: Segment, code: Code | None, session: Session) -> CodeAnswer | None:
        if self._before is None:
            raise NoAnswer(self._unknown(segment, code))
        if code is None:
            return await self._before.choose(segment, session)
        return await self._before.decide(segment, code, session)

    def _answer(self, code_id: str, value: Literal["yes", "no"], probability: float) -> CodeAnswer:
        return CodeAnswer(
            coder=self.name,
            code_id=code_id,
            value=value,
            reason=f"The classifier gives it a probability of {probability:.2f}.",
            provenance=self._provenance,
        )

    def _unknown(self, segment: Segment, code: Code | None) -> Failure:
        about = "this code" if code else "all codes"
        return Failure(
            segment_id=segment.id,
            role="coder",
            coder=self.name,
            kind="error",
            message=f"The classifier {self._card.name} has not learnt {about} as the codebook has it now.",
            code_id=code.id if code else "",
        )


class ClassifierCoderState(TextInput):
    """What a host graph gets: answers, added to those of other coders."""

    answers: Annotated[list[CodeAnswer], operator.add]


class ClassifierCoderOutput(TypedDict):
    """One answer a code, or the one choice of an exclusive book."""

    answers: Annotated[list[CodeAnswer], operator.add]


def build_classifier_coder(
    classifier: str | Path,
    *,
    name: str = "classifier",
    model: str | BaseChatModel | None = None,
    confidence: float | None = None,
    question: str = "",
    prompt: str = "default",
    shots: int = 4,
    privacy: Privacy | None = None,
    checkpointer: Any = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """A classifier as a compiled LangGraph subgraph: `text` in, `answers` about the codes that it learnt out.

    Args:
        classifier: Its folder.
        name: The coder's name in its answers.
        model: A reference or any LangChain chat model that decides where the classifier is not confident; None for
            the classifier alone.
        confidence: From which the classifier decides before the model; by default the bound on its card.
        question: The research question, for the model; may be empty.
        prompt: Prompt variant of the model.
        shots: Worked examples in the model's prompt, 0 to 5.
        privacy: What may leave the machine; nothing by default.
        checkpointer: LangGraph saver; a subgraph needs none.

    Raises:
        ModelError: There is no classifier in the folder.

    Example:
        ```python
        coder = build_classifier_coder("study/classifiers/thrift")
        coder.invoke({"text": "New ones cost too much."})["answers"][0].reason
        ```
    """
    folder = Path(classifier)
    card = read_card(folder)
    book = card.data.book
    before = None
    if model is not None:
        means = Means.of_host(model, question=question, privacy=privacy)
        settings = DeductiveCoderSettings(name=name, prompt=prompt, shots=shots)
        before = DeductiveCoder(settings, book, means)
    coder = ClassifierCoder(name, folder, book, before=before, confidence=confidence)
    codes = [code for code in book.leaves if code.id in card.codes]
    session = standalone_session()

    async def code(state: ClassifierCoderState) -> dict[str, list[CodeAnswer | None]]:
        segment = material_of(state)
        if book.exclusive:
            return {"answers": [await coder.choose(segment, session)]}
        await coder.read_ahead([segment])
        return {"answers": [await coder.decide(segment, one, session) for one in codes]}

    return subgraph(
        code, ClassifierCoderState, TextInput, ClassifierCoderOutput, name=name, checkpointer=checkpointer
    )
