"""Units of a run on which coders differ, people and models: found, ranked, and shown side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import sqlalchemy as sa

from intercoder.core.codebook import Codebook
from intercoder.core.codebooks.codebook_checks import folded
from intercoder.core.coding.deduction import PATTERN, CoderValues
from intercoder.core.coding.settling import Settled, Unit
from intercoder.core.errors import StudyError
from intercoder.core.protocols import Run
from intercoder.evals.disagreements import Answers, Disagreement, code_agreement, entropy, rank
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.codebooks.revisions import newest
from intercoder.stores.database import reading
from intercoder.stores.people.human_codings import human_values, read_sample
from intercoder.stores.people.settlements import read_settlements
from intercoder.stores.runs.deductions import is_moderated
from intercoder.stores.runs.runs import get_run, list_runs
from intercoder.stores.runs.unit_decisions import Given, SegmentLabels, run_answers, run_labels
from intercoder.stores.study_folder import StudyFolder

PEOPLE = "people"
"""Names what people coded, as if it were a run: without any model."""
NOTHING = "(nothing)"
"""Answer of a coder that found nothing to code."""
APART = "\x1f"
"""Between the labels of one answer: white space by Python's reckoning, so that no folded label holds it."""
VALUES = ("no", "unsure", "yes")
"""Answers about a code."""
GRAPHS = ("inductive", "codevelop", "calibrate", "final")
"""Graphs whose coders are compared."""


class Disagreements(NamedTuple):
    """What coders of a run differ on."""

    run: Run | None
    """None where people are compared alone."""
    book: Codebook
    people: tuple[str, ...]
    coders: tuple[str, ...]
    units: tuple[Disagreement, ...]
    """Most informative first (see `evals.disagreements`)."""
    agreement: Mapping[str, float]
    """Code id -> AC1 over all units; empty id where the unit is a segment."""
    settled: Mapping[Unit, Settled]
    """What people said of units of the study."""
    patterns: Mapping[str, Mapping[Answers, int]]
    """Code id -> how many units were answered in which way, those on which all agree too."""

    @property
    def run_id(self) -> str:
        """Id of the run; empty for people alone."""
        return self.run.id if self.run else ""

    @property
    def own_codes(self) -> bool:
        """Whether coders found codes of their own."""
        return self.run is not None and not self.run.deductive

    @property
    def by_segment(self) -> bool:
        """Whether the unit is a segment, not a segment and a code."""
        return self.own_codes or self.book.exclusive

    @property
    def compared(self) -> int:
        """Units that two or more decided."""
        return sum(
            times for of_code in self.patterns.values() for one, times in of_code.items() if len(one.votes) > 1
        )

    @property
    def open_units(self) -> int:
        """Listed units that nobody has settled."""
        return sum(one.unit not in self.settled or not self.settled[one.unit].value for one in self.units)


def disagreeing_run(folder: StudyFolder, name: str = "") -> Run | None:
    """The run that is named, or the latest that codes given codes and has begun, or the latest that finds its own.

    Returns:
        None for `people`, and where there is no run but people have coded.

    Raises:
        StudyError: There is no such run, or none whose coders could be compared.
    """
    if name == PEOPLE:
        return None
    if name:
        with reading(folder.engine) as connection:
            run = get_run(connection, folder.study.id, name)
            while run.source:
                run = get_run(connection, folder.study.id, run.source)
        return run
    runs = [run for run in list_runs(folder.engine, folder.study.id) if run.graph in GRAPHS]
    begun = [run for run in runs if run.position or run.round > 1] or runs
    given = [run for run in begun if run.deductive]
    if not begun and not human_values(folder.engine, folder.study.id):
        raise StudyError(
            "nothing was coded yet, so nobody disagrees.",
            remedy=f"Start a run, such as `intercoder run inductive {folder.argument}`.",
        )
    return given[-1] if given else begun[-1] if begun else None


def book_of(folder: StudyFolder, run: Run | None) -> Codebook:
    """The codebook of a run; the latest where people are compared alone."""
    with reading(folder.engine) as connection:
        if run is None:
            return newest(connection, folder.study.id)
        return read_version(connection, folder.study.id, run.codebook_version)


