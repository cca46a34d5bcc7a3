"""How a codebook is applied, tried and revised, and when its coders are ready (seed 002; methods, section 3)."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from intercoder.core.agent_settings import Sampling
from intercoder.core.record import Record

CLASSIFIER = "classifier:"
"""How the reference of a classifier begins."""


class DeductiveCoderSettings(Record):
    """One coder of deductive coding: a model that is asked, a classifier, or answers that were given before."""

    name: str = Field(default="reader", min_length=1, max_length=64, pattern=r"^[^\s/\\]+$")
    model: str = ""
    """Empty: the first inductive coder's."""
    prompt: str = "default"
    shots: int = Field(default=4, ge=0, le=5)
    sampling: Sampling = Sampling(temperature=0.0, top_p=1.0)
    seed: int = 0
    weight: float = Field(default=1.0, ge=0)
    """Used by weighted moderation."""
    replay: str = ""
    """A table of recorded answers, relative to the study; no model is asked then."""
    classifier: str = ""
    """Name of a classifier of the study that decides first; the model is asked where it is not confident."""
    confidence: float | None = Field(default=None, ge=0, le=1)
    """From which the classifier's decision stands; by default the one on its card."""

    @model_validator(mode="after")
    def _one_way_to_answer(self) -> Self:
        if self.classifier and (self.replay or self.model.startswith(CLASSIFIER)):
            raise ValueError(
                "`classifier` names who decides before a language model; "
                f'for a classifier alone write model = "{CLASSIFIER}{self.classifier}" without it'
            )
        if self.confidence is not None and not self.classifier:
            raise ValueError("`confidence` belongs to a coder with a `classifier` before its model")
        return self

    @property
    def asks(self) -> bool:
        """Whether a language model is asked, if only where a classifier is not confident."""
        return not self.replay and not self.model.startswith(CLASSIFIER)

    @property
    def classifies(self) -> str:
        """Name of the classifier that decides, alone or before a language model; empty for none."""
        alone = self.model.startswith(CLASSIFIER) and not self.replay
        return self.model.removeprefix(CLASSIFIER).strip() if alone else self.classifier


class DeductiveModerator(Record):
    """Who settles what several coders said of a code."""

    name: str = Field(default="moderator", min_length=1, max_length=64, pattern=r"^[^\s/\\]+$")
    kind: Literal["majority", "weighted", "llm"] = "majority"
    model: str = ""
    """For `llm`; empty: the first inductive coder's."""
    shots: int = Field(default=1, ge=0, le=5)
    sampling: Sampling = Sampling(temperature=0.0, top_p=1.0)
    seed: int = 0


class Deduction(Record):
    """How segments are coded with a codebook that stands before (seed 002)."""

    coders: tuple[DeductiveCoderSettings, ...] = Field(default=(DeductiveCoderSettings(),), min_length=1)
    moderator: DeductiveModerator = DeductiveModerator()
    """Asked where there are two coders or more."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [coder.name for coder in self.coders] + [self.moderator.name]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"coders and moderator need names of their own; used twice: {', '.join(twice)}")
        for name, meaning in (
            ("pattern", "codes that a regular expression finds"),
            ("final", "what stands at last"),
        ):
            if name in names:
                raise ValueError(f'"{name}" cannot be a name: it marks {meaning}')
        return self


class Development(Record):
    """How a codebook is tried and revised (seed 002, section 2.1.1)."""

    sample: int = Field(default=100, ge=1)
    """Segments drawn."""
    seed: int = 0
    stratify: str = ""
    """Attribute whose values are drawn in proportion."""
    repeat: bool = True
    """Whether each coder is asked again in another way, for the repeat test; doubles the cost."""
    repeat_temperature: float = Field(default=0.7, ge=0, le=2)
    rounds: int = Field(default=5, ge=1)
    """Rounds after which the reviser proposes nothing more."""
    revisions_per_code: int = Field(default=2, ge=1, le=5)
    """Most revisions that the reviser proposes for one code in one round."""


class Calibration(Record):
    """When a model codes as well as people do (methods, section 3)."""

    margin: float = Field(default=0.10, gt=0, lt=1)
    """How much lower than people's agreement with each other a model's with people may be."""
    lowest_ac1: float = Field(default=0.6, ge=-1, le=1)
    lowest_positive: float = Field(default=0.5, ge=0, le=1)
    """Where one person coded: bounds for the lower ends of AC1 and positive agreement."""
    fewest_positives: int = Field(default=10, ge=1)
    """Segments that people gave the code to, below which no code is ready."""
    resamples: int = Field(default=2000, ge=100)
    seed: int = 0


class Human(Record):
    """How people code."""

    blind: bool = True
    """Whether a person sees what models and others said of a segment only once they are done with it."""
