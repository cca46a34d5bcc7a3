"""A person codes segment by segment: each keystroke that matters is one short transaction.

What a keystroke costs depends on what was said of its segment, not on how much the person coded. Rounds count per
person and segment, so that a later decision has a later round than any before it about the segment, be it of a
keystroke or of a sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Literal

from sqlalchemy.engine import Connection, Engine

from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.deduction import spread
from intercoder.core.coding.given_answers import HumanMemo
from intercoder.core.coding.hand_coding import Books, HandCoded, Move, asked_codes, coded, said
from intercoder.core.decisions import Decision, decision_id
from intercoder.core.errors import InputError, StudyError
from intercoder.core.texts.quotes import Quote
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.database import insert_new, reading, writing
from intercoder.stores.people.human_codings import exclusive_versions, latest_said, people_said
from intercoder.stores.people.memos import read_memo, write_memos
from intercoder.stores.runs.decisions import decision_row

Answered = dict[str, Decision]
"""Code, or empty for a choice among all -> the latest that the person said of it; also what was taken away."""


class HandCoder:
    """One person who codes.

    Args:
        engine: The study's database.
        study_id: The study.
        coder: The person.

    Attributes:
        written: Decisions that were written so far.
    """

    def __init__(self, engine: Engine, study_id: str, coder: str) -> None:
        self.engine = engine
        self.study_id = study_id
        self.coder = coder
        self.written = 0

    def coded(self, segment_id: str) -> HandCoded:
        """What the person has said of a segment."""
        with reading(self.engine) as connection:
            stands = self._answered(connection, segment_id)
            memo = read_memo(connection, self.study_id, self.coder, segment_id)
            return coded(segment_id, self.coder, _in_force(stands), self._books(connection), memo)

    def give(
        self,
        book: Codebook,
        segment_id: str,
        code_id: str,
        value: Literal["yes", "no", "unsure"] = "yes",
        *,
        quote: Quote | None = None,
        reason: str | None = None,
    ) -> Move:
        """Say of a code whether it applies; in an exclusive book, choose it.

        Args:
            book: The codebook version that the person sees.
            segment_id: The segment.
            code_id: The code; empty for being unsure which one of an exclusive book to choose.
            value: What is said of it.
            quote: The words it rests on; by default those given before, if any.
            reason: Why; by default what was noted before, if anything.

        Returns:
            The move. Saying the same again changes nothing.

        Raises:
            InputError: The code cannot be given by people, or the book has no such answer.
        """
        code = _checked(book, code_id, value)
        with writing(self.engine) as connection:
            stands = self._answered(connection, segment_id)
            old = stands.get("" if book.exclusive else code_id)
            if old is not None and (not old.value or old.code_id != (code.id if code else None)):
                old = None
            made = self._made(book, segment_id, code, value)
            kept = {
                "quote": quote if quote is not None else old.quote if old else Quote(text=""),
                "reason": reason if reason is not None else old.reason if old else "",
            }
            new = [*self._carried(connection, book, stands, code_id), made.model_copy(update=kept)]
            return self._write(
                connection, segment_id, stands, new, f"{value}: {code.label if code else 'any code'}"
            )

    def take_away(self, segment_id: str, code_id: str) -> Move:
        """Take an answer about a code away, so that there is none; nothing where there is none."""
        with writing(self.engine) as connection:
            stands = self._answered(connection, segment_id)
            found = [
                one
                for question, one in stands.items()
                if one.value and (question == code_id or (question == "" and one.code_id in (code_id, None)))
            ]
            label = found[0].label if found else ""
            return self._write(connection, segment_id, stands, map(_withdrawn, found), f"took away: {label or ''}")

    def finish(self, book: Codebook, segment_id: str) -> Move:
        """Be done with a segment: every code that was not answered for gets a no.

        Raises:
            InputError: No code of an exclusive book was chosen, or the book has no codes to give.
        """
        with writing(self.engine) as connection:
            stands = self._answered(connection, segment_id)
            books = self._books(connection)
            now = coded(segment_id, self.coder, _in_force(stands), books)
            new: list[Decision] = []
            if not now.done:
                _check_finish(book, now)
                new = self._carried(connection, book, stands, "")
                carried = {one.code_id for one in new}
                for code in asked_codes(book):
                    if not now.values.get(code.id):
                        new.append(self._made(book, segment_id, code, "no"))
                    elif code.id in stands and code.id not in carried:
                        new += self._restated(book, stands[code.id], code) if now.version != book.version else []
            return self._write(connection, segment_id, stands, new, "done")

    def note(self, segment_id: str, text: str) -> Move:
        """Write the person's memo on a segment; an empty text takes it away."""
        with writing(self.engine) as connection:
            before = read_memo(connection, self.study_id, self.coder, segment_id)
            memo = HumanMemo(coder=self.coder, segment_id=segment_id, text=text.strip())
            write_memos(connection, self.study_id, [memo])
        return Move(segment_id=segment_id, words="memo", memo_before=before, memo_after=memo.text)

    def redo(self, move: Move) -> HandCoded:
        """Do again what a move did; to take it back, do its reverse.

        Returns:
            What the person has said of the segment now.

        Raises:
            StudyError: What the move was about was changed since, by a sheet or in another window.
        """
        with writing(self.engine) as connection:
            stands = self._answered(connection, move.segment_id)
            exclusive = exclusive_versions(connection, self.study_id)
            before, after = _by_question(move.before, exclusive), _by_question(move.after, exclusive)
            changed = [one for one in (before | after) if said(before.get(one)) != said(after.get(one))]
            memo = read_memo(connection, self.study_id, self.coder, move.segment_id)
            moved = move.memo_before != move.memo_after
            if any(said(stands.get(one)) != said(before.get(one)) for one in changed) or (
                moved and memo != move.memo_before
            ):
                raise StudyError(
                    "the segment was changed since, by a sheet that was read or in another window.",
                    where=move.words,
                    remedy="What stands there now is kept; change it by hand if need be.",
                )
            new = _steps(stands, after, changed)
            rows = self._rows(move.segment_id, stands, new, exclusive)
            insert_new(connection, schema.decisions, rows)
            if moved:
                restored = HumanMemo(coder=self.coder, segment_id=move.segment_id, text=move.memo_after)
                write_memos(connection, self.study_id, [restored])
        self.written += len(rows)
        return self.coded(move.segment_id)

    def _answered(self, connection: Connection, segment_id: str) -> Answered:
        own = people_said(connection, self.study_id, self.coder, segment_id)
        exclusive = exclusive_versions(connection, self.study_id)
        return latest_said(own, exclusive).get((self.coder, segment_id), {})

    def _books(self, connection: Connection) -> Books:
        return cache(lambda version: read_version(connection, self.study_id, version))

    def _made(self, book: Codebook, segment_id: str, code: Code | None, value: str) -> Decision:
        place = 0 if book.exclusive or code is None else book.leaves.index(code)
        return Decision.model_validate(
            {
                "id": "",
                "run": "",
                "round": 0,
                "segment_id": segment_id,
                "role": "human",
                "coder": self.coder,
                "position": place,
                "label": code.label if code else None,
                "code_id": code.id if code else None,
                "code_revision": code.revision if code else None,
                "value": value,
                "codebook_version": book.version,
            }
        )

    def _restated(self, book: Codebook, old: Decision, code: Code) -> list[Decision]:
        """What was said under an older version, said under this one."""
        kept = {"quote": old.quote, "reason": old.reason}
        return [self._made(book, old.segment_id, code, old.value).model_copy(update=kept)]

    def _carried(self, connection: Connection, book: Codebook, stands: Answered, code_id: str) -> list[Decision]:
        """What a choice in an exclusive book said of other codes, where it is about to be replaced code by code."""
        choice = stands.get("")
        if book.exclusive or choice is None or not choice.value:
            return []
        values = dict(spread(self._books(connection)(choice.codebook_version), choice))
        found = []
        for code in asked_codes(book):
            if code.id != code_id and values.get(code.id, "") != "":
                own = {"quote": choice.quote, "reason": choice.reason} if code.id == choice.code_id else {}
                made = self._made(book, choice.segment_id, code, values[code.id])
                found.append(made.model_copy(update=own))
        return found

    def _write(
        self, connection: Connection, segment_id: str, stands: Answered, new: Iterable[Decision], words: str
    ) -> Move:
        exclusive = exclusive_versions(connection, self.study_id)
        kept = [one for one in new if not _same(stands.get(_question(one, exclusive)), one)]
        rows = self._rows(segment_id, stands, kept, exclusive)
        insert_new(connection, schema.decisions, rows)
        self.written += len(rows)
        after = self._answered(connection, segment_id) if rows else stands
        return Move(segment_id=segment_id, words=words, before=_in_force(stands), after=_in_force(after))

    def _rows(
        self, segment_id: str, stands: Answered, new: Sequence[Decision], exclusive: set[int]
    ) -> list[dict[str, Any]]:
        round_ = max((one.round for one in stands.values()), default=0) + 1
        rows = []
        for one in new:
            question = _question(one, exclusive)
            before = stands.get(question) or stands.get("") or stands.get(one.code_id or "")
            id_ = decision_id("", round_, segment_id, "human", self.coder, question or 0)
            numbered = one.model_copy(update={"id": id_, "round": round_})
            rows.append(decision_row(self.study_id, numbered, before.id if before else ""))
        return rows


