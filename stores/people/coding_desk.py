"""A sitting of a person who codes: which segments, where they are, what can be undone, how fast they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from sqlalchemy.engine import Engine

from intercoder.core.codebook import Codebook
from intercoder.core.coding.hand_coding import HandCoded, Move, Moves, RecentCodes, asked_codes, marked, pace
from intercoder.core.documents import Segment
from intercoder.core.texts.quotes import Quote
from intercoder.stores.codebooks.codebooks import complete_versions
from intercoder.stores.codebooks.revisions import newest
from intercoder.stores.database import reading
from intercoder.stores.people.coding_work import (
    CodingPage,
    Work,
    done_segments,
    read_page,
    said_count,
    work_segments,
    works,
)
from intercoder.stores.people.hand_coding import HandCoder
from intercoder.stores.people.others_answers import OthersAnswer, others_answers


class Opened(NamedTuple):
    """Work that was looked up: its segments, which of them the person is done with, and what they ever said."""

    work: Work | None
    """None where only one segment is coded."""
    segment_ids: tuple[str, ...]
    done: frozenset[str]
    said: int


class Look(NamedTuple):
    """What a look at the study found; it counts only as long as nothing was done since."""

    stamp: int
    book: Codebook
    mine: HandCoded | None
    others: tuple[OthersAnswer, ...]
    done: frozenset[str] | None
    """None where nobody else wrote in the person's name."""
    said: int


