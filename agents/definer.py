"""The definer: writes definitions of concepts, and names what several concepts become (seed 003, section 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.graph.state import CompiledStateGraph
from typing_extensions import TypedDict

from intercoder.agents.answers import cut, one_line
from intercoder.agents.means import Means
from intercoder.agents.session import Session
from intercoder.agents.subgraph import standalone_session, subgraph
from intercoder.agents.writing import Writer, definition_schema, name_codes, parse_definition
from intercoder.core.agent_settings import DEFAULT_MODEL, WriterSettings
from intercoder.core.coding.concepts import Definition
from intercoder.core.identity import make_id
from intercoder.core.study import Privacy, Study
from intercoder.prompts.loader import Piece

MOST_LABELS = 6
MOST_PASSAGES = 3
"""Labels and passages of a concept that are shown; the first ones."""
PASSAGE_LENGTH = 300
"""Characters of a passage that are shown."""


class Definer:
    """The definer of a study.

    Args:
        define: Asked to define one concept.
        merge: Asked to name and define what several concepts become.
    """

    def __init__(self, define: Writer, merge: Writer) -> None:
        self._define = define
        self._merge = merge

    @classmethod
    def of_study(cls, study: Study, *, model: BaseChatModel | None = None, prompts: Path | None = None) -> Definer:
        """The definer as the study's settings describe it; by default with the first coder's model."""
        define, merge = (
            Writer.of_study(study, "definer", template, study.definer, model=model, prompts=prompts)
            for template in ("define", "merge")
        )
        return cls(define, merge)

    async def define(
        self, about: str, labels: Sequence[str], passages: Sequence[str], session: Session
    ) -> Definition:
        """A definition of one concept. Its label stays the first of its labels.

        Args:
            about: The concept's id.
            labels: Its labels, at least one.
            passages: Texts that it was given to.
            session: The run's session.

        Raises:
            NoAnswer: The model gave no usable answer.
            EndpointStopped: The endpoint answers nobody.
        """
        kinds = (
            ("labels", "\n".join(one_line(label) for label in labels[:MOST_LABELS])),
            ("text", "\n".join(f"- {cut(text, PASSAGE_LENGTH)}" for text in passages[:MOST_PASSAGES])),
        )
        pieces = [Piece(kind=kind, text=text) for kind, text in kinds if text]
        asked = await self._define.write(about, pieces, definition_schema(), parse_definition, session)
        return Definition(label=labels[0], definition=asked.value.definition, provenance=asked.provenance)

    async def merge(self, about: str, codes: Sequence[tuple[str, str]], session: Session) -> Definition:
        """Label and definition of what several concepts become.

        Args:
            about: The id of what they become.
            codes: Their labels and definitions.
            session: The run's session.

        Raises:
            NoAnswer: The model gave no usable answer.
            EndpointStopped: The endpoint answers nobody.
        """
        return await name_codes(self._merge, about, codes, session)


class DefinerInput(TypedDict, total=False):
    """What a host graph gives: labels and passages of one concept, or `codes` that are to become one."""

    labels: list[str]
    passages: list[str]
    codes: list[tuple[str, str]]


class DefinerOutput(TypedDict):
    """What was written."""

    definition: Definition


class DefinerState(DefinerInput, DefinerOutput):
    """Input and output together."""


def build_definer(
    model: str | BaseChatModel = DEFAULT_MODEL,
    *,
    question: str = "",
    shots: int = 2,
    privacy: Privacy | None = None,
    checkpointer: Any = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """A definer as a compiled LangGraph subgraph: `labels` and `passages`, or `codes`, in; `definition` out.

    Args:
        model: A reference such as `embedded:qwen2.5-coder-0.5b`, or any LangChain chat model.
        question: The research question; may be empty.
        shots: Worked examples in the prompt, 0 to 2.
        privacy: What may leave the machine; nothing by default.
        checkpointer: LangGraph saver; a subgraph needs none.

    Example:
        ```python
        definer = build_definer("scripted:words", question="Why repair?")
        definer.invoke({"labels": ["thrift"], "passages": ["New ones cost too much."]})["definition"].definition
        ```
    """
    means = Means.of_host(model, question=question, privacy=privacy)
    define, merge = (
        Writer("definer", template, WriterSettings(shots=shots), means) for template in ("define", "merge")
    )
    definer = Definer(define, merge)
    session = standalone_session()

    async def write(state: DefinerState) -> dict[str, Definition]:
        codes = state.get("codes", [])
        if codes:
            return {"definition": await definer.merge(make_id("n", codes), codes, session)}
        labels, passages = state["labels"], state.get("passages", [])
        return {"definition": await definer.define(make_id("n", labels), labels, passages, session)}

    return subgraph(write, DefinerState, DefinerInput, DefinerOutput, name="definer", checkpointer=checkpointer)
