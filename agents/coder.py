"""The coder: reads one segment on its own and gives it 0 to n codes (seed 000, section 4.1; methods 1)."""

from __future__ import annotations

import operator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from typing_extensions import TypedDict

from intercoder.agents.answers import CoderAnswer, coder_schema, parse_coder_answer
from intercoder.agents.asking import Question, ask, make_actor
from intercoder.agents.session import Session
from intercoder.agents.subgraph import material_of, node, standalone_session
from intercoder.core.decisions import Answer, Suggestion
from intercoder.core.documents import Segment
from intercoder.core.quotes import locate
from intercoder.core.study import DEFAULT_MODEL, CoderSettings, Limits, Privacy, Study
from intercoder.prompts.loader import Piece, load


class Coder:
    """One coder of a study.

    Args:
        settings: Name, model, prompt variant, sampling.
        question: The research question the prompt carries.
        max_codes: Most codes an answer may hold.
        secret: Key of the fence's marker.
        model: The chat model; by default the one that `settings` names.
        privacy: What may leave the machine.
        limits: Timeouts and retries of endpoints.
        api_key_env: Name of the variable that holds an endpoint's key.
        prompts: A study's own prompts folder.
    """

    def __init__(
        self,
        settings: CoderSettings,
        *,
        question: str,
        max_codes: int = 1,
        secret: str = "",
        model: BaseChatModel | None = None,
        privacy: Privacy | None = None,
        limits: Limits | None = None,
        api_key_env: str = "OPENAI_API_KEY",
        prompts: Path | None = None,
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self._question = question
        self._max_codes = max_codes
        self._secret = secret
        self._schema = coder_schema(max_codes)
        self._parse = partial(parse_coder_answer, max_codes=max_codes)
        prompt = load("coder", settings.prompt, shots=settings.shots, ending=settings.ending, folder=prompts)
        self._actor = make_actor(
            "coder",
            settings.name,
            settings.model,
            prompt,
            settings.sampling,
            settings.seed,
            model=model,
            privacy=privacy,
            limits=limits,
            api_key_env=api_key_env,
        )

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
        return cls(
            settings,
            question=study.question,
            max_codes=study.coding.max_codes,
            secret=study.id,
            model=model,
            privacy=study.privacy,
            limits=study.limits,
            api_key_env=study.api_key_env,
            prompts=prompts,
        )

    def question_about(self, segment: Segment) -> Question[CoderAnswer]:
        """The question this coder is asked about a segment: what is shared first, the fenced text last."""
        kinds = (("context", segment.context), ("speaker", segment.speaker or ""), ("text", segment.text))
        pieces = [Piece(kind=kind, text=text) for kind, text in kinds if text]
        messages = self._actor.prompt.messages(
            pieces,
            question=self._question,
            secret=self._secret,
            segment_id=segment.id,
            max_codes=self._max_codes,
        )
        return Question(segment.id, messages, self._schema, self._parse)

    async def code(self, segment: Segment, session: Session) -> Answer:
        """What this coder says about a segment; an answer without suggestions means "nothing to code".

        Raises:
            NoAnswer: The model gave no usable answer.
            EndpointStopped: The endpoint answers nobody.
        """
        asked = await ask(self._actor, self.question_about(segment), session)
        suggestions = tuple(
            Suggestion(label=code.label, reason=code.reason, quote=locate(code.quote, segment.text, segment.start))
            for code in asked.value.codes
        )
        return Answer(coder=self.name, suggestions=suggestions, provenance=asked.provenance)


class CoderInput(TypedDict, total=False):
    """What a host graph gives: `text`, and if it has them what came before and who speaks."""

    text: str
    context: str
    speaker: str


class CoderState(CoderInput):
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
    reference = model if isinstance(model, str) else f"given:{type(model).__name__}"
    coder = Coder(
        CoderSettings(name=name, model=reference, prompt=prompt, shots=shots, seed=seed),
        question=question,
        max_codes=max_codes,
        model=None if isinstance(model, str) else model,
        privacy=privacy,
    )
    session = standalone_session()

    async def code(state: CoderState) -> dict[str, list[Answer]]:
        return {"answers": [await coder.code(material_of(state), session)]}

    graph = StateGraph(CoderState, input_schema=CoderInput, output_schema=CoderOutput)
    graph.add_node("code", node(code))
    graph.add_edge(START, "code")
    graph.add_edge("code", END)
    return graph.compile(checkpointer=checkpointer, name=name)
