"""What a graph needs from the outside: segments in, decisions out, answers remembered, codes found again.

A SQL store and an in-memory one implement the first two, so that a foreign LangGraph application needs no
study on disk.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from pydantic import Field

from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.concepts import CodeSpaces, Concept, ConceptMerge, MergeStep, Theme
from intercoder.core.coding.deduction import CoderValues, Round
from intercoder.core.coding.settling import PutForward
from intercoder.core.decisions import Decision, Failure, Wave
from intercoder.core.documents import Segment, SpokenText
from intercoder.core.record import Record
from intercoder.core.revisions import Revision, RevisionAnswer

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Vectors: TypeAlias = "npt.NDArray[np.float32]"
"""Shape (n, dimensions), unit length rows."""

AnswerStatus: TypeAlias = Literal["ok", "invalid", "failed"]
RunStatus: TypeAlias = Literal["running", "stopped", "waiting", "done", "undone"]
"""`waiting`: for a person's answers."""


class LoggedAnswer(Record):
    """One model call as it was answered. Kept whether or not the answer could be used."""

    key: str
    run: str
    round: int
    segment_id: str
    role: str
    coder: str
    model: str
    prompt: str
    prompt_hash: str
    status: AnswerStatus
    text: str
    """The raw reply; of one beyond all bounds its beginning."""
    error: str = ""
    kind: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0


class AnswerLog(Protocol):
    """Every model answer, committed before it is used (the only cache)."""

    async def find(self, key: str) -> LoggedAnswer | None:
        """The committed answer to this question, if there is one."""

    async def put(self, answer: LoggedAnswer) -> None:
        """Commit an answer; returns when it is durable. A key that is there keeps its first answer."""


class Run(Record):
    """One execution of a graph over a fixed list of segments."""

    id: str
    graph: str
    round: int = 1
    status: RunStatus = "running"
    position: int = 0
    """Segments finished in this round, in document order: the cursor."""
    total: int
    sample: str = ""
    codebook_version: int
    settings: str
    """The study's settings when the run began, as JSON."""
    failures: int = 0
    """Failures listed in this round."""
    source: str = ""
    """The run whose results this one works on, for merges."""
    seconds: float = 0.0
    """That processes have worked on it."""
    base_version: int = 0
    """The codebook version it starts from; 0 for a run that finds its own codes."""

    @property
    def deductive(self) -> bool:
        """Whether it codes codes that were given."""
        return self.graph in ("codevelop", "calibrate", "final")

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do."""
        return self.status in ("done", "undone")


class StudyStore(Protocol):
    """Segments in, decisions out."""

    study_id: str

    def run(self, run_id: str) -> Run:
        """The run as it stands.

        Raises:
            StudyError: There is no such run.
        """

    def segments(self, run_id: str, start: int, stop: int) -> Sequence[Segment]:
        """Segments `start` to `stop` (exclusive) of the run, in document order, with their texts."""

    def quantiles(self, run_id: str, lengths: Sequence[int]) -> Sequence[float]:
        """For each segment length (code points): the share of the run's segments that are shorter, 0 to 1."""

    def write_wave(self, run_id: str, wave: Wave) -> None:
        """Commit a wave and move the run's cursor to `wave.stop`, in one transaction."""

    def run_codes(self, run_id: str) -> Sequence[Code]:
        """Codes founded by the run in its current round, oldest first."""

    def heard(self, run_id: str, segment_ids: Sequence[str]) -> Mapping[str, Collection[str]]:
        """Segment id -> coders whose answer or failure the run has written, in whatever round."""

    def finish(self, run_id: str) -> Codebook:
        """Close the round: its codes become the codebook version that the run reserved."""


class ConceptStore(Protocol):
    """Where a merge finds its labels and keeps its concepts, step by step."""

    study_id: str

    def run(self, run_id: str) -> Run:
        """The run as it stands."""

    def code_spaces(self, run_id: str) -> CodeSpaces:
        """What each coder and moderator of the run's source said: label -> segments in document order."""

    def code_labels(self, run_id: str) -> Mapping[str, Sequence[str]]:
        """Label -> ids of the codes that carry it in the codebook version that the run starts from."""

    def texts(self, segment_ids: Sequence[str]) -> Mapping[str, str]:
        """Segment id -> text."""

    def steps(self, run_id: str) -> Sequence[MergeStep]:
        """The steps that were begun, in order."""

    def concepts(self, run_id: str, step: int) -> Sequence[Concept]:
        """The concepts that a step left, in order."""

    def write_step(
        self, run_id: str, step: MergeStep, concepts: Sequence[Concept], merges: Sequence[ConceptMerge]
    ) -> None:
        """Commit a step's concepts and merges, in one transaction; writing it twice changes nothing."""

    def write_definitions(
        self, run_id: str, step: int, defined: Mapping[int, Concept], failures: Sequence[Failure]
    ) -> None:
        """Commit label, definition and status of a step's concepts, by place, with what failed."""

    def finish(self, run_id: str) -> Codebook:
        """Close the run: codes that became one concept are one code in the version that the run reserved."""


