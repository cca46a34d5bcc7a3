"""The moderator: settles what the coders said about a segment (seed 000, sections 3 and 4.2, appendix C)."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.graph.state import CompiledStateGraph
from typing_extensions import TypedDict

from intercoder.agents.answers import (
    NEW,
    InvalidAnswer,
    ModeratorAnswer,
    moderator_schema,
    parse_moderator_answer,
)
from intercoder.agents.asking import Actor, Question, ask
from intercoder.agents.coder import sample_name
from intercoder.agents.means import Means
from intercoder.agents.moderation_rules import LONGEST_LABEL, Candidate, choose
from intercoder.agents.session import Session
from intercoder.agents.subgraph import material_of, standalone_session, subgraph
from intercoder.core.agent_settings import ModerationKind, ModeratorSettings
from intercoder.core.decisions import Answer, Choice, Provenance, Settlement, Suggestion
from intercoder.core.documents import Segment
from intercoder.core.identity import digest
from intercoder.core.protocols import Embedder
from intercoder.core.study import DEFAULT_EMBEDDING, Privacy, Study
from intercoder.llms.factory import embedder
from intercoder.prompts.loader import Piece, load


class Moderator:
    """One moderator of a study: a rule over embeddings, or a model.

    Args:
        settings: Name, kind and what the kind needs.
        embeddings: Sentence embeddings, for the rules.
        means: What it asks with, for kind `llm`.
        max_codes: Most codes that stand for a segment.
        weights: Weight of each coder, for `weighted`.
    """

    def __init__(
        self,
        settings: ModeratorSettings,
        embeddings: Embedder,
        means: Means,
        *,
        max_codes: int = 1,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self._embeddings = embeddings
        self._means = means
        self._max_codes = max_codes
        self._weights = dict(weights or {})
        self._actor: Actor | None = None
        if settings.kind == "llm":
            prompt = load("moderator", settings.prompt, shots=settings.shots, folder=means.prompts)
            self._actor = means.actor("moderator", settings.name, prompt, settings.sampling, settings.seed)

    @classmethod
    def of_study(
        cls,
        study: Study,
        settings: ModeratorSettings,
        embeddings: Embedder,
        *,
        model: BaseChatModel | None = None,
        prompts: Path | None = None,
    ) -> Moderator:
        """A moderator as the study's settings describe it."""
        return cls(
            settings,
            embeddings,
            Means.of_study(study, settings.model, model=model, prompts=prompts),
            max_codes=study.coding.max_codes,
            weights={name: coder.weight for coder in study.coders for name in _names(study, coder.name)},
        )

    async def settle(self, segment: Segment, answers: Sequence[Answer], session: Session) -> Settlement:
        """What stands for a segment.

        With more than half of the coders (for `weighted`, of their weight) saying "nothing to code", that stands. A
        model is not asked about a segment to which no coder gave a code.

        Raises:
            NoAnswer: The model gave no usable answer.
            EndpointStopped: The endpoint answers nobody.
        """
        if not any(answer.suggestions for answer in answers) or (
            self._actor is None and self._mostly_silent(answers)
        ):
            return self._settled((), answers, Provenance(model=self._rule))
        if self._actor is not None:
            return await self._ask(self._actor, segment, answers, session)
        return await self._choose(segment, answers)

    @property
    def asks(self) -> bool:
        """Whether a model is asked."""
        return self._actor is not None

    def _mostly_silent(self, answers: Sequence[Answer]) -> bool:
        weights = [self._weights.get(answer.coder, 1.0) for answer in answers]
        if self.settings.kind != "weighted" or not any(weights):
            weights = [1.0] * len(answers)
        silent = sum(weight for weight, answer in zip(weights, answers, strict=True) if not answer.suggestions)
        return silent * 2 > sum(weights)

    @property
    def _rule(self) -> str:
        return self.settings.model or f"rule:{self.settings.kind}"

    async def _choose(self, segment: Segment, answers: Sequence[Answer]) -> Settlement:
        said = _grounded([(answer, suggestion) for answer in answers for suggestion in answer.suggestions])
        labels = [suggestion.label for _, suggestion in said]
        vectors = await self._embeddings.embed([*labels, segment.text])
        chosen = choose(
            [Candidate(coder=answer.coder, label=suggestion.label) for answer, suggestion in said],
            vectors[:-1],
            vectors[-1],
            kind=self.settings.kind,
            groundedness=self.settings.groundedness,
            tau=self.settings.tau,
            weights=self._weights,
            max_codes=self._max_codes,
        )
        choices = tuple(Choice(suggestion=said[at][1], chosen_from=said[at][0].coder) for at in chosen)
        # The rule asked nobody: its trail leads to the answer that it kept.
        key = said[chosen[0]][0].provenance.answer_key
        return self._settled(choices, answers, Provenance(model=self._rule, answer_key=key))

    async def _ask(self, actor: Actor, segment: Segment, answers: Sequence[Answer], session: Session) -> Settlement:
        said = [(answer.coder, suggestion) for answer in answers for suggestion in answer.suggestions]
        order = random.Random(digest(self._means.secret, segment.id, self.name))
        shown = order.sample(said, len(said))
        lines = "\n".join(f"{coder}: {suggestion.label}" for coder, suggestion in shown)
        kinds = (("speaker", segment.speaker or ""), ("text", segment.text), ("suggestions", lines))
        messages = actor.prompt.messages(
            [Piece(kind=kind, text=text) for kind, text in kinds if text],
            question=self._means.question,
            secret=self._means.secret,
            segment_id=segment.id,
            max_codes=self._max_codes,
        )
        coders = [answer.coder for answer in answers if answer.suggestions]
        labels = [] if self.settings.new_codes else list(dict.fromkeys(suggestion.label for _, suggestion in said))
        schema = moderator_schema(coders, self._max_codes, labels)
        parse = partial(_parse, coders=coders, max_codes=self._max_codes, labels=labels)
        asked = await ask(actor, Question(segment.id, messages, schema, parse), session)
        choices = tuple(
            _choice(choice.chosen_from, choice.label, choice.reason, said) for choice in asked.value.choices
        )
        return self._settled(choices, answers, asked.provenance)

    def _settled(
        self, choices: tuple[Choice, ...], answers: Sequence[Answer], provenance: Provenance
    ) -> Settlement:
        """A settlement, with the coders none of whose suggestions it follows."""
        kept = {_folded(choice.suggestion.label) for choice in choices}
        overruled = tuple(answer.coder for answer in answers if not _follows(answer, kept))
        return Settlement(moderator=self.name, choices=choices, overruled=overruled, provenance=provenance)


