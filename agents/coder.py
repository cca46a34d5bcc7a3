"""The coder: reads one segment on its own and gives it 0 to n codes (seed 000, section 4.1; methods 1)."""

from __future__ import annotations

import operator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langgraph.graph.state import CompiledStateGraph
from typing_extensions import TypedDict

from intercoder.agents.answers import CoderAnswer, coder_schema, parse_coder_answer
from intercoder.agents.asking import Actor, Question, ask
from intercoder.agents.means import Means
from intercoder.agents.session import Session
from intercoder.agents.subgraph import TextInput, material_of, standalone_session, subgraph
from intercoder.core.agent_settings import DEFAULT_MODEL, CoderSettings
from intercoder.core.decisions import Answer, Suggestion
from intercoder.core.documents import Segment
from intercoder.core.study import Privacy, Study
from intercoder.core.texts.quotes import locate
from intercoder.prompts.loader import Piece, load

SEEDS_APART = 1000
"""Between the seeds of two samples of one coder; attempts at one sample count up from its seed."""


class Coder:
    """One coder of a study.

    Args:
        settings: Name, prompt variant, sampling.
        means: What it asks with.
        max_codes: Most codes an answer may hold.
    """

    def __init__(self, settings: CoderSettings, means: Means, *, max_codes: int = 1) -> None:
        self.settings = settings
        self.name = settings.name
        self._means = means
        self._max_codes = max_codes
        self._schema = coder_schema(max_codes)
        self._parse = partial(parse_coder_answer, max_codes=max_codes)
        prompt = load("coder", settings.prompt, shots=settings.shots, ending=settings.ending, folder=means.prompts)
        self._actor = means.actor("coder", settings.name, prompt, settings.sampling, settings.seed)

    @classmethod
    def of_study(
        cls,
        study: Study,
        settings: CoderSettings,
        *,
        model: BaseChatModel | None = None,
        prompts: Path | None = None,
    ) -> Coder:
        """A coder as the study's settings describe it."""
        means = Means.of_study(study, settings.model, model=model, prompts=prompts)
        return cls(settings, means, max_codes=study.coding.max_codes)

    def question_about(self, segment: Segment) -> Question[CoderAnswer]:
        """The question this coder is asked about a segment: what is shared first, the fenced text last."""
        kinds = (("context", segment.context), ("speaker", segment.speaker or ""), ("text", segment.text))
        pieces = [Piece(kind=kind, text=text) for kind, text in kinds if text]
        messages = self._actor.prompt.messages(
            pieces,
            question=self._means.question,
            secret=self._means.secret,
            segment_id=segment.id,
            max_codes=self._max_codes,
        )
        return Question(segment.id, messages, self._schema, self._parse)

    async def code(self, segment: Segment, session: Session, *, sample: int = 0) -> Answer:
        """What this coder says about a segment; an answer without suggestions means "nothing to code".

        Args:
            segment: The segment.
            session: The run's session.
            sample: Which of several times that it is asked the same; those after 0 are drawn with other seeds, and
                the answer bears the coder's name with their number (`sample_name`).

        Raises:
            NoAnswer: The model gave no usable answer.
            EndpointStopped: The endpoint answers nobody.
        """
        asked = await ask(self._sampling(sample), self.question_about(segment), session)
        suggestions = tuple(
            Suggestion(label=code.label, reason=code.reason, quote=locate(code.quote, segment.text, segment.start))
            for code in asked.value.codes
        )
        return Answer(coder=sample_name(self.name, sample), suggestions=suggestions, provenance=asked.provenance)

    def _sampling(self, sample: int) -> Actor:
        if not sample:
            return self._actor
        return replace(self._actor, role="repeat", seed=self._actor.seed + SEEDS_APART * sample)


def sample_name(coder: str, sample: int) -> str:
    """The name under which moderators see one of several answers of a coder; no coder can be named so."""
    return f"{coder}/{sample + 1}" if sample else coder


def name_of_sample(name: str) -> str:
    """The coder whose answer bears the name."""
    return name.partition("/")[0]


class CoderState(TextInput):
    """What a host graph gets: one answer, added to those of other coders."""

    answers: Annotated[list[Answer], operator.add]


class CoderOutput(TypedDict):
    """The answer, in a list so that several coders may run side by side."""

    answers: Annotated[list[Answer], operator.add]


def build_coder(
    model: str | BaseChatModel = DEFAULT_MODEL,
    *,
    name: str = "coder",
    question: str = "",
    prompt: str = "expert_angle",
    shots: int = 2,
    max_codes: int = 1,
    seed: int = 0,
    privacy: Privacy | None = None,
    checkpointer: Any = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """A coder as a compiled LangGraph subgraph: `text` in, `answers` out.

    Args:
        model: A reference such as `embedded:qwen2.5-coder-0.5b`, or any LangChain chat model.
        name: The coder's name in its answers.
        question: The research question; may be empty.
        prompt: Prompt variant (seed 000, appendix A).
        shots: Worked examples in the prompt, 0 to 5.
        max_codes: Most codes per text.
        seed: Seed of sampling.
        privacy: What may leave the machine; nothing by default.
        checkpointer: LangGraph saver; a subgraph needs none.

    Example:
        ```python
        coder = build_coder("scripted:words", question="How do people repair things?")
        coder.invoke({"text": "I fixed the toaster with my neighbour's tools."})["answers"][0].suggestions
        ```
    """
    means = Means.of_host(model, question=question, privacy=privacy)
    settings = CoderSettings(name=name, model=means.reference, prompt=prompt, shots=shots, seed=seed)
    coder = Coder(settings, means, max_codes=max_codes)
    session = standalone_session()

    async def code(state: CoderState) -> dict[str, list[Answer]]:
        return {"answers": [await coder.code(material_of(state), session)]}

    return subgraph(code, CoderState, TextInput, CoderOutput, name=name, checkpointer=checkpointer)
