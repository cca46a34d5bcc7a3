"""One unit on which coders differ, side by side, and what a person makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy.engine import Connection

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.code_names import CodeNames
from intercoder.core.codebooks.codebook_diff import affected
from intercoder.core.coding.deduction import is_final, spread
from intercoder.core.coding.settling import Settled, Unit, standing
from intercoder.core.decisions import Decision, Value
from intercoder.core.errors import InputError
from intercoder.core.protocols import Run
from intercoder.graphs.differing.disagreements import book_of
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.corpus.surroundings import Surroundings, read_surroundings
from intercoder.stores.database import reading
from intercoder.stores.people.human_codings import human_decisions
from intercoder.stores.people.settlements import read_settlements, settlement_history, take_back, write_settlement
from intercoder.stores.runs.deductions import is_moderated
from intercoder.stores.runs.unit_decisions import run_decisions
from intercoder.stores.study_folder import StudyFolder

CONTEXT = 2
"""Segments shown before and after."""


class Saying(NamedTuple):
    """What one coder said of a unit."""

    role: str
    coder: str
    said: str
    """`yes`, `no`, `unsure`, or the code or label that was given; empty for nothing to code."""
    decision: Decision
    """With reason, quote and where it comes from."""
    changed: bool = False
    """Whether it is of a coder that said something else when asked again, or is that other answer."""
    outdated: bool = False
    """Whether the code was worded otherwise then, so that it does not count."""


class UnitPage(NamedTuple):
    """A unit as people look at it."""

    unit: Unit
    run: Run | None
    book: Codebook
    code: Code | None
    """None where the unit is a segment."""
    place: Surroundings
    sayings: tuple[Saying, ...]
    """People, then each coder with what it said when asked again, then moderators."""
    final: str
    """What stands in the end of the models' answers."""
    history: tuple[Settled, ...]
    """What people said of it, oldest first."""

    @property
    def settled(self) -> Settled | None:
        """What stands of that; None where nothing does."""
        return standing(self.history)

    @property
    def choices(self) -> tuple[str, ...]:
        """Codes or labels that a segment could be settled on: those that were given first, then the book's."""
        if self.code is not None:
            return ()
        given = [one.said for one in self.sayings if one.said not in ("", "unsure")]
        own = self.run is not None and not self.run.deductive
        return tuple(dict.fromkeys([*given, *(() if own else CodeNames(self.book).shown.values())]))


def unit_page(folder: StudyFolder, run: Run | None, unit: Unit, context: int = CONTEXT) -> UnitPage:
    """All that was said of a unit.

    Args:
        folder: The study.
        run: The run whose coders differ; None for people alone.
        unit: Segment and code; no code where the unit is a segment.
        context: Segments before and after.

    Raises:
        StudyError: There is no such segment.
    """
    engine, study = folder.engine, folder.study.id
    segment, code_id = unit
    book = book_of(folder, run)
    with reading(engine) as connection:
        place = read_surroundings(connection, study, segment, context, context)
        own_codes = run is not None and not run.deductive
        people = [] if own_codes else list(_people(connection, study, book, unit))
        models = run_decisions(connection, study, run, segment) if run else []
    said = list(_labels(models)) if own_codes else list(_answers(book, models, code_id))
    moderated = run is not None and (own_codes or is_moderated(run))
    return UnitPage(
        unit=unit,
        run=run,
        book=book,
        code=book.code(code_id),
        place=place,
        sayings=(*people, *_in_order(said)),
        final=_final(said, moderated=moderated),
        history=tuple(settlement_history(engine, study, unit)),
    )


def settle(
    folder: StudyFolder,
    run: Run | None,
    unit: Unit,
    value: Value,
    note: str,
    *,
    by: str,
    label: str = "",
    evidence: bool | None = None,
    seen: int | None = None,
    at: str = "",
) -> Settled:
    """Write a person's word on a unit.

    Args:
        folder: The study.
        run: The run whose coders differ; None for people alone.
        unit: Segment and code.
        value: What it is settled on; empty to leave that as it stands, and only put the unit forward. What
            somebody else settled stays theirs.
        note: Why.
        by: Who says so.
        label: The code, where the unit is a segment and the value is `yes`.
        evidence: Whether the reviser shall see it; by default as it stands.
        seen: Number of the step that the person saw, see `write_settlement`.
        at: When.

    Raises:
        InputError: Note, name, value or code are missing or unknown.
        StudyError: There is no such segment, or somebody else was first.
    """
    engine, study = folder.engine, folder.study.id
    book = book_of(folder, run)
    with reading(engine) as connection:
        read_surroundings(connection, study, unit[0], 0, 0)
        stands = read_settlements(connection, study, [unit[0]]).get(unit)
    if not value and stands is not None and stands.by == by.strip():
        value, label = stands.value, label or stands.label
    return write_settlement(
        engine,
        study,
        Settled(
            segment_id=unit[0],
            code_id=unit[1],
            run=run.id if run else "",
            value=value,
            label=_settled_label(book, run, unit, value, label),
            note=" ".join(note.split()),
            by=by.strip(),
            evidence=evidence if evidence is not None else stands is not None and stands.evidence,
            codebook_version=book.version,
        ),
        seen=seen,
        at=at,
    )


