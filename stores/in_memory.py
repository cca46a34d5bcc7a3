"""The study store and the answer log without a disk: for plain texts and foreign LangGraph applications."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence

from intercoder.core.codebook import Code, Codebook
from intercoder.core.decisions import Decision, Failure, Merge, Wave
from intercoder.core.documents import Document, Segment, whole
from intercoder.core.errors import StudyError
from intercoder.core.protocols import LoggedAnswer, Run
from intercoder.core.study import Study

RUN = "inductive-1"


class InMemoryStudyStore:
    """Holds one run over given texts (see `core.protocols.StudyStore`)."""

    def __init__(self, study: Study, texts: Sequence[str]) -> None:
        self.study_id = study.id
        self._segments = [text_segment(place, text) for place, text in enumerate(texts)]
        self._lengths = sorted(len(segment.text) for segment in self._segments)
        self._run = Run(
            id=RUN,
            graph="inductive",
            total=len(self._segments),
            codebook_version=1,
            settings=study.model_dump_json(),
        )
        self.decisions: list[Decision] = []
        self.codes: list[Code] = []
        self.merges: list[Merge] = []
        self.failures: list[Failure] = []

    def run(self, run_id: str) -> Run:
        """The run as it stands."""
        if run_id != self._run.id:
            raise StudyError(f"there is no run `{run_id}`.", remedy=f"There is one: {self._run.id}.")
        return self._run

    def segments(self, run_id: str, start: int, stop: int) -> Sequence[Segment]:
        """Segments of the run by position."""
        return self._segments[start:stop]

    def quantiles(self, run_id: str, lengths: Sequence[int]) -> Sequence[float]:
        """Share of the texts that are shorter than each length."""
        return [bisect_left(self._lengths, length) / max(len(self._lengths), 1) for length in lengths]

    def write_wave(self, run_id: str, wave: Wave) -> None:
        """Keep what a wave found and move the cursor."""
        if self.run(run_id).position >= wave.stop:
            return
        self.decisions += wave.decisions
        self.codes += wave.codes
        self.merges += wave.merges
        self.failures += wave.failures
        self._run = self._run.model_copy(update={"position": wave.stop, "failures": len(self.failures)})

    def run_codes(self, run_id: str) -> Sequence[Code]:
        """Codes founded so far, oldest first."""
        return self.codes

    def heard(self, run_id: str, segment_ids: Sequence[str]) -> Mapping[str, Collection[str]]:
        """Coders by segment about which they answered or failed to."""
        told: list[Decision | Failure] = [*self.decisions, *self.failures]
        found: dict[str, set[str]] = {}
        for one in told:
            if one.role == "coder" and one.segment_id in segment_ids:
                found.setdefault(one.segment_id, set()).add(one.coder)
        return found

    def finish(self, run_id: str) -> Codebook:
        """Close the run and give its codebook, with counts."""
        self._run = self._run.model_copy(update={"status": "done"})
        assigned: dict[str, set[str]] = {}
        for decision in self.decisions:
            if decision.code_id is not None:
                assigned.setdefault(decision.code_id, set()).add(decision.segment_id)
        counts = {code: len(segments) for code, segments in assigned.items()}
        return Codebook(version=1, codes=tuple(self.codes), run=run_id, counts=counts)


class InMemoryAnswerLog:
    """See `core.protocols.AnswerLog`."""

    def __init__(self) -> None:
        self._answers: dict[str, LoggedAnswer] = {}

    @property
    def answers(self) -> list[LoggedAnswer]:
        """All answers, in the order in which they came."""
        return list(self._answers.values())

    async def find(self, key: str) -> LoggedAnswer | None:
        """The answer to this question, if it was put here before."""
        return self._answers.get(key)

    async def put(self, answer: LoggedAnswer) -> None:
        """Keep an answer; the first one under a key stays."""
        self._answers.setdefault(answer.key, answer)


def text_segment(place: int, text: str) -> Segment:
    """A text as one segment of a document of its own; `place` counts from 0."""
    return whole(Document(name=f"text {place + 1}", source="texts", key=str(place + 1), text=text))
