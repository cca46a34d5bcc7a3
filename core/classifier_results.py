"""What was measured of a study's classifier: figures, reliability, the cascade, and the cells of a grid.

`evaluation.json` beside a classifier's weights holds an `Evaluation`. A grid is a folder with `grid.json`, which
holds a `Grid`, and `grid.jsonl`, one `GridCell` a line. What is undefined is nan here and null in the files.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator

from intercoder.core.record import Record

Number: TypeAlias = Annotated[float, BeforeValidator(lambda given: math.nan if given is None else given)]
"""A number that may be undefined: nan, which files hold as null."""
Head: TypeAlias = Literal["yes_no", "one_of_k", "multi_label"]
"""What a classifier answers: one code, one of an exclusive book's codes, or each of several codes."""
SystemKind: TypeAlias = Literal[
    "classifier",
    "human_part",
    "human_same_size",
    "human_balanced",
    "human_all",
    "logistic",
    "model",
    "cascade",
    "people",
]
"""Who is held against people.

`classifier` learnt from people's codes and written segments; `human_part` from its people's codes alone;
`human_same_size` from as many of people's codes as its set is large; `human_balanced` from its people's codes, and
in place of each written segment one that people answered alike, of which that answer is learnt; `human_all` from
all that people coded in the training part; `logistic` is a logistic regression on embeddings; `model` is the
language model itself; `cascade` is the classifier with the model where it is unsure; `people` are people against
one another.
"""


class Bounded(Record):
    """A statistic with its 95% interval."""

    value: Number = math.nan
    low: Number = math.nan
    high: Number = math.nan
    n: int = 0
    """What the interval is over: segments, groups of them such as documents, or seeds."""


class CodeFigures(Record):
    """One system on one code, over the held-out segments on which people and it decided about the code."""

    code_id: str
    label: str
    positives: int
    """Segments to which people gave the code."""
    f1: Bounded
    """Of the answer yes: twice the hits over all yes of both. Undefined where neither said yes."""
    kappa: Bounded
    ac1: Bounded


class SystemFigures(Record):
    """One system against people's codes, over held-out segments that people coded."""

    system: SystemKind
    name: str
    """How it is called in tables, such as `embedded:qwen2.5-coder-0.5b` or `logistic, 120 of people's`."""
    macro_f1: Bounded
    """Mean F1: of yes and no for one code, of the codes otherwise."""
    kappa: Bounded
    """Cohen's; over all classes of an exclusive book, the mean over codes where there are several questions."""
    ac1: Bounded
    agreement: Bounded
    """Share of decisions that are the same as people's."""
    codes: tuple[CodeFigures, ...] = ()
    decisions: int = 0
    """Of people's decisions those that it decided too; on these alone it is measured."""
    asked: int = 0
    """People's decisions on held-out segments."""
    trained_on: int = 0
    """Segments it learnt from; 0 for one that learnt from none."""
    synthetic: int = 0
    """Of them, written ones."""


class ReliabilityBin(Record):
    """Decisions of like confidence."""

    low: float
    """Bounds of the confidence, from 0 to 1."""
    high: float
    confidence: Number
    """Mean of what it said."""
    right: Bounded
    """Share on which people say the same."""


class Reliability(Record):
    """Whether a classifier is right as often as it says (reliability diagram), by its confidence in its answers."""

    bins: tuple[ReliabilityBin, ...]
    """Those with a decision in them."""
    error: Bounded
    """Expected calibration error: mean distance between confidence and share right, weighted by decisions."""
    decisions: int
    temperature: Number = math.nan
    """By which the classifier's logits were divided."""


class CascadePoint(Record):
    """What comes of sending what the classifier is not confident of to the language model."""

    confidence: float
    """Below it, the model decides. 0 sends nothing; above 1 sends all."""
    sent: float
    """Share of questions sent: segments, or segments with a code where each code is asked by itself."""
    decided: Number = math.nan
    """Share of people's decisions that it decides too: the model may give no answer. All figures are over these."""
    agreement: Bounded
    """Share of decisions that are people's."""

    @property
    def agreed(self) -> float:
        """Share of all of people's decisions that are the same; what is not decided is not."""
        # Two shares multiplied may lie a last bit below the target that they reach.
        return round(self.agreement.value * self.decided, 9) if self.decided else 0.0

    macro_f1: Bounded
    kappa: Bounded
    ac1: Bounded
    cost: Number = math.nan
    """For 1,000 questions, in the currency of the study's prices; nan without prices."""
    seconds: Number = math.nan
    """For 1,000 questions, on the machine that measured."""