def gather_disagreements(
    folder: StudyFolder, run: Run | None, *, sample: str = "", code: str = ""
) -> Disagreements:
    """Find and rank the units of a run on which coders differ. Holds those alone in memory, not the agreed ones.

    Args:
        folder: The study.
        run: From `disagreeing_run`.
        sample: Only segments of this sample; empty for all of the run.
        code: Only units about this code, by its id; where the unit is a segment, those to which anybody gave it.

    Raises:
        InputError: There is no such sample.
    """
    engine, study = folder.engine, folder.study.id
    book, settled = book_of(folder, run), settlements_of(folder)
    drawn = read_sample(engine, study, sample).segment_ids if sample else None
    only = None if drawn is None else frozenset(drawn)
    people = human_values(engine, study, sample, under=book) if run is None or run.deductive else []
    gathering = _Gathering(book, people, moderated=run is not None and run.deductive and is_moderated(run))
    if run is None:
        order = _segments(people) if drawn is None else drawn
        gathering.add_answers((place, segment, ()) for place, segment in enumerate(order))
    else:
        with reading(engine) as connection:
            if run.deductive:
                rows = run_answers(connection, study, run, book)
                gathering.add_answers(one for one in rows if only is None or one.segment_id in only)
            else:
                labels = run_labels(connection, study, run)
                gathering.add_labels(one for one in labels if only is None or one.segment_id in only)
    found = gathering.found(run, settled)
    return about(found, code) if code else found


def about(found: Disagreements, code: str) -> Disagreements:
    """The units about one code, by its id; where the unit is a segment, those to which anybody gave the code."""
    if not found.by_segment:
        return found._replace(units=tuple(one for one in found.units if one.code_id == code))
    known = found.book.code(code)
    wanted = folded(known.label) if known is not None and found.own_codes else code
    return found._replace(
        units=tuple(
            one
            for one in found.units
            if any(wanted in labels_of(answer) for answer in (*one.answers.votes, one.answers.final))
        )
    )


def with_settlements(found: Disagreements, settled: Mapping[Unit, Settled]) -> Disagreements:
    """The same units in the order that they have after people settled some."""
    done = {unit for unit, step in settled.items() if step.value}
    return found._replace(settled=settled, units=tuple(rank(found.units, found.agreement, done)))


def settlements_of(folder: StudyFolder) -> Mapping[Unit, Settled]:
    """What people said of units, as it stands now."""
    with reading(folder.engine) as connection:
        return read_settlements(connection, folder.study.id)


def state_of(folder: StudyFolder, run: Run | None) -> tuple[object, ...]:
    """Something that is other than before once a run's or a person's decisions have changed. Cheap."""
    table, runs = schema.decisions, schema.runs
    study = folder.study.id
    of_people = sa.select(sa.func.count()).where(table.c.study_id == study, table.c.run == "")
    of_run = sa.select(runs.c.round, runs.c.position, runs.c.codebook_version, runs.c.changed_at).where(
        runs.c.study_id == study, runs.c.run == (run.id if run else "")
    )
    book = sa.select(sa.func.max(schema.codebook_versions.c.version)).where(
        schema.codebook_versions.c.study_id == study
    )
    with reading(folder.engine) as connection:
        return (
            run.id if run else "",
            connection.execute(of_people).scalar(),
            tuple(connection.execute(of_run).one_or_none() or ()),
            connection.execute(book).scalar() if run is None else None,
        )


def labels_of(answer: str) -> list[str]:
    """The labels of one answer, as they are compared, where coders found codes of their own."""
    return answer.split(APART)


class _Seen(NamedTuple):
    """Answers, and what is worked out of them."""

    answers: Answers
    given: bool
    differ: bool
    entropy: float