def _checked(book: Codebook, code_id: str, value: str) -> Code | None:
    """The code that is to be given; None for being unsure which one to choose."""
    if value == "unsure" and not book.allow_unsure:
        raise InputError(
            f"codebook version {book.version} does not allow `unsure`.",
            remedy="Say yes or no, or let coders be unsure: `allow_unsure` in the codebook's settings.",
        )
    if book.exclusive and value == "no":
        raise InputError(
            "each segment gets exactly one of these codes.", remedy="Choose another code, or take this one away."
        )
    if book.exclusive and value == "unsure":
        return None
    code = next((one for one in asked_codes(book) if one.id == code_id), None)
    if code is None:
        known = book.code(code_id)
        what = "is found by a pattern" if known and known.kind == "pattern" else "has codes below it"
        raise InputError(
            f"{known.label!r} {what}, so people do not give it." if known else "there is no such code.",
            remedy="Choose one of the codes that are listed.",
        )
    return code


def _check_finish(book: Codebook, now: HandCoded) -> None:
    if not asked_codes(book):
        raise InputError("there is no code to give yet.", remedy="Make one: ctrl+n.")
    if book.exclusive and not any(one.codebook_version == book.version for one in now.decisions):
        raise InputError(
            "each segment gets exactly one code, and none is chosen.",
            remedy="Choose one" + (", or say that you are unsure." if book.allow_unsure else "."),
        )