def _names(study: Study, coder: str) -> list[str]:
    """Names under which a coder's answers come; several where it is asked several times."""
    ensemble = study.ensemble
    asks = ensemble.asks if ensemble.dynamic and coder == study.asked_first.name else 1
    return [sample_name(coder, sample) for sample in range(asks)]


def _grounded(said: list[tuple[Answer, Suggestion]]) -> list[tuple[Answer, Suggestion]]:
    """The suggestions whose quote stands in the text, if any does: a quote that is not there may be made up."""
    return [one for one in said if one[1].quote.verified] or said


def _follows(answer: Answer, kept: set[str]) -> bool:
    labels = {_folded(suggestion.label) for suggestion in answer.suggestions}
    return bool(labels & kept) or not (labels or kept)


def _folded(label: str) -> str:
    return " ".join(label.casefold().split())


def _parse(text: str, coders: Sequence[str], max_codes: int, labels: Sequence[str]) -> ModeratorAnswer:
    """A model's answer; with `labels`, only what was suggested."""
    answer = parse_moderator_answer(text, coders, max_codes)
    suggested = {_folded(label) for label in labels}
    if any(suggested and _folded(choice.label) not in suggested for choice in answer.choices):
        raise InvalidAnswer("shape", "`label` must be one of the suggestions.")
    for choice in answer.choices:
        if choice.chosen_from == NEW and len(choice.label.split()) > LONGEST_LABEL:
            raise InvalidAnswer("too_long", f"A new label has at most {LONGEST_LABEL} words.")
    return answer


def _choice(source: str, label: str, reason: str, said: Sequence[tuple[str, Suggestion]]) -> Choice:
    """A model's choice, traced to the suggestion it is; a label no coder gave is new, whatever is claimed."""
    same = [(coder, suggestion) for coder, suggestion in said if _folded(suggestion.label) == _folded(label)]
    for coder, suggestion in sorted(same, key=lambda one: one[0] != source):
        kept = suggestion.model_copy(update={"reason": reason or suggestion.reason})
        return Choice(suggestion=kept, chosen_from=coder)
    return Choice(suggestion=Suggestion(label=label, reason=reason), chosen_from=NEW)


class ModeratorInput(TypedDict, total=False):
    """What a host graph gives: the text and the coders' answers."""

    text: str
    speaker: str
    answers: list[Answer]


class ModeratorOutput(TypedDict):
    """What stands."""

    settlement: Settlement


class ModeratorState(ModeratorInput, ModeratorOutput):
    """Input and output together."""


def build_moderator(
    model: str | BaseChatModel = "",
    *,
    name: str = "moderator",
    kind: ModerationKind = "medoid",
    question: str = "",
    groundedness: float = 1.0,
    max_codes: int = 1,
    embeddings: str | Embedder = DEFAULT_EMBEDDING,
    privacy: Privacy | None = None,
    checkpointer: Any = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """A moderator as a compiled LangGraph subgraph: `text` and `answers` in, `settlement` out.

    Args:
        model: A reference or any LangChain chat model, for kind `llm`.
        name: The moderator's name.
        kind: `medoid`, `majority`, `weighted` or `llm`.
        question: The research question; may be empty.
        groundedness: Weight of a label's likeness to the text, for the rules.
        max_codes: Most codes that stand.
        embeddings: A reference or an embedder, for the rules.
        privacy: What may leave the machine; nothing by default.
        checkpointer: LangGraph saver; a subgraph needs none.
    """
    means = Means.of_host(model, question=question, privacy=privacy)
    settings = ModeratorSettings(name=name, kind=kind, model=means.reference, groundedness=groundedness)
    vectors = embedder(embeddings, privacy=means.privacy) if isinstance(embeddings, str) else embeddings
    moderator = Moderator(settings, vectors, means, max_codes=max_codes)
    session = standalone_session()

    async def settle(state: ModeratorState) -> dict[str, Settlement]:
        return {"settlement": await moderator.settle(material_of(state), state["answers"], session)}

    return subgraph(settle, ModeratorState, ModeratorInput, ModeratorOutput, name=name, checkpointer=checkpointer)
