"""Scripted readers for tests of deductive coding: they decide by rule and remember what they were asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from intercoder.core.agent_settings import CoderSettings
from intercoder.core.codebook import Code, Codebook
from intercoder.core.deductive_settings import Deduction, DeductiveCoderSettings, Development
from intercoder.core.study import Study
from intercoder.llms.scripted import ScriptedChatModel, material_of

REFERENCE = "given:reader"
TEXTS = (
    "We save money by mending.",
    "Nothing to say.",
    "Mending is fun.",
    "Money is short, so we save.",
)
Rule = Callable[["Asked"], str]
Revise = Callable[[str], list[dict[str, Any]]]


class Asked(NamedTuple):
    """One question as a model saw it."""

    role: str
    """`coder`, `moderator` or `reviser`."""
    code: str
    """The code's label; the labels of all in an exclusive book."""
    text: str
    seed: int
    options: tuple[str, ...]
    """In the order shown; only of a choice in an exclusive book."""


def word_of_label(asked: Asked) -> str:
    """Yes where the code's label stands in the text."""
    return "Yes" if asked.code in asked.text.lower() else "No"


@dataclass
class Reader:
    """Answers as its rule says; a decision that is no answer is given as it is, and cannot be used."""

    rule: Rule = word_of_label
    revise: Revise = lambda label: []
    asked: list[Asked] = field(default_factory=list)

    @property
    def model(self) -> ScriptedChatModel:
        """The chat model."""
        return ScriptedChatModel(answer=self.answer)

    def answer(
        self, messages: Sequence[tuple[str, str]], schema: Mapping[str, Any] | None, seed: int | None
    ) -> str:
        """A reply to a question."""
        material = material_of(messages)
        properties = (schema or {})["properties"]
        lines = material.get("codebook", "").splitlines()
        label = ", ".join(line.removeprefix("Code: ") for line in lines if line.startswith("Code: "))
        role = "reviser" if "revisions" in properties else "coder" if "quote" in properties else "moderator"
        options = tuple(material.get("options", "").splitlines())
        question = Asked(role, label, material.get("text", ""), seed or 0, options)
        self.asked.append(question)
        if role == "reviser":
            return json.dumps({"revisions": self.revise(label)})
        decision = {"reason": f"Seen by {seed}.", "decision": self.rule(question)}
        return json.dumps({"quote": question.text[:10], **decision} if role == "coder" else decision)

    def count(self, role: str) -> int:
        """How many questions of a role it was asked."""
        return sum(one.role == role for one in self.asked)


def codebook(**settings: bool) -> Codebook:
    """Two codes that are read for."""
    codes = (Code(id="m", label="money", definition="Costs."), Code(id="r", label="mending", definition="Repair."))
    return Codebook(version=1, codes=codes).model_copy(update=settings)


def study(*coders: DeductiveCoderSettings, development: Development | None = None, **changes: Any) -> Study:
    """Settings whose only model is the reader."""
    made = Study(
        id="study",
        question="Why repair?",
        coders=(CoderSettings(name="first", model=REFERENCE),),
        deductive=Deduction(coders=coders or (DeductiveCoderSettings(),)),
        development=development or Development(repeat=False),
    )
    return made.model_copy(update=changes)


def coder(name: str, seed: int, **settings: Any) -> DeductiveCoderSettings:
    """A coder that the reader can tell by its seed; asked again, it has the next one."""
    return DeductiveCoderSettings(name=name, seed=seed, **settings)