def _in_force(stands: Answered) -> tuple[Decision, ...]:
    """What stands, without what was taken away, in order of the codes."""
    return tuple(sorted((one for one in stands.values() if one.value), key=lambda one: (one.position, one.id)))


def _question(decision: Decision, exclusive: set[int]) -> str:
    return "" if decision.codebook_version in exclusive else decision.code_id or ""


def _by_question(decisions: Sequence[Decision], exclusive: set[int]) -> Answered:
    return {_question(one, exclusive): one for one in decisions}


def _withdrawn(decision: Decision) -> Decision:
    """The decision that takes another one away."""
    return decision.model_copy(update={"value": "", "reason": "", "quote": Quote(text="")})


def _same(old: Decision | None, new: Decision) -> bool:
    """Whether a decision says what stands already, under the same version."""
    return said(old) == said(new)


def _steps(stands: Answered, after: Mapping[str, Decision], changed: Sequence[str]) -> list[Decision]:
    """Decisions after which a person's answers to some questions are as they were once."""
    wanted = [after[one] for one in changed if one in after]
    gone = [_withdrawn(stands[one]) for one in changed if one not in after and one in stands]
    # A choice among all replaces what was said of single codes, and the other way round.
    return wanted if wanted and "" in changed else [*gone, *wanted]
