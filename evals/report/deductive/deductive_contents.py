"""What the report of a deductive run is about: codes, decisions, tests, revisions, calibration and estimates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from intercoder.core.classifier_results import Evaluation
from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.code_names import CodeNames
from intercoder.core.coding.deduction import CoderValues, Round
from intercoder.core.coding.findings import CodeFindings, Excerpt
from intercoder.core.decisions import Decision
from intercoder.core.documents import Segment
from intercoder.core.protocols import Run
from intercoder.core.revising.recoding import Failed, Recoding
from intercoder.core.revisions import RecordedRevision
from intercoder.core.study import Study
from intercoder.evals.calibration import CodeCalibration
from intercoder.evals.final_estimates import FinalEstimates
from intercoder.evals.report.figures import Link
from intercoder.evals.report.inductive.code_index import Index
from intercoder.stores.classifiers.classifier_folders import WorkedGrid
from intercoder.stores.codebooks.verdicts import Override, StoredVerdict
from intercoder.stores.corpus.enrichment import MARK
from intercoder.stores.corpus.named_samples import NamedSample

ROLES = {"coder": "model coder", "moderator": "moderator", "repeat": "asked again", "human": "person"}


class Version(NamedTuple):
    """A codebook version, and who made it when."""

    book: Codebook
    author: str
    """A person, or the run that made it."""
    made: str
    """ISO time."""


class KeptDecisions(NamedTuple):
    """The decisions that go into a report: the run's in document order, earlier rounds too, then others."""

    decisions: tuple[Decision, ...]
    total: int
    most: int
    """How many of a kind (code and answer) are kept at most; 0 if all are."""


class CoderCalibration(NamedTuple):
    """One coder against people, code by code."""

    coder: str
    """`final` for what stands in the end."""
    codes: Mapping[str, CodeCalibration]
    verdicts: Mapping[str, StoredVerdict]


class Calibrated(NamedTuple):
    """What a calibration was made of, and what it found."""

    run: str
    sample: NamedSample
    enriched: bool
    """Whether segments were drawn with unequal chances."""
    segments: int
    """Segments that somebody coded."""
    people: tuple[CoderValues, ...]
    coders: tuple[CoderCalibration, ...]
    """`final` first."""
    differing: Mapping[str, tuple[Excerpt, ...]]
    """Code id -> passages on which the model and a person differ."""
    developed_on: int
    """Segments that the codebook was developed on too."""


class DeductiveContents(NamedTuple):
    """All that figures, tables and words are made of."""

    study: Study
    """The settings the run began with."""
    run: Run
    date: str
    """Day on which the run last changed, `2026-05-31`."""
    seconds: float
    """That the run worked; 0 where that is not known."""
    reused: float
    """Share of its answers that an earlier run had been given, and that took no time."""
    human_seconds: float | None
    """That a person takes for a document, as the reader was told."""
    documents: int
    sample: NamedSample
    versions: tuple[Version, ...]
    """Up to the run's present one, oldest first."""
    rounds: tuple[Round, ...]
    findings: Mapping[str, CodeFindings]
    values: tuple[CoderValues, ...]
    """What stands, by coder."""
    kept: KeptDecisions
    standing: frozenset[str]
    """Ids of the kept decisions that stand; those of other runs count as if they did."""
    segments: Mapping[str, Segment]
    """The segments of kept decisions and passages."""
    revisions: tuple[RecordedRevision, ...]
    recodings: tuple[Recoding, ...]
    calibrated: Calibrated | None
    overrides: tuple[Override, ...]
    failures: tuple[Failed, ...]
    estimates: FinalEstimates | None
    evaluations: tuple[Evaluation, ...] = ()
    """Of the study's classifiers."""
    grids: tuple[WorkedGrid, ...] = ()

    @property
    def book(self) -> Codebook:
        """The version that the run codes with now."""
        return self.versions[-1].book

    @property
    def coded(self) -> tuple[Code, ...]:
        """The codes that the run codes, in the order of the book."""
        asked = {code_id for one in self.rounds for code_id in one.codes}
        return tuple(code for code in self.book.leaves if code.id in asked)

    @property
    def own(self) -> tuple[Decision, ...]:
        """Kept decisions of the run itself."""
        return tuple(one for one in self.kept.decisions if one.run == self.run.id)

    def is_open(self, failed: Failed) -> bool:
        """Whether a question that got no answer has none now either."""
        failure = failed.failure
        codes = [failure.code_id] if failure.code_id else [code.id for code in self.book.leaves]
        return not any(
            failure.segment_id in one.of(code)
            for one in self.values
            if (one.role, one.name) == (failure.role, failure.coder)
            for code in codes
        )


class Numbers(NamedTuple):
    """Names and anchors of codes, coders and decisions."""

    names: Mapping[str, str]
    """Code id -> its name, which no other code has; present codes first."""
    codes: Mapping[str, int]
    coders: Mapping[tuple[str, str], int]
    """Role and name -> number."""
    decisions: Mapping[str, int]

    def name(self, code_id: str) -> str:
        """A code's name; the id of one that no version holds."""
        return self.names.get(code_id, code_id)

    def about(self, code_id: str) -> Link | str:
        """A cell that leads to what is told of a code."""
        return Link(self.name(code_id), f"about-{self.codes[code_id]}") if code_id in self.codes else code_id

    def decided(self, code_id: str) -> str:
        """Anchor of the decisions on a code."""
        return f"code-{self.codes[code_id]}"

    def decision(self, decision_id: str, text: str) -> Link | str:
        """A cell that leads to a decision, where the report holds it."""
        number = self.decisions.get(decision_id)
        return text if number is None else Link(text, f"decision-{number}")

    def as_index(self) -> Index:
        """The same numbers for figures that know codes by name."""
        return Index({self.names[code]: number for code, number in self.codes.items()}, {}, {})


def numbers(contents: DeductiveContents) -> Numbers:
    """Number everything: codes that are coded now, then those of earlier versions."""
    names = {code.id: name for code, name in _present(contents)}
    for version in reversed(contents.versions):
        for code_id, name in CodeNames(version.book).shown.items():
            if code_id not in names:
                told = f"{name} (until version {version.book.version})"
                names[code_id] = told if told not in names.values() else f"{told} [{code_id}]"
    coders = dict.fromkeys((one.role, one.coder) for one in contents.kept.decisions)
    return Numbers(
        names=names,
        codes={code_id: number for number, code_id in enumerate(names)},
        coders={coder: number for number, coder in enumerate(coders)},
        decisions={decision.id: number for number, decision in enumerate(contents.kept.decisions)},
    )


def _present(contents: DeductiveContents) -> list[tuple[Code, str]]:
    shown = CodeNames(contents.book).shown
    return [(code, shown[code.id]) for code in contents.book.leaves]


def coder_name(role: str, name: str) -> str:
    """How a coder is called in tables and figures."""
    return f"{name}, asked again" if role == "repeat" else f"{name} (person)" if role == "human" else name


def population(sample: NamedSample) -> int | None:
    """Segments that a sample stands for: those it was drawn from at random, or its own where it is all of them."""
    drawn = sample.seed is not None or sample.size == sample.population
    return sample.population if drawn and sample.population >= sample.size else None


def stratified(sample: NamedSample) -> str:
    """What a sample was stratified by, to follow "drawn at random"; nothing where it was not."""
    if not sample.stratify:
        return ""
    by = sample.stratify.removeprefix(MARK)
    return f", stratified by {by}" if by == sample.stratify else f", stratified by the answers of {by}"
