"""A study's settings: one typed object, read from study.toml, never a dict passed around."""

from __future__ import annotations

from typing import Literal, Self, TypeAlias

from pydantic import Field, model_validator

from intercoder.core.agent_settings import (
    CoderSettings,
    Ensemble,
    ModeratorSettings,
    ReviserSettings,
    SynthesizerSettings,
    WriterSettings,
)
from intercoder.core.deductive_settings import (
    CLASSIFIER,
    Calibration,
    Deduction,
    DeductiveCoderSettings,
    DeductiveModerator,
    Development,
    Human,
)
from intercoder.core.identity import make_id
from intercoder.core.record import Record

ComparedText: TypeAlias = Literal["label", "label_and_definition", "segment"]
DEFAULT_EMBEDDING = "embedded:minilm-l6"


class Refinement(Record):
    """When a new label becomes a code that is already there (seed 000, section 4.2)."""

    tau: float = Field(default=0.7, gt=0, le=1)
    adaptive: bool = False
    """Threshold per segment between `low` and `high` instead of `tau` (seed 000, section 7.4)."""
    low: float = Field(default=0.6, gt=0, le=1)
    high: float = Field(default=0.8, gt=0, le=1)
    compare: ComparedText = "label"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError("low must not be above high")
        return self


class Merging(Record):
    """How labels become concepts (seed 003, section 3.1). Distances are cosine distances, 0 to 2."""

    stage: int = Field(default=4, ge=1, le=4)
    """The last of the four stages to be worked."""
    lower: float = Field(default=0.32, ge=0, le=2)
    """Nearer than this is the same concept: the strict threshold of stages 2 and 3."""
    upper: float = Field(default=0.55, ge=0, le=2)
    """Farther than this never is; between the two, stage 4 weighs the examples."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.lower > self.upper:
            raise ValueError("lower must not be above upper")
        return self


class Coding(Record):
    """What coders are shown and may answer."""

    max_codes: int = Field(default=1, ge=1, le=10)
    context_before: int = Field(default=1, ge=0, le=5)
    """How many segments before the one to be coded are shown beside it."""


class Embedding(Record):
    """Sentence embeddings used by moderation and refinement."""

    model: str = DEFAULT_EMBEDDING


class Memory(Record):
    """Where the code memory lives: a folder inside the study, or a Chroma server."""

    url: str = ""


class VllmLimits(Record):
    """How vLLM runs inside this process, for models whose reference begins with `vllm:`."""

    context: int = Field(default=8192, ge=128)
    """Most tokens of a prompt and its answer, where the model can take as many; a longer one takes more memory."""
    memory: float = Field(default=0.9, gt=0, le=1)
    """Share of the GPU's memory that it may take."""
    gpus: int = Field(default=1, ge=1)
    """GPUs over which one model is spread."""
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto"
    """Numbers that it computes with; by default those of the weights."""


class Limits(Record):
    """How hard the machine and the endpoints are driven."""

    concurrency: int = Field(default=64, ge=1, le=4096)
    wave: int = Field(default=512, ge=1, le=10_000)
    timeout: float = Field(default=120.0, gt=0)
    """Seconds an endpoint may take for one answer."""
    retries: int = Field(default=4, ge=0, le=20)
    """How often a request is sent again after 429, 5xx or a broken connection; after a timeout once at most."""
    vllm: VllmLimits = VllmLimits()


class Privacy(Record):
    """What may leave this machine. Nothing, unless said here."""

    allow_remote: bool = False
    allow_proxies: bool = False
    allow_tracing: bool = False


class Price(Record):
    """Price per million tokens, in whatever currency the study counts in."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class Study(Record):
    """All settings of a study."""

    id: str = ""
    question: str = Field(min_length=1)
    language: str = "en"
    api_key_env: str = "OPENAI_API_KEY"
    """Name of the environment variable that holds the endpoint's key. The key itself is never stored."""
    coding: Coding = Coding()
    coders: tuple[CoderSettings, ...] = Field(min_length=1)
    moderators: tuple[ModeratorSettings, ...] = (ModeratorSettings(name="medoid"),)
    ensemble: Ensemble = Ensemble()
    refinement: Refinement = Refinement()
    merging: Merging = Merging()
    definer: WriterSettings = WriterSettings()
    themer: WriterSettings = WriterSettings()
    deductive: Deduction = Deduction()
    development: Development = Development()
    reviser: ReviserSettings = ReviserSettings()
    synthesizer: SynthesizerSettings = SynthesizerSettings()
    calibration: Calibration = Calibration()
    human: Human = Human()
    embedding: Embedding = Embedding()
    memory: Memory = Memory()
    limits: Limits = Limits()
    privacy: Privacy = Privacy()
    prices: dict[str, Price] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [coder.name for coder in self.coders] + [one.name for one in self.moderators]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"coders and moderators need names of their own; used twice: {', '.join(twice)}")
        if "new" in names:
            raise ValueError('"new" cannot be a name: it marks codes a moderator proposes itself')
        return self

    @model_validator(mode="after")
    def _somebody_is_asked_first(self) -> Self:
        if not self.ensemble.dynamic:
            return self
        if self.ensemble.coder and self.ensemble.coder not in [coder.name for coder in self.coders]:
            raise ValueError(f'`ensemble.coder` names "{self.ensemble.coder}", who is none of the coders')
        if len(self.coders) < 2:
            raise ValueError("`ensemble.dynamic` needs two coders or more: with one there is no call to save")
        if not self.asked_first.sampling.temperature:
            raise ValueError(
                f'`ensemble.dynamic` needs answers that may differ: the sampling temperature of "'
                f'{self.asked_first.name}" must be above 0'
            )
        return self

    @property
    def asked_first(self) -> CoderSettings:
        """The coder that a dynamic ensemble asks first."""
        named = (coder for coder in self.coders if coder.name == self.ensemble.coder)
        return next(named, self.coders[0])

    @property
    def models(self) -> tuple[str, ...]:
        """References of all chat models in use, without repeats, in the order of the settings."""
        references = [coder.model for coder in self.coders]
        references += [moderator.model for moderator in self.moderators if moderator.model]
        return tuple(dict.fromkeys(references))

    def writer_model(self, settings: WriterSettings | DeductiveCoderSettings | DeductiveModerator) -> str:
        """Reference of the model that such an agent asks: its own, or the first coder's."""
        return settings.model or self.coders[0].model

    def answered_by(self, coder: DeductiveCoderSettings) -> str:
        """Who answers for a deductive coder, in words: a table, a classifier, a model, or one before the other."""
        if coder.replay:
            return f"replays {coder.replay}"
        first = f"{CLASSIFIER}{coder.classifier} before " if coder.classifier else ""
        return f"{first}{self.writer_model(coder)}"

    @property
    def deductive_models(self) -> tuple[str, ...]:
        """References of the chat models that deductive coding asks, without repeats."""
        asked: list[DeductiveCoderSettings | DeductiveModerator] = [
            coder for coder in self.deductive.coders if coder.asks
        ]
        if len(self.deductive.coders) > 1 and self.deductive.moderator.kind == "llm":
            asked.append(self.deductive.moderator)
        return tuple(dict.fromkeys(self.writer_model(settings) for settings in asked))


def study_id(question: str) -> str:
    """A study's id: the same question gives the same id, so a study made again asks the same things."""
    return make_id("study", question)