def take_settlement_back(folder: StudyFolder, unit: Unit, *, by: str, at: str = "") -> Settled:
    """Take back the latest thing that a person said of a unit (see `stores.people.settlements.take_back`)."""
    return take_back(folder.engine, folder.study.id, unit, by, at=at)


def find_unit(folder: StudyFolder, run: Run | None, segment: str, code: str) -> Unit:
    """The unit that a person names by a segment's id and a code's label or id.

    Raises:
        InputError: There is no such code.
    """
    book = book_of(folder, run)
    if book.exclusive or (run is not None and not run.deductive):
        return segment, ""
    names = CodeNames(book)
    found = names.find(code)
    if found is None:
        raise InputError(f"{code!r} is no code.", where="CODE", remedy=names.unknown(code))
    return segment, found.id


def _settled_label(book: Codebook, run: Run | None, unit: Unit, value: Value, label: str) -> str:
    """The code that a segment is settled on, as the book names it; empty where the unit has a code.

    Raises:
        InputError: There is no such code, or none is named.
    """
    if unit[1]:
        if book.code(unit[1]) is None:
            raise InputError(f"there is no code `{unit[1]}`.", where="code", remedy="Name one of the run's codes.")
        return ""
    if run is not None and not run.deductive:
        if value == "yes" and not label.strip():
            raise InputError("no code is named.", where="label", remedy="Name the code that the segment gets.")
        return " ".join(label.split()) if value == "yes" else ""
    if value == "no":
        raise InputError(
            "the codes exclude one another: each segment has one.",
            where="value",
            remedy="Settle it on a code with yes, or on unsure.",
        )
    if value != "yes":
        return ""
    names = CodeNames(book)
    found = names.find(label)
    if found is None:
        raise InputError(f"{label!r} is no code.", where="label", remedy=names.unknown(label))
    return names.shown[found.id]


def _people(connection: Connection, study: str, book: Codebook, unit: Unit) -> Iterable[Saying]:
    segment, code_id = unit
    versions: dict[int, tuple[Codebook, frozenset[str]]] = {}
    for decision in human_decisions(connection, study, segment=segment):
        version = decision.codebook_version
        if version not in versions:
            then = read_version(connection, study, version)
            versions[version] = then, frozenset(affected(then, book))
        then, changed = versions[version]
        if not code_id:
            if decision.value in ("yes", "unsure"):
                outdated = decision.code_id in changed
                yield Saying("human", decision.coder, _choice(then, decision), decision, outdated=outdated)
            continue
        for code, value in spread(then, decision):
            if code == code_id:
                yield Saying("human", decision.coder, value, decision, outdated=code in changed)


def _answers(book: Codebook, decisions: Sequence[Decision], code_id: str) -> Iterable[Saying]:
    about = [one for one in decisions if book.exclusive or one.code_id == code_id]
    first = {one.coder: one for one in about if one.role == "coder"}
    again = {one.coder: one for one in about if one.role == "repeat"}

    def told(one: Decision) -> str:
        return one.value if code_id else _choice(book, one)

    for one in about:
        other = (again if one.role == "coder" else first).get(one.coder) if one.role != "moderator" else None
        changed = other is not None and told(other) != told(one)
        yield Saying(one.role, one.coder, told(one), one, changed=changed)


def _labels(decisions: Sequence[Decision]) -> Iterable[Saying]:
    for one in decisions:
        yield Saying(one.role, one.coder, one.label or "", one)


def _choice(book: Codebook, decision: Decision) -> str:
    if decision.value == "unsure":
        return "unsure"
    code = book.code(decision.code_id or "")
    return CodeNames(book).shown.get(decision.code_id or "", code.label if code else decision.label or "")


def _in_order(said: Sequence[Saying]) -> list[Saying]:
    """Each coder with what it said when asked again, in order of name; moderators last."""
    order = {"coder": 0, "repeat": 1}
    return sorted(said, key=lambda one: (one.role not in order, one.coder, order.get(one.role, 0)))


def _final(said: Sequence[Saying], *, moderated: bool) -> str:
    return "; ".join(one.said for one in said if one.said and is_final(one.decision, moderated=moderated))