class DeductiveStore(Protocol):
    """Where deductive coding finds segments and codes, and keeps what was decided about them."""

    study_id: str

    def run(self, run_id: str) -> Run:
        """The run as it stands."""

    def round(self, run_id: str) -> Round:
        """What the run's present round codes."""

    def book(self, run_id: str) -> Codebook:
        """The codebook version of the run's present round."""

    def segments(self, run_id: str, start: int, stop: int) -> Sequence[Segment]:
        """Segments `start` to `stop` (exclusive) of the run, in document order, with their texts."""

    def write_wave(self, run_id: str, wave: Wave) -> None:
        """Commit a wave's decisions and failures and move the cursor, in one transaction."""

    def values(self, run_id: str) -> Sequence[CoderValues]:
        """What stands now, by coder: coders, then the moderator, then repeats, each by name."""

    def finish(self, run_id: str) -> None:
        """Close the run."""


class DevelopmentStore(DeductiveStore, Protocol):
    """Where a codebook's development keeps revisions and what became of them."""

    def evidence(self, run_id: str, code_ids: Sequence[str]) -> Mapping[str, Sequence[Decision]]:
        """Code id -> decisions that stand about it, in document order: coders', the moderator's, repeats."""

    def texts(self, segment_ids: Sequence[str]) -> Mapping[str, SpokenText]:
        """Segment id -> text, speaker and document."""

    def put_forward(self, run_id: str, code_ids: Sequence[str]) -> Mapping[str, Sequence[PutForward]]:
        """Code id -> what people settled about it on the run's segments, and what they sent from anywhere.

        What was sent as evidence first, then the rest; of each the latest first.
        """

    def write_revisions(
        self,
        run_id: str,
        revisions: Sequence[Revision],
        dropped: Mapping[str, str],
        failures: Sequence[Failure] = (),
    ) -> None:
        """Commit a round's proposals and the reviser's failures; doing it twice changes nothing.

        `dropped` says by id why nobody is asked about a proposal.
        """

    def proposed(self, run_id: str) -> bool:
        """Whether the present round's proposals were written."""

    def waiting(self, run_id: str) -> Sequence[Revision]:
        """Revisions of the run that no person has answered, in order."""

    def rejected(self) -> Sequence[Revision]:
        """All revisions of the study that people rejected, or put in other words, as they were proposed."""

    def answer(self, answer: RevisionAnswer) -> None:
        """Record a person's answer.

        Raises:
            StudyError: There is no such revision, or it was answered before; says by whom and how.
        """

    def apply_round(self, run_id: str) -> bool:
        """Make a version of the round's approved revisions and begin the next round; False if there are none.

        The next round codes only what the revisions affect.
        """


class ThemeStore(Protocol):
    """Where the search for themes finds codes and keeps what it proposes."""

    study_id: str

    def run(self, run_id: str) -> Run:
        """The run as it stands."""

    def codes(self, run_id: str) -> Sequence[Code]:
        """The codes to be grouped: those of the codebook version that the run works on, themes left out."""

    def themes(self, run_id: str) -> Sequence[Theme]:
        """The themes found so far, in order."""

    def write_themes(self, run_id: str, themes: Sequence[Theme]) -> None:
        """Commit the groups, in one transaction; writing them twice changes nothing."""

    def write_names(self, run_id: str, named: Mapping[int, Theme], failures: Sequence[Failure]) -> None:
        """Commit label, definition and status of themes, by place, with what failed; moves the run's cursor."""

    def finish(self, run_id: str) -> None:
        """Close the run. The codebook stays as it is until somebody accepts the themes."""


class Match(Record):
    """A code found in the memory. `order` counts codes from the oldest, 0."""

    code_id: str
    order: int = Field(ge=0)
    similarity: float


class CodeMemory(Protocol):
    """Embeddings of the codes assigned so far, searchable by cosine."""

    def __len__(self) -> int:
        """Number of codes held."""

    def reset(self) -> None:
        """Forget all codes of this run and round."""

    def add(self, codes: Sequence[Code], vectors: Vectors) -> None:
        """Add codes in order of age. `vectors` has one unit-length row per code."""

    def nearest(self, vectors: Vectors, k: int) -> Sequence[Sequence[Match]]:
        """For each row the k nearest codes, most similar first, ties to the older code.

        Similarities are exact cosines of the stored float32 vectors rounded to 4 places.
        """


class Embedder(Protocol):
    """Sentence embeddings, batched."""

    @property
    def name(self) -> str:
        """The model's reference, under which embeddings are cached."""

    @property
    def dimensions(self) -> int:
        """Length of an embedding."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit-length embeddings, one row per text, in order."""