class CascadeCurve(Record):
    """Agreement with people against the share sent to the language model."""

    model: str
    """Reference of the language model."""
    part: Literal["development", "held_out"]
    """Which of people's codes it was measured on."""
    points: tuple[CascadePoint, ...]
    """By rising share."""
    target: Number = math.nan
    """Agreement that was asked for."""
    chosen: Number = math.nan
    """The bound in the classifier's card; nan where none was chosen."""
    reached: bool = False
    """Whether the development part reaches the target at the chosen bound."""


class MeasuredCode(Record):
    """A code that a classifier answers."""

    code_id: str
    label: str


def _ids(given: object) -> object:
    return () if isinstance(given, str) else given


class PartSizes(Record):
    """How people's codes were split."""

    by: str = "document"
    """What was kept together: the document, or an attribute's name."""
    training: int
    """Segments of each part."""
    development: int
    held_out: int
    undecided: int = 0
    """Decisions that are not learnt since people were unsure or evenly divided."""
    measured_on: Annotated[tuple[str, ...], BeforeValidator(_ids)] = ()
    """Ids of the held-out segments; none in older files, which hold a hash of them."""
    weighted_by: str = ""
    """Sample by whose weights figures are weighted back to the corpus; empty where segments count alike."""
    worth: Number = math.nan
    """How many evenly drawn segments the held-out ones are worth, where they are weighted."""
    uneven: int = 0
    """Held-out segments that are in samples drawn unevenly, and count alike."""
    uneven_in: tuple[str, ...] = ()
    """The samples that they are in."""


class Evaluation(Record):
    """All that was measured of a classifier on held-out codes of people."""

    classifier: str
    """Name of its folder."""
    digest: str
    """Of the classifier that was measured, as its card has it."""
    head: Head
    codes: tuple[MeasuredCode, ...]
    parts: PartSizes
    human: int
    """People's segments it learnt from."""
    synthetic: int
    """Written segments it learnt from."""
    fine_tuned: bool = True
    """Whether learning changed the encoder: else it was best as it was, with a head."""
    systems: tuple[SystemFigures, ...]
    """The classifier first."""
    reliability: Reliability | None = None
    unscaled: Reliability | None = None
    """The same before the temperature was fitted."""
    development_curve: CascadeCurve | None = None
    """On which the bound was chosen."""
    curve: CascadeCurve | None = None
    """On held-out codes."""
    truncated: Number = math.nan
    """Share of segments longer than the encoder reads at once."""
    overlap: int = -1
    """Tokens that two windows over a longer segment share; -1 where longer ones were cut off."""
    notes: tuple[str, ...] = ()
    """What a reader of the figures has to know, a sentence each."""


class CellSettings(Record):
    """One cell of a grid, with its seed."""

    share: float
    """Of written segments, 0 to 1."""
    total: int
    """Segments in the training set."""
    temperature: Number
    """Of the synthesizer; nan where nothing is written."""
    filter: int = 0
    """How often the label had to be repeated; 0 without the filter."""
    seed: int

    @property
    def without_seed(self) -> tuple[float, int, float | None, int]:
        """What cells that differ in their seed only have in common."""
        return self.share, self.total, None if math.isnan(self.temperature) else self.temperature, self.filter


class GridCell(Record):
    """A cell that was worked: its figures, or why it failed."""

    settings: CellSettings
    key: str
    """Hash of all that determines its figures; a cell with the same key is not worked again."""
    human: int = 0
    synthetic: int = 0
    """Segments that were really learnt from."""
    systems: tuple[SystemFigures, ...] = ()
    """The classifier first; baselines on the same set, without intervals of their own where that is costly."""
    calibration_error: Number = math.nan
    problem: str = ""


class Grid(Record):
    """What a grid is about: `grid.json` beside its `grid.jsonl`."""

    name: str
    head: Head
    codes: tuple[MeasuredCode, ...]
    parts: PartSizes
    encoder: str
    synthesizer: str = ""
    """Reference of the model that wrote segments."""
    cells: tuple[CellSettings, ...]
    """All that are to be worked, in order."""
    keys: tuple[str, ...]
    """Their keys, in the same order: a cell with another key was worked from something else."""
    systems: tuple[SystemFigures, ...] = ()
    """Systems that do not differ between cells: the language model, people, all human data."""
    problems: tuple[str, ...] = ()
    """Why such a system is missing, each."""
    notes: tuple[str, ...] = ()
    """What a reader of the figures has to know, a sentence each."""
