"""The themer: names and defines what a group of codes has in common (seed 000, section 7.4)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.graph.state import CompiledStateGraph
from typing_extensions import TypedDict

from intercoder.agents.means import Means
from intercoder.agents.session import Session
from intercoder.agents.subgraph import standalone_session, subgraph
from intercoder.agents.writing import Writer, name_codes
from intercoder.core.agent_settings import DEFAULT_MODEL, WriterSettings
from intercoder.core.coding.concepts import Definition
from intercoder.core.identity import make_id
from intercoder.core.study import Privacy, Study


class Themer:
    """The themer of a study."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    @classmethod
    def of_study(cls, study: Study, *, model: BaseChatModel | None = None, prompts: Path | None = None) -> Themer:
        """The themer as the study's settings describe it; by default with the first coder's model."""
        return cls(Writer.of_study(study, "themer", "default", study.themer, model=model, prompts=prompts))

    async def name(self, about: str, codes: Sequence[tuple[str, str]], session: Session) -> Definition:
        """Label and definition of a theme.

        Args:
            about: The theme's id.
            codes: Labels and definitions of its codes.
            session: The run's session.

        Raises:
            NoAnswer: The model gave no usable answer.
            EndpointStopped: The endpoint answers nobody.
        """
        return await name_codes(self._writer, about, codes, session)


class ThemerInput(TypedDict):
    """What a host graph gives: labels and definitions of a theme's codes; definitions may be empty."""

    codes: list[tuple[str, str]]


class ThemerOutput(TypedDict):
    """The theme's label and definition."""

    theme: Definition


class ThemerState(ThemerInput, ThemerOutput):
    """Input and output together."""


def build_themer(
    model: str | BaseChatModel = DEFAULT_MODEL,
    *,
    question: str = "",
    shots: int = 2,
    privacy: Privacy | None = None,
    checkpointer: Any = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """A themer as a compiled LangGraph subgraph: `codes` in, `theme` out.

    Args:
        model: A reference such as `embedded:qwen2.5-coder-0.5b`, or any LangChain chat model.
        question: The research question; may be empty.
        shots: Worked examples in the prompt, 0 to 2.
        privacy: What may leave the machine; nothing by default.
        checkpointer: LangGraph saver; a subgraph needs none.

    Example:
        ```python
        themer = build_themer("scripted:words", question="Why repair?")
        themer.invoke({"codes": [("thrift", "New things cost too much."), ("pride", "")]})["theme"].label
        ```
    """
    means = Means.of_host(model, question=question, privacy=privacy)
    themer = Themer(Writer("themer", "default", WriterSettings(shots=shots), means))
    session = standalone_session()

    async def name(state: ThemerState) -> dict[str, Definition]:
        codes = state["codes"]
        return {"theme": await themer.name(make_id("t", codes), codes, session)}

    return subgraph(name, ThemerState, ThemerInput, ThemerOutput, name="themer", checkpointer=checkpointer)