class _Gathering:
    """Goes through a run's answers once, keeping the units on which coders differ and counting all."""

    def __init__(self, book: Codebook, people: Sequence[CoderValues], *, moderated: bool) -> None:
        self._book = book
        self._people = people
        self._final_role = "moderator" if moderated else "coder"
        self._order = {code.id: place for place, code in enumerate(book.leaves)}
        self._coders: dict[str, int] = {}
        self._coded = frozenset(_segments(people))
        self._nobody = ("",) * len(people)
        self._known: dict[Answers, Answers] = {}
        self._seen: dict[tuple[tuple[str, ...], tuple[Given, ...]], _Seen] = {}
        self._patterns: dict[str, Counter[Answers]] = {}
        self._units: list[Disagreement] = []

    def add_answers(self, segments: Iterable[tuple[int, str, Sequence[Given]]]) -> None:
        """Answers about given codes."""
        for place, segment, given in segments:
            if self._book.exclusive:
                self._add(place, segment, "", self._answered(self._choices(segment), tuple(given)))
                continue
            by_code: dict[str, list[Given]] = {code: [] for code in self._spoken_of(segment)}
            for one in given:
                by_code.setdefault(one.code_id, []).append(one)
            for code, of_code in by_code.items():
                people = self._nobody
                if segment in self._coded:
                    people = tuple(person.of(code).get(segment, "") for person in self._people)
                self._add(place, segment, code, self._answered(people, tuple(of_code)))

    def add_labels(self, segments: Iterable[SegmentLabels]) -> None:
        """Labels that coders found themselves."""
        for one in segments:
            given = {coder: tuple(map(folded, of)) for (role, coder), of in one.labels.items() if role == "coder"}
            said = [""] * len(self._coders)
            for coder, labels in given.items():
                number = self._number(coder)
                said += [""] * (number + 1 - len(said))
                said[number] = APART.join(sorted(set(labels))) or NOTHING
            settled = (of for (role, _), of in one.labels.items() if role == "moderator")
            final = APART.join(dict.fromkeys(map(folded, chain.from_iterable(settled))))
            answers = self._pooled(Answers(models=tuple(said), final=final))
            self._patterns.setdefault("", Counter())[answers] += 1
            if len({*answers.votes}) > 1:
                told = {label for answer in answers.votes for label in labels_of(answer)}
                self._units.append(
                    Disagreement(
                        one.segment_id,
                        "",
                        one.place,
                        0,
                        answers,
                        0.0,
                        labels=max(len(told), 2),
                        overruled=len(one.overruled),
                    )
                )

    def found(self, run: Run | None, settled: Mapping[Unit, Settled]) -> Disagreements:
        """All that was found, ranked."""
        categories = VALUES if not self._book.exclusive else (*self._order, "unsure")
        own_codes = run is not None and not run.deductive
        agreement = (
            {}
            if own_codes
            else {code: code_agreement(of_code, categories).value for code, of_code in self._patterns.items()}
        )
        found = Disagreements(
            run=run,
            book=self._book,
            people=tuple(person.name for person in self._people),
            coders=tuple(self._coders),
            units=tuple(self._units),
            agreement=agreement,
            settled=settled,
            patterns=self._patterns,
        )
        return with_settlements(found, settled)

    def _add(self, place: int, segment: str, code: str, seen: _Seen) -> None:
        if not seen.given:
            return
        self._patterns.setdefault(code, Counter())[seen.answers] += 1
        if seen.differ:
            order = self._order.get(code, 0)
            self._units.append(Disagreement(segment, code, place, order, seen.answers, seen.entropy))

    def _answered(self, people: tuple[str, ...], given: tuple[Given, ...]) -> _Seen:
        """What a unit comes to; looked at once, however many units were answered so."""
        seen = self._seen.get((people, given))
        if seen is None:
            answers = self._answers(people, given, choice=self._book.exclusive)
            seen = _Seen(answers, bool(answers.votes), answers.differ, entropy(answers.votes))
            self._seen[people, given] = seen
        return seen

    def _answers(self, people: tuple[str, ...], given: Sequence[Given], *, choice: bool) -> Answers:
        said = [""] * len(self._coders)
        again: dict[int, str] = {}
        final = ""
        for one in given:
            value = (one.code_id if one.value == "yes" else one.value) if choice else one.value
            if one.role in ("coder", "repeat"):
                number = self._number(one.coder)
                said += [""] * (number + 1 - len(said))
                if one.role == "repeat":
                    again[number] = value
                else:
                    said[number] = value
            if one.coder == PATTERN or one.role == self._final_role:
                final = value
        changed = tuple(number in again and again[number] != said[number] for number in range(len(said)))
        return self._pooled(Answers(people, tuple(said), final, changed if any(changed) else ()))

    def _pooled(self, answers: Answers) -> Answers:
        """The same answers are held once, however many units were answered so."""
        return self._known.setdefault(answers, answers)

    def _number(self, coder: str) -> int:
        return self._coders.setdefault(coder, len(self._coders))

    def _spoken_of(self, segment: str) -> Iterator[str]:
        """Codes about which people decided there."""
        if segment not in self._coded:
            return
        for code in self._order:
            if any(segment in person.of(code) for person in self._people):
                yield code

    def _choices(self, segment: str) -> tuple[str, ...]:
        """The code that each person chose there."""
        if segment not in self._coded:
            return self._nobody
        return tuple(self._choice(person, segment) for person in self._people)

    def _choice(self, person: CoderValues, segment: str) -> str:
        values = {code: person.of(code).get(segment) for code in self._order}
        chosen = next((code for code, value in values.items() if value == "yes"), "")
        return chosen or ("unsure" if "unsure" in values.values() else "")


def _segments(people: Sequence[CoderValues]) -> list[str]:
    """Segments that people coded, in the order of first mention."""
    return list(
        dict.fromkeys(segment for person in people for values in person.values.values() for segment in values)
    )
