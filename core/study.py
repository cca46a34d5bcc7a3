"""A study's settings: one typed object, read from study.toml, never a dict passed around."""

from __future__ import annotations

from typing import Literal, Self, TypeAlias

from pydantic import Field, model_validator

from intercoder.core.identity import make_id
from intercoder.core.record import Record

Ending: TypeAlias = Literal["full_stop", "line_break"]
ModerationKind: TypeAlias = Literal["medoid", "llm", "majority", "weighted"]
ComparedText: TypeAlias = Literal["label", "label_and_definition", "segment"]

DEFAULT_MODEL = "embedded:qwen2.5-coder-0.5b"
DEFAULT_EMBEDDING = "embedded:minilm-l6"
CLASSIFIER = "classifier:"
"""How the reference of a classifier begins."""


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


def study_id(question: str) -> str:
    """A study's id: the same question gives the same id, so a study made again asks the same things."""
    return make_id("study", question)
