"""What an agent asks with, beside its own settings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from langchain_core.language_models import BaseChatModel

from intercoder.agents.asking import Actor
from intercoder.core.agent_settings import Sampling
from intercoder.core.decisions import Role
from intercoder.core.study import Limits, Privacy, Study
from intercoder.llms.adapters import identity, other_names
from intercoder.llms.factory import chat_model
from intercoder.llms.references import parse_reference
from intercoder.prompts.loader import Prompt


@dataclass(frozen=True)
class Means:
    """The model and the way to it, and what all questions share."""

    reference: str = ""
    """The model's reference; empty for who asks none."""
    question: str = ""
    """The research question; may be empty."""
    secret: str = ""
    """Key of the fence's marker, and of the orders in which options and answers are shown."""
    model: BaseChatModel | None = None
    """The chat model; by default the one that `reference` names."""
    privacy: Privacy = field(default_factory=Privacy)
    """What may leave the machine."""
    limits: Limits = field(default_factory=Limits)
    """Timeouts and retries of endpoints."""
    api_key_env: str = "OPENAI_API_KEY"
    """Name of the variable that holds an endpoint's key."""
    prompts: Path | None = None
    """A study's own prompts folder."""

    @classmethod
    def of_study(
        cls, study: Study, reference: str, *, model: BaseChatModel | None = None, prompts: Path | None = None
    ) -> Means:
        """The means that a study's settings give."""
        return cls(
            reference=reference,
            question=study.question,
            secret=study.id,
            model=model,
            privacy=study.privacy,
            limits=study.limits,
            api_key_env=study.api_key_env,
            prompts=prompts,
        )

    @classmethod
    def of_host(cls, model: str | BaseChatModel, *, question: str, privacy: Privacy | None) -> Means:
        """The means that another LangGraph application gives: a reference, or any LangChain chat model."""
        shared = cls(question=question, privacy=privacy or Privacy())
        if isinstance(model, str):
            return replace(shared, reference=model)
        return replace(shared, reference=f"given:{type(model).__name__}", model=model)

    def actor(self, role: Role, name: str, prompt: Prompt, sampling: Sampling, seed: int) -> Actor:
        """Who asks, with these means.

        Raises:
            ModelError: The reference names no usable model.
        """
        model = self.model or chat_model(
            self.reference,
            sampling=sampling,
            limits=self.limits,
            privacy=self.privacy,
            api_key_env=self.api_key_env,
        )
        kept_under, others = self._names()
        return Actor(role, name, kept_under, model, prompt, sampling, seed, others, self.reference)

    def _names(self) -> tuple[str, tuple[str, ...]]:
        if self.model is not None:
            return self.reference, ()
        reference = parse_reference(self.reference)
        return identity(reference), other_names(reference)
