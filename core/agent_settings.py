"""How each agent of a study is asked: coders, moderators, and agents that write."""

from __future__ import annotations

from typing import Literal, Self, TypeAlias

from pydantic import Field, model_validator

from intercoder.core.record import Record

Ending: TypeAlias = Literal["full_stop", "line_break"]
ModerationKind: TypeAlias = Literal["medoid", "llm", "majority", "weighted"]
DEFAULT_MODEL = "embedded:qwen2.5-coder-0.5b"


class Sampling(Record):
    """How a model draws its answer (seed 000, appendix E: temperature 0.7, top_p 0.7)."""

    temperature: float = Field(default=0.7, ge=0, le=2)
    top_p: float = Field(default=0.7, gt=0, le=1)
    max_tokens: int = Field(default=160, ge=8, le=8192)
    """Budget of the whole answer: label, reason and quote."""


class CoderSettings(Record):
    """One coder: a name, a model and a way of asking."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[^\s/\\]+$")
    model: str = DEFAULT_MODEL
    prompt: str = "expert_angle"
    shots: int = Field(default=4, ge=0, le=5)
    """Worked examples in the prompt; small models need them, one of them with nothing to code."""
    ending: Ending = "full_stop"
    sampling: Sampling = Sampling()
    seed: int = 0
    weight: float = Field(default=1.0, ge=0)
    """Used by weighted moderation: the coder's agreement with people on a development sample."""


class ModeratorSettings(Record):
    """One moderator: a rule (medoid, majority, weighted) or a model."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[^\s/\\]+$")
    kind: ModerationKind = "medoid"
    groundedness: float = Field(default=1.0, ge=0)
    """Weight g of the label's likeness to the segment; 0 is the plain medoid."""
    tau: float = Field(default=0.7, gt=0, le=1)
    """Cosine from which majority and weighted moderation take two suggestions for the same code."""
    model: str = ""
    prompt: str = "default"
    shots: int = Field(default=1, ge=0, le=5)
    new_codes: bool = True
    """Whether a model may put a code of its own in the place of what coders suggest."""
    sampling: Sampling = Sampling(temperature=0.0, top_p=1.0)
    seed: int = 0

    @model_validator(mode="after")
    def _model_where_needed(self) -> Self:
        if self.kind == "llm" and not self.model:
            raise ValueError('a moderator of kind "llm" needs a model')
        return self


class Ensemble(Record):
    """Dynamic ensemble selection: one coder is asked first, the others only where it is not sure (seed 000)."""

    dynamic: bool = False
    coder: str = ""
    """Name of the coder that is asked first, the cheapest; empty: the first."""
    asks: int = Field(default=3, ge=2, le=10)
    """How often it is asked about each segment."""
    tau: float = Field(default=0.7, gt=0, le=1)
    """Cosine from which two of its labels mean the same; with more than one meaning the others are asked."""
    known: float = Field(default=0.4, ge=-1, le=1)
    """Cosine below which the nearest known code is too far, so that the others are asked."""


class WriterSettings(Record):
    """An agent that writes labels and definitions: the definer of a merge, the themer."""

    model: str = ""
    """Empty: the first coder's."""
    shots: int = Field(default=2, ge=0, le=5)
    sampling: Sampling = Sampling(temperature=0.0, top_p=1.0)
    seed: int = 0


class ReviserSettings(WriterSettings):
    """The reviser: a writer whose answer holds several revisions, each with a text and a rationale."""

    shots: int = Field(default=3, ge=0, le=5)
    sampling: Sampling = Sampling(temperature=0.0, top_p=1.0, max_tokens=480)


class SynthesizerSettings(WriterSettings):
    """The synthesizer: writes texts of a code, and ones that only look so, to teach a classifier (seed 001)."""

    sampling: Sampling = Sampling(temperature=0.7, top_p=0.95, max_tokens=320)
    """The temperature is what `distill` takes if none is given there."""
    examples: int = Field(default=4, ge=1, le=10)
    """Human texts shown with each question, drawn anew for every few of them."""
    words_shared: float = Field(default=0.6, gt=0, le=1)
    """Share of a text's word triples that stand in one other text, from which it is too much like that one."""
    cosine: float = Field(default=0.95, gt=0, le=1)
    """Cosine of embeddings from which two texts are too much alike."""
    patience: int = Field(default=40, ge=5)
    """If fewer than one in ten of so many texts in a row can be kept, the synthesizer only repeats itself."""


def default_coders(model: str = DEFAULT_MODEL) -> tuple[CoderSettings, ...]:
    """The ensemble of three that a new study starts with.

    Less random than the seed's 0.7: with small models, labels drawn at 0.3 read soberer (docs/quality.md).
    """
    prompts = ("expert_angle", "informal_request", "explicit_instruction")
    return tuple(
        CoderSettings(
            name=prompt.split("_")[0],
            model=model,
            prompt=prompt,
            seed=place,
            sampling=Sampling(temperature=0.3, top_p=0.9),
        )
        for place, prompt in enumerate(prompts)
    )
