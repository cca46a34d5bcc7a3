"""Inductive coding of plain texts, from Python, without a study on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from langchain_core.language_models import BaseChatModel

from intercoder.agents.subgraph import blocking
from intercoder.core.agent_settings import DEFAULT_MODEL, default_coders
from intercoder.core.codebook import Codebook
from intercoder.core.coding.coded_lines import COLUMNS, Line, line_of
from intercoder.core.decisions import Decision, Failure
from intercoder.core.documents import Segment
from intercoder.core.errors import InputError
from intercoder.core.protocols import Embedder
from intercoder.core.study import DEFAULT_EMBEDDING, Embedding, Study, study_id
from intercoder.graphs.context import make_context
from intercoder.graphs.inductive.inductive import build_inductive
from intercoder.llms.privacy import no_tracing
from intercoder.stores.in_memory import RUN, InMemoryAnswerLog, InMemoryStudyStore

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class InductiveResult:
    """A codebook and the decisions it rests on."""

    codebook: Codebook
    decisions: tuple[Decision, ...]
    failures: tuple[Failure, ...]
    segments: tuple[Segment, ...]

    def lines(self) -> list[Line]:
        """One line a decision, in the order of the texts; columns as in `core.coding.coded_lines.COLUMNS`."""
        segments = {segment.id: segment for segment in self.segments}
        codes = {code.id: code for code in self.codebook.codes}
        return [
            line_of(decision, segments[decision.segment_id], codes.get(decision.code_id or ""))
            for decision in self.decisions
        ]

    def to_frame(self) -> pd.DataFrame:
        """The lines as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame(self.lines(), columns=list(COLUMNS))


def code_inductively(
    texts: Sequence[str],
    *,
    question: str,
    model: str | BaseChatModel = DEFAULT_MODEL,
    embeddings: str | Embedder = DEFAULT_EMBEDDING,
    study: Study | None = None,
) -> InductiveResult:
    """Find codes in texts: coders read each text, a moderator settles, like codes are merged.

    Args:
        texts: The texts, each one segment.
        question: The research question.
        model: A reference such as `embedded:qwen2.5-coder-0.5b`, or any LangChain chat model.
        embeddings: A reference or an embedder.
        study: All settings but the question, in place of the defaults; its coders' models are used unless `model`
            is a chat model.

    Raises:
        InputError: There are no texts, or one is empty.
        ModelError: The model is unknown, not pulled, or would leave the machine.

    Example:
        ```python
        result = code_inductively(["I mend my own clothes.", "Shops no longer sell parts."], question="Why repair?")
        print(result.to_frame()[["text", "code"]])
        ```
    """
    return blocking(acode_inductively(texts, question=question, model=model, embeddings=embeddings, study=study))


async def acode_inductively(
    texts: Sequence[str],
    *,
    question: str,
    model: str | BaseChatModel = DEFAULT_MODEL,
    embeddings: str | Embedder = DEFAULT_EMBEDDING,
    study: Study | None = None,
) -> InductiveResult:
    """`code_inductively` for programs that have an event loop."""
    check_texts(texts)
    settings = (study or _settings(question, model, embeddings)).model_copy(update={"question": question})
    store = InMemoryStudyStore(settings, texts)
    given: Mapping[str, BaseChatModel] = (
        {} if isinstance(model, str) else {coder.model: model for coder in settings.coders}
    )
    from intercoder.stores.memory.code_memory import ExactCodeMemory

    context = make_context(
        settings,
        store.run(RUN),
        store=store,
        log=InMemoryAnswerLog(),
        memory=ExactCodeMemory(),
        embeddings=None if isinstance(embeddings, str) else embeddings,
        models=given,
    )
    with no_tracing(settings.privacy):
        await build_inductive().ainvoke({"run": RUN}, context=context)
    book = store.finish(RUN)
    return InductiveResult(
        codebook=book,
        decisions=tuple(store.decisions),
        failures=tuple(store.failures),
        segments=tuple(store.segments(RUN, 0, len(texts))),
    )


def check_texts(texts: Sequence[str]) -> None:
    """Refuse what is no list of texts.

    Raises:
        InputError: There are none, or one is empty or no string.
    """
    if isinstance(texts, str) or not texts:
        raise InputError("texts must be a list of at least one text.", where="texts")
    for place, text in enumerate(texts):
        if not isinstance(text, str) or not text.strip():
            raise InputError("this text is empty or not a string.", where=f"texts[{place}]")


def _settings(question: str, model: str | BaseChatModel, embeddings: str | Embedder) -> Study:
    reference = model if isinstance(model, str) else f"given:{type(model).__name__}"
    named = embeddings if isinstance(embeddings, str) else embeddings.name
    return Study(
        id=study_id(question),
        question=question,
        coders=default_coders(reference),
        embedding=Embedding(model=named),
    )
