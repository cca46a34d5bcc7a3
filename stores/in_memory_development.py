"""Deductive coding and the development of a codebook without a disk: for plain texts and foreign applications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from intercoder.core.codebook import Codebook
from intercoder.core.codebooks.codebook_checks import check_book
from intercoder.core.codebooks.codebook_diff import affected
from intercoder.core.coding.deduction import (
    Asked,
    CoderValues,
    Round,
    about_codes,
    standing_of,
    superseding,
    values_of,
)
from intercoder.core.coding.settling import PutForward, Settled, about_code, chosen_code, in_order, standing_steps
from intercoder.core.decisions import Decision, Failure, Wave
from intercoder.core.documents import Segment, SpokenText
from intercoder.core.errors import StudyError
from intercoder.core.protocols import Run
from intercoder.core.revising.approvals import check_answer, numbered, settle
from intercoder.core.revisions import RecordedRevision, Revision, RevisionAnswer
from intercoder.core.study import Study
from intercoder.stores.database import now
from intercoder.stores.in_memory import text_segment

RUN = "deductive-1"


class InMemoryDevelopmentStore:
    """Holds one run over given texts and a codebook (see `core.protocols.DevelopmentStore`).

    Args:
        study: The settings.
        texts: The texts, each one segment.
        book: The codebook to begin with.

    Attributes:
        books: The versions of the codebook, first to last.
        rounds: The rounds, first to last.
        revisions: What was proposed, and what became of it.
        settled: What people said of units on which coders differ, oldest first; a host may add to it.

    Raises:
        InputError: The codebook cannot be coded with (see `check_book`).
    """

    def __init__(self, study: Study, texts: Sequence[str], book: Codebook) -> None:
        check_book(book)
        self.study_id = study.id
        self.books = [book]
        self.rounds = [Round(number=1, codebook_version=book.version, codes=_ids(book))]
        self.revisions: list[RecordedRevision] = []
        self.settled: list[Settled] = []
        self._segments = [text_segment(place, text) for place, text in enumerate(texts)]
        self._said: dict[str, list[Decision]] = {segment.id: [] for segment in self._segments}
        self._failures: list[tuple[int, Failure]] = []
        self._proposed: set[int] = set()
        self._run = Run(
            id=RUN,
            graph="codevelop",
            total=len(self._segments),
            codebook_version=book.version,
            base_version=book.version,
            settings=study.model_dump_json(),
        )

    @property
    def failures(self) -> list[Failure]:
        """Questions of the present round that got no answer."""
        return [failure for number, failure in self._failures if number == self._run.round]

    @property
    def decisions(self) -> list[Decision]:
        """All that was decided, by segment, oldest first; what does not stand any more too."""
        return [decision for said in self._said.values() for decision in said]

    @property
    def standing(self) -> list[Decision]:
        """Decisions that stand, in document order; within a segment see `core.coding.deduction.standing_of`."""
        failed = self._failed_rounds()
        return list(standing_of(self.books[-1], self.decisions, failed))

    def run(self, run_id: str) -> Run:
        """The run as it stands."""
        if run_id != self._run.id:
            raise StudyError(f"there is no run `{run_id}`.", remedy=f"There is one: {self._run.id}.")
        return self._run.model_copy(update={"failures": len(self.failures)})

    def round(self, run_id: str) -> Round:
        """What the present round codes."""
        return self.rounds[-1]

    def book(self, run_id: str) -> Codebook:
        """The codebook version of the present round."""
        return self.books[-1]

    def segments(self, run_id: str, start: int, stop: int) -> Sequence[Segment]:
        """Segments by position."""
        return self._segments[start:stop]

    def write_wave(self, run_id: str, wave: Wave) -> None:
        """Keep what a wave decided and move the cursor; writing it twice changes nothing."""
        if self.run(run_id).position >= wave.stop:
            return
        failed, exclusive = self._failed_rounds(), self.books[-1].exclusive
        for segment_id, decided in groupby(wave.decisions, key=lambda one: one.segment_id):
            said = self._said[segment_id]
            said += superseding(decided, tuple(said), failed, exclusive=exclusive)
        self._fail(wave.failures)
        self._move(position=wave.stop)

    def values(self, run_id: str) -> Sequence[CoderValues]:
        """What stands now, by coder."""
        return values_of(self.books[-1], self.standing)

    def finish(self, run_id: str) -> None:
        """Close the run."""
        self._move(status="done")

    def evidence(self, run_id: str, code_ids: Sequence[str]) -> Mapping[str, Sequence[Decision]]:
        """Code id -> decisions that stand about it, in document order."""
        return about_codes(self.books[-1], self.standing, code_ids)

    def texts(self, segment_ids: Sequence[str]) -> Mapping[str, SpokenText]:
        """Segment id -> text, speaker and document."""
        wanted = set(segment_ids)
        segments = [one for one in self._segments if one.id in wanted]
        return {one.id: SpokenText(one.text, one.speaker or "", one.document) for one in segments}

    def put_forward(self, run_id: str, code_ids: Sequence[str]) -> Mapping[str, Sequence[PutForward]]:
        """Code id -> what people settled about it, or sent as evidence (see `core.protocols.DevelopmentStore`)."""
        steps = [step for step in standing_steps(self.settled) if step.segment_id in self._said]
        book = self.books[-1]
        return {code: in_order(about_code(steps, code, lambda step: chosen_code(book, step))) for code in code_ids}

    def write_revisions(
        self,
        run_id: str,
        revisions: Sequence[Revision],
        dropped: Mapping[str, str],
        failures: Sequence[Failure] = (),
    ) -> None:
        """Keep a round's proposals and the reviser's failures; writing them twice changes nothing."""
        if self.proposed(run_id):
            return
        for revision in revisions:
            number = len(self.revisions) + 1
            why = dropped.get(revision.id, "")
            one = RecordedRevision(number=number, revision=revision, dropped=why, created_at=now())
            self.revisions.append(one)
        self._fail(failures)
        self._proposed.add(self._run.round)

    def proposed(self, run_id: str) -> bool:
        """Whether the present round's proposals were written."""
        return self._run.round in self._proposed

    def waiting(self, run_id: str) -> Sequence[Revision]:
        """Revisions that no person has answered, in order."""
        return [one.revision for one in self.revisions if one.status == "waiting"]

    def rejected(self) -> Sequence[Revision]:
        """Revisions that people rejected, or put in other words, as they were proposed."""
        return [one.revision for one in self.revisions if one.status in ("rejected", "edited")]

    def answer(self, answer: RevisionAnswer) -> None:
        """Record a person's answer; the first one stands."""
        for place, one in enumerate(self.revisions):
            if one.revision.id == answer.revision_id:
                check_answer(one, answer)
                if one.answer is None:
                    self.revisions[place] = one.model_copy(update={"answer": answer, "answered_at": now()})
                return
        there = ", ".join(one.revision.id for one in self.revisions if one.status == "waiting")
        raise StudyError(f"there is no revision {answer.revision_id!r}.", remedy=f"These wait: {there or 'none'}.")

    def apply_round(self, run_id: str) -> bool:
        """Make a version of the approved revisions and begin the next round; False if nothing changed."""
        approved = [one for one in self.revisions if one.status in ("approved", "edited")]
        new = [one for one in approved if not one.version and not one.problem]
        before = self.books[-1]
        settled = settle(before, new)
        number = before.version + 1
        for one in new:
            problem = settled.problems[one.revision.id]
            fate = {"problem": problem, "version": 0 if problem else number}
            self.revisions[one.number - 1] = one.model_copy(update=fate)
        if settled.book.hash == before.hash:
            return False
        self._begin_round(before, settled.book.model_copy(update={"version": number, "run": run_id}))
        return True

    def _begin_round(self, before: Codebook, after: Codebook) -> None:
        latest: dict[str, int] = {}
        for code in (code for book in self.books for code in book.codes):
            latest[code.id] = max(code.revision, latest.get(code.id, 0))
        book = after.model_copy(update={"codes": tuple(numbered(after.codes, before, latest))})
        codes = affected(before, book)
        self.books.append(book)
        self.rounds.append(Round(number=self._run.round + 1, codebook_version=book.version, codes=codes))
        position = 0 if codes else self._run.total
        self._move(round=self._run.round + 1, codebook_version=book.version, position=position, status="running")

    def _failed_rounds(self) -> dict[Asked, int]:
        """The latest round in which a question got no answer."""
        return {(one.segment_id, one.role, one.coder, one.code_id): number for number, one in self._failures}

    def _fail(self, failures: Sequence[Failure]) -> None:
        self._failures += [(self._run.round, failure) for failure in failures]

    def _move(self, **changes: object) -> None:
        self._run = self._run.model_copy(update=changes)


def _ids(book: Codebook) -> tuple[str, ...]:
    return tuple(code.id for code in book.leaves)
