"""The reviser: proposes changes to one code from what a round found out about it (seed 002, section 2.1.1).

It changes nothing itself. What is wrong with a proposal is said beside it, and a person decides about the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.graph.state import CompiledStateGraph
from typing_extensions import TypedDict

from intercoder.agents.answers import one_line
from intercoder.agents.code_text import code_text
from intercoder.agents.findings_text import excerpts_text, findings_text, shown_excerpts
from intercoder.agents.means import Means
from intercoder.agents.proposing import Proposal, proposed
from intercoder.agents.revision_answers import parse_reviser_answer, reviser_schema
from intercoder.agents.session import Session
from intercoder.agents.subgraph import standalone_session, subgraph
from intercoder.agents.writing import Writer
from intercoder.core.agent_settings import DEFAULT_MODEL, ReviserSettings
from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.findings import CodeFindings
from intercoder.core.study import Privacy, Study
from intercoder.prompts.loader import Piece

__all__ = ["Proposal", "Reviser", "build_reviser"]


class Reviser:
    """The reviser of a study.

    Args:
        writer: How it is asked.
        most: Most revisions of one code, from 1.
    """

    def __init__(self, writer: Writer, most: int) -> None:
        self._writer = writer
        self._most = most
        self._worked = frozenset(one_line(text).casefold() for text in writer.worked_texts)

    @classmethod
    def of_study(cls, study: Study, *, model: BaseChatModel | None = None, prompts: Path | None = None) -> Reviser:
        """The reviser as the study's settings describe it; by default with the first coder's model."""
        writer = Writer.of_study(study, "reviser", "default", study.reviser, model=model, prompts=prompts)
        return cls(writer, study.development.revisions_per_code)

    async def propose(
        self, book: Codebook, code: Code, findings: CodeFindings, session: Session
    ) -> tuple[Proposal, ...]:
        """Revisions of one code, each with what is wrong with it, if anything.

        Args:
            book: The codebook.
            code: One of its codes.
            findings: What the round found out about it. Without excerpts nobody is asked.
            session: The run's session.

        Raises:
            NoAnswer: The model gave no usable answer.
            EndpointStopped: The endpoint answers nobody.
        """
        excerpts = shown_excerpts(findings)
        if not excerpts:
            return ()
        others = partners(book, code)
        kinds = (
            ("codebook", code_text(book, code)),
            ("findings", findings_text(findings)),
            ("labels", "\n".join(others)),
            ("text", excerpts_text(excerpts)),
        )
        asked = await self._writer.write(
            code.id,
            [Piece(kind=kind, text=text) for kind, text in kinds if text],
            reviser_schema(len(excerpts), others, self._most),
            partial(parse_reviser_answer, most=self._most),
            session,
            code_id=code.id,
            most=self._most,
            words={"revisions": "one revision" if self._most == 1 else f"at most {self._most} revisions"},
        )
        return proposed(asked.value.revisions, book, code, excerpts, asked.provenance, self._worked)


def partners(book: Codebook, code: Code) -> Sequence[str]:
    """Labels of the codes that a code could be merged with, each once."""
    leaves = [one for one in book.leaves if one.id != code.id and one.kind == "model"]
    return tuple(dict.fromkeys(one_line(one.label) for one in leaves))


class ReviserInput(TypedDict):
    """What a host graph gives: the code, and what is known about its use."""

    code_id: str
    findings: CodeFindings


class ReviserOutput(TypedDict):
    """What is proposed."""

    proposals: tuple[Proposal, ...]


class ReviserState(ReviserInput, ReviserOutput):
    """Input and output together."""


def build_reviser(
    book: Codebook,
    model: str | BaseChatModel = DEFAULT_MODEL,
    *,
    question: str = "",
    shots: int = 3,
    most: int = 2,
    privacy: Privacy | None = None,
    checkpointer: Any = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """A reviser as a compiled LangGraph subgraph: `code_id` and `findings` in, `proposals` out.

    Args:
        book: The codebook.
        model: A reference such as `embedded:qwen2.5-coder-0.5b`, or any LangChain chat model.
        question: The research question; may be empty.
        shots: Worked examples in the prompt, 0 to 3.
        most: Most revisions of one code, from 1.
        privacy: What may leave the machine; nothing by default.
        checkpointer: LangGraph saver; a subgraph needs none.
    """
    means = Means.of_host(model, question=question, privacy=privacy)
    reviser = Reviser(Writer("reviser", "default", ReviserSettings(shots=shots), means), most)
    session = standalone_session()

    async def propose(state: ReviserState) -> dict[str, tuple[Proposal, ...]]:
        code = book.code(state["code_id"])
        if code is None:
            raise KeyError(state["code_id"])
        return {"proposals": await reviser.propose(book, code, state["findings"], session)}

    return subgraph(propose, ReviserState, ReviserInput, ReviserOutput, name="reviser", checkpointer=checkpointer)