class CodingDesk:
    """One sitting. Reads and writes the study; each change is written before a method returns.

    Args:
        engine: The study's database.
        study_id: The study.
        coder: The person.
        blind: Whether they see what others said of a segment only once they are done with it.
        timer: Seconds from some fixed point in time, for the pace.
    """

    def __init__(
        self, engine: Engine, study_id: str, coder: str, *, blind: bool, timer: Callable[[], float]
    ) -> None:
        self.engine = engine
        self.study_id = study_id
        self.coder = HandCoder(engine, study_id, coder)
        self.blind = blind
        self.work: Work | None = None
        self.segment_ids: tuple[str, ...] = ()
        self.place = 0
        self.book = Codebook(version=0)
        self.page: CodingPage | None = None
        self.mine: HandCoded | None = None
        self.others: tuple[OthersAnswer, ...] = ()
        self.recent = RecentCodes()
        self.moves = Moves()
        self._timer = timer
        self._began = timer()
        self._seconds: list[float] = []
        self._counted = False
        self._done: set[str] = set()
        self._said = 0
        self._stamp = 0

    @property
    def segment(self) -> Segment | None:
        """The segment that is coded now."""
        return self.page.segment if self.page else None

    @property
    def done(self) -> int:
        """How many of the segments the person is done with."""
        return len(self._done)

    @property
    def pace(self) -> float | None:
        """Median seconds a segment, of those that were finished in this sitting."""
        return pace(self._seconds)

    def first_work(self) -> Work | None:
        """What to begin with: the first sample the person is not done with, else all segments; None of nothing."""
        found = works(self.engine, self.study_id)
        if not any(one.sample for one in found):
            return found[0] if found else None
        with reading(self.engine) as connection:
            done = done_segments(connection, self.study_id, self.coder.coder)
        for one in found:
            if one.sample and not done >= set(work_segments(self.engine, self.study_id, one)):
                return one
        return next((one for one in found if not one.sample), None)

    def look_up(self, work: Work | None, segment_id: str = "") -> Opened:
        """Look work up, or one segment alone; changes nothing here, and may be done in another thread."""
        ids = work_segments(self.engine, self.study_id, work) if work else (segment_id,)
        with reading(self.engine) as connection:
            done = done_segments(connection, self.study_id, self.coder.coder)
            said = said_count(connection, self.study_id, self.coder.coder)
        return Opened(work, ids, done, said - self.coder.written)

    def open(self, opened: Opened, segment_id: str = "") -> None:
        """Begin with looked-up work, at a segment, or at the first that the person is not done with."""
        self.work, self.segment_ids, self._said = opened.work, opened.segment_ids, opened.said
        self._done = set(opened.done) & set(opened.segment_ids)
        self._learn_book()
        place = self.segment_ids.index(segment_id) if segment_id in self.segment_ids else self.open_from(0)
        if self.segment_ids:
            self.go(place if place is not None else 0)

    def open_from(self, place: int) -> int | None:
        """The next place, from this one on and around, of a segment that the person is not done with."""
        total = len(self.segment_ids)
        places = (at % total for at in range(place, place + total))
        return next((at for at in places if self.segment_ids[at] not in self._done), None)

    def go(self, place: int) -> None:
        """Show the segment at a place.

        Raises:
            StudyError: It is not there any more.
        """
        segment_id = self.segment_ids[place]
        with reading(self.engine) as connection:
            page = read_page(connection, self.study_id, segment_id)
        self.place, self.page = place, page
        self._began = self._timer()
        mine = self.coder.coded(segment_id)
        self._counted = mine.done
        self._settle(mine)

    def look(self) -> Look:
        """Look what others wrote, and the person elsewhere; changes nothing here."""
        stamp, segment = self._stamp, self.segment
        mine = self.coder.coded(segment.id) if segment else None
        others = others_answers(self.engine, self.study_id, mine, blind=self.blind) if mine else ()
        with reading(self.engine) as connection:
            latest = (complete_versions(connection, self.study_id) or [0])[-1]
            book = self.book if latest == self.book.version else newest(connection, self.study_id)
            said = said_count(connection, self.study_id, self.coder.coder) - self.coder.written
            done = done_segments(connection, self.study_id, self.coder.coder) if said != self._said else None
        return Look(stamp, book, mine, others, done, said)

    def take(self, look: Look) -> bool:
        """Take over what a look found; not where something was done since."""
        if look.stamp != self._stamp:
            return False
        if look.book.version != self.book.version:
            self._use(look.book)
        self.mine, self.others = look.mine, look.others
        if look.done is not None:
            self._said, self._done = look.said, set(look.done) & set(self.segment_ids)
        return True

    def give(
        self,
        code_id: str,
        value: Literal["yes", "no", "unsure"] = "yes",
        *,
        mark: tuple[int, int] | None = None,
        reason: str | None = None,
    ) -> Move:
        """Say of a code whether it applies to the segment.

        Args:
            code_id: The code; empty for being unsure which one of an exclusive book to choose.
            value: What is said of it.
            mark: Code points of the segment that it rests on.
            reason: Why.

        Raises:
            InputError: It cannot be said (see `HandCoder.give`).
        """
        segment = self._here()
        quote: Quote | None = marked(segment, *mark) if mark else None
        move = self.coder.give(self.book, segment.id, code_id, value, quote=quote, reason=reason)
        if value == "yes":
            self.recent.use(code_id)
        return self._did(move)

    def take_away(self, code_id: str) -> Move:
        """Take an answer away."""
        return self._did(self.coder.take_away(self._here().id, code_id))

    def note(self, text: str) -> Move:
        """Write the memo on the segment."""
        return self._did(self.coder.note(self._here().id, text))

    def finish(self) -> Move:
        """Be done with the segment (see `HandCoder.finish`), and count the time that it took."""
        segment = self._here()
        new = not self._counted
        move = self._did(self.coder.finish(self.book, segment.id))
        if new:
            self._counted = True
            self._seconds.append(max(self._timer() - self._began, 0.0))
        return move

    def undo(self) -> Move | None:
        """Take the last move back, and go to its segment; None where there is none.

        Raises:
            StudyError: What it was about was changed elsewhere since; it is left as it is, and the move forgotten.
        """
        move = self.moves.last
        if move is not None:
            self._repeat(move, move.reverse)
            self.moves.take_back()
        return move

    def redo(self) -> Move | None:
        """Do the move again that was taken back last, and go to its segment; None where there is none.

        Raises:
            StudyError: As for `undo`.
        """
        move = self.moves.next
        if move is not None:
            self._repeat(move, move)
            self.moves.do_again()
        return move

    def use_book(self, book: Codebook) -> None:
        """A version that was just made."""
        self._stamp += 1
        self._use(book)

    def _repeat(self, move: Move, done: Move) -> None:
        try:
            mine = self.coder.redo(done)
        except Exception:
            self.moves.forget(move)
            raise
        if move.segment_id in self.segment_ids and (self.mine is None or self.mine.segment_id != move.segment_id):
            self.go(self.segment_ids.index(move.segment_id))
        else:
            self._mark_done(mine)
            if self.mine and self.mine.segment_id == mine.segment_id:
                self._settle(mine)

    def _did(self, move: Move) -> Move:
        self.moves.add(move)
        self._settle(self.coder.coded(move.segment_id))
        return move

    def _settle(self, mine: HandCoded) -> None:
        """What the person has said of the segment, and so what they may see of others."""
        self._stamp += 1
        self.mine = mine
        self._mark_done(mine)
        self.others = others_answers(self.engine, self.study_id, mine, blind=self.blind)

    def _mark_done(self, mine: HandCoded) -> None:
        if mine.done and mine.segment_id in self.segment_ids:
            self._done.add(mine.segment_id)
        else:
            self._done.discard(mine.segment_id)

    def _learn_book(self) -> None:
        with reading(self.engine) as connection:
            self._use(newest(connection, self.study_id))

    def _use(self, book: Codebook) -> None:
        self.book = book
        self.recent.fill([code.id for code in asked_codes(book)])

    def _here(self) -> Segment:
        assert self.page is not None
        return self.page.segment
