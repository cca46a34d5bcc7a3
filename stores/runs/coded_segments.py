"""Which segments a code was given to, by whom, and which codes a segment was given, in all runs and by people.

A code is given by what a run that finds its own codes settled on, by the yes that stands in the end of a run that
codes given codes, and by a person's yes. Runs that were undone do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.codebook import Codebook
from intercoder.core.coding.deduction import PATTERN, Asked, standing_of
from intercoder.core.decisions import Decision
from intercoder.core.protocols import Run
from intercoder.core.study import Study
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.people.human_codings import exclusive_versions, human_decisions, latest_said
from intercoder.stores.runs.decisions import failed_rounds, read_decision
from intercoder.stores.runs.runs import read_runs

CHUNK = 500
"""Segments that are named in one query."""


class Reader(NamedTuple):
    """Who may have coded something."""

    name: str
    kind: str
    """`person`, `coder`, `moderator` or `pattern`."""


class _Row(NamedTuple):
    """A decision without its words."""

    run: str
    round: int
    segment_id: str
    role: str
    coder: str
    code_id: str | None
    value: str
    codebook_version: int


Said = TypeVar("Said", _Row, Decision)


class CodedSegments:
    """Looks up who gave which code to what, as of the time it was made; books are read once."""

    def __init__(self, connection: Connection, study_id: str) -> None:
        self._study_id = study_id
        self._runs = [run for run in read_runs(connection, study_id) if run.status != "undone"]
        self._exclusive = exclusive_versions(connection, study_id)
        self._settings = {run.id: Study.model_validate_json(run.settings) for run in self._runs}
        self._once = {run.id for run in self._runs if run.round == 1}
        numbers = {run.codebook_version for run in self._runs if run.deductive}
        self._books = {number: read_version(connection, study_id, number) for number in numbers}

    @property
    def runs(self) -> Sequence[Run]:
        """The runs that count, oldest first."""
        return self._runs

    def readers(self, connection: Connection) -> list[Reader]:
        """People by name, then models' coders and moderators by name."""
        table = schema.decisions
        people = sa.select(table.c.coder).where(table.c.study_id == self._study_id, table.c.run == "").distinct()
        found = [Reader(name, "person") for name in sorted(connection.execute(people).scalars())]
        models = {one for run in self._runs for one in self._readers(run)}
        return found + sorted(models - set(found))

    def _readers(self, run: Run) -> Iterator[Reader]:
        settings = self._settings[run.id]
        if not run.deductive:
            yield from (Reader(one.name, "coder") for one in settings.coders)
            yield from (Reader(one.name, "moderator") for one in settings.moderators)
            return
        yield from (Reader(one.name, "coder") for one in settings.deductive.coders)
        if self._moderated(run):
            yield Reader(settings.deductive.moderator.name, "moderator")
        if any(code.kind == "pattern" for code in self._books[run.codebook_version].codes):
            yield Reader(PATTERN, "pattern")

    def with_code(self, connection: Connection, code_ids: Iterable[str], coder: str = "") -> set[str]:
        """Segments that one of some codes was given to.

        Args:
            connection: An open connection.
            code_ids: Any one of these is enough.
            coder: Only where this coder, person or model, gave it; empty for what stands in the end.
        """
        wanted = frozenset(code_ids)
        rows = self._of_codes(connection, wanted)
        found = {row.segment_id for row in self._given(rows, connection, coder, wanted)}
        for run in self._runs:
            if run.round == 1:
                given = connection.execute(self._given_once(run, wanted, coder))
                found.update(row.segment_id for row in given)
        return found

    def given(self, connection: Connection, code_ids: Iterable[str]) -> dict[tuple[str, int], frozenset[str]]:
        """Code and codebook version that it was given under -> segments; version 0 for what a run found itself.

        All of a code together are what `with_code` finds.
        """
        wanted = frozenset(code_ids)
        found: dict[tuple[str, int], set[str]] = {}
        deductive = {run.id for run in self._runs if run.deductive} | {""}
        for row in self._given(self._of_codes(connection, wanted), connection, "", wanted):
            version = row.codebook_version if row.run in deductive else 0
            found.setdefault((row.code_id or "", version), set()).add(row.segment_id)
        for run in self._runs:
            if run.round == 1:
                query = self._given_once(run, wanted, "").add_columns(schema.decisions.c.code_id)
                version = run.codebook_version if run.deductive else 0
                for segment_id, code_id in connection.execute(query):
                    found.setdefault((code_id, version), set()).add(segment_id)
        return {key: frozenset(segments) for key, segments in found.items()}

    def by_coder(self, connection: Connection, coder: str) -> set[str]:
        """Segments that a coder, person or model, read and answered to; of a person where an answer stands."""
        found = self._said_by(connection, coder)
        for run in self._runs:
            if coder in {reader.name for reader in self._readers(run)}:
                found |= self._answered(connection, run, coder)
        return found

    def _said_by(self, connection: Connection, person: str) -> set[str]:
        """Segments about which a person said anything that they did not take away."""
        table = schema.decisions
        own = (table.c.study_id == self._study_id, table.c.run == "", table.c.coder == person)
        taken_away = sa.select(table.c.segment_id).where(*own, table.c.value == "")
        given = sa.select(table.c.segment_id).where(*own, table.c.segment_id.not_in(taken_away))
        looked_at = self._read(connection, "", sa.and_(*own, table.c.segment_id.in_(taken_away)))
        left = {
            segment_id
            for (_, segment_id), stands in latest_said(looked_at, self._exclusive).items()
            if any(row.value for row in stands.values())
        }
        return left | set(connection.execute(given).scalars())

    def standing(self, connection: Connection, segment_id: str) -> list[Decision]:
        """Decisions about a segment that stand: of people by name, then of runs, the latest first."""
        found = human_decisions(connection, self._study_id, segment=segment_id)
        for run in reversed(self._runs):
            failed = self._failed(connection, run.id, segment_id)
            said = self._decisions(connection, run.id, segment_id)
            if run.deductive:
                found += standing_of(self._books[run.codebook_version], said, failed)
            else:
                found += sorted(self._inductive(said, failed), key=lambda one: (one.role, one.coder, one.position))
        return found

    def codes_of(self, connection: Connection, segment_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Segment -> codes that it was given in the end; those without any are left out."""
        found: dict[str, dict[str, None]] = {}
        for start in range(0, len(segment_ids), CHUNK):
            rows = self._of_segments(connection, segment_ids[start : start + CHUNK])
            for row in self._given(rows, connection):
                found.setdefault(row.segment_id, {})[row.code_id or ""] = None
        return {segment_id: tuple(codes) for segment_id, codes in found.items()}

    def _given(
        self,
        rows: Iterable[_Row],
        connection: Connection,
        coder: str = "",
        code_ids: frozenset[str] | None = None,
    ) -> Iterator[_Row]:
        """Of rows, oldest first within each run, those that stand and give a code."""
        failed = cache(lambda run: self._failed(connection, run))
        runs = {run.id: run for run in self._runs}
        for run_id, group in groupby(rows, key=lambda row: row.run):
            if run_id == "":
                standing = self._people(group)
            elif runs[run_id].deductive:
                standing = self._deductive(runs[run_id], group, failed(run_id), any_coder=bool(coder))
            else:
                standing = (one for one in self._inductive(group, failed(run_id)) if one.code_id is not None)
            for row in standing:
                if (not coder or row.coder == coder) and (code_ids is None or row.code_id in code_ids):
                    yield row

    def _people(self, rows: Iterable[_Row]) -> Iterator[_Row]:
        for stands in latest_said(rows, self._exclusive).values():
            yield from (row for row in stands.values() if row.value == "yes")

    @staticmethod
    def _inductive(rows: Iterable[Said], failed: Mapping[Asked, int]) -> Iterator[Said]:
        """Of what was said in a run that finds its own codes, what stands."""
        latest: dict[tuple[str, str, str], list[Said]] = {}
        for row in rows:
            who: tuple[str, str, str] = (row.segment_id, row.role, row.coder)
            said = latest.get(who)
            if said and said[0].round == row.round:
                said.append(row)
            else:
                latest[who] = [row]
        for (segment_id, role, coder), said in latest.items():
            if not failed or failed.get((segment_id, role, coder, ""), 0) <= said[0].round:
                yield from said

    def _deductive(
        self, run: Run, rows: Iterable[_Row], failed: Mapping[Asked, int], *, any_coder: bool
    ) -> Iterator[_Row]:
        book = self._books[run.codebook_version]
        latest = {
            (row.segment_id, row.role, row.coder, "" if book.exclusive else row.code_id or ""): row for row in rows
        }
        known = {code.id for code in book.leaves}
        for question, row in latest.items():
            in_force = row.value == "yes" and row.code_id in known and row.role != "repeat"
            answered = not failed or failed.get(question, 0) <= row.round
            if in_force and answered and (any_coder or self._final(run, row)):
                yield row

    def _final(self, run: Run, row: _Row) -> bool:
        return row.coder == PATTERN or row.role == ("moderator" if self._moderated(run) else "coder")

    def _moderated(self, run: Run) -> bool:
        return len(self._settings[run.id].deductive.coders) > 1

    def _of_segments(self, connection: Connection, segment_ids: Sequence[str]) -> Iterator[_Row]:
        """All decisions about some segments."""
        table = schema.decisions
        for run in ("", *(run.id for run in self._runs)):
            yield from self._read(connection, run, table.c.segment_id.in_(segment_ids))

    def _given_once(self, run: Run, code_ids: frozenset[str], coder: str) -> sa.Select[tuple[str]]:
        """The segments that some codes were given to in a run of one round, where all that was said stands."""
        table = schema.decisions
        query = sa.select(table.c.segment_id).where(
            table.c.study_id == self._study_id, table.c.run == run.id, table.c.code_id.in_(code_ids)
        )
        if coder:
            query = query.where(table.c.coder == coder)
        if not run.deductive:
            return query
        query = query.where(table.c.value == "yes", table.c.role != "repeat")
        final = "moderator" if self._moderated(run) else "coder"
        return query if coder else query.where(sa.or_(table.c.role == final, table.c.coder == PATTERN))

    def _answered(self, connection: Connection, run: Run, coder: str) -> set[str]:
        """What a run has read with a coder, but for questions that it left without an answer."""
        drawn, failures = schema.sample_segments, schema.failures
        stop = run.total if run.round > 1 or run.over else run.position
        read = sa.select(drawn.c.segment_id).where(
            drawn.c.study_id == self._study_id, drawn.c.sample == run.sample, drawn.c.position < stop
        )
        failed = sa.select(failures.c.segment_id).where(
            failures.c.study_id == self._study_id,
            failures.c.run == run.id,
            failures.c.round == run.round,
            failures.c.coder == coder,
            failures.c.code_id == "",
        )
        return set(connection.execute(read).scalars()) - set(connection.execute(failed).scalars())

    def _of_codes(self, connection: Connection, code_ids: frozenset[str]) -> Iterator[_Row]:
        """Decisions of people and of runs of several rounds about some codes, and what may have replaced them."""
        of_codes = schema.decisions.c.code_id.in_(code_ids)
        yield from self._read(connection, "", self._on_same(of_codes, ""))
        for run in self._runs:
            if run.round > 1:
                # What answers one question may name another code in another round.
                alone = run.deductive and not self._books[run.codebook_version].exclusive
                yield from self._read(connection, run.id, of_codes if alone else self._on_same(of_codes, run.id))

    def _on_same(self, of_codes: sa.ColumnElement[bool], run: str) -> sa.ColumnElement[bool]:
        """The segments that some decisions of a run are about."""
        table = schema.decisions
        about = sa.select(table.c.segment_id).where(
            table.c.study_id == self._study_id, table.c.run == run, of_codes
        )
        return table.c.segment_id.in_(about)

    def _failed(self, connection: Connection, run: str, segment_id: str = "") -> Mapping[Asked, int]:
        """Questions of a run that have failed since they were answered; in its first round none can have."""
        if run in self._once:
            return {}
        return failed_rounds(connection, self._study_id, run, [segment_id] if segment_id else None)

    def _decisions(self, connection: Connection, run: str, segment_id: str) -> Iterator[Decision]:
        """All that was said of a segment in a run, oldest first."""
        table = schema.decisions
        query = (
            sa.select(table)
            .where(table.c.study_id == self._study_id, table.c.run == run, table.c.segment_id == segment_id)
            .order_by(table.c.round, table.c.role, table.c.coder, table.c.position, table.c.decision_id)
        )
        yield from map(read_decision, connection.execute(query))

    def _read(self, connection: Connection, run: str, condition: sa.ColumnElement[bool]) -> Iterator[_Row]:
        table = schema.decisions
        # Of a run with one round there is nothing to put in order, and much to read.
        order = () if run in self._once else (table.c.round, table.c.position, table.c.decision_id)
        query = (
            sa.select(*(table.c[name] for name in _Row._fields))
            .where(table.c.study_id == self._study_id, table.c.run == run, condition)
            .order_by(*order)
        )
        yield from map(_Row._make, connection.execute(query))


def known_books(connection: Connection, study_id: str, coded: CodedSegments, latest: Codebook) -> list[Codebook]:
    """The newest codebook, then those of the runs, the latest first."""
    numbers = dict.fromkeys(run.codebook_version for run in reversed(coded.runs))
    return [latest, *(read_version(connection, study_id, number) for number in numbers if number != latest.version)]


def codes_meant(books: Iterable[Codebook], code_id: str) -> set[str]:
    """A code's id, with those of the codes that it was merged from and of those under it in any of the books."""
    meant = {code_id}
    for book in books:
        for code in book.codes:
            if code.id == code_id:
                meant |= set(code.lineage.merged_from)
            if code.parent == code_id:
                meant |= {code.id, *code.lineage.merged_from}
    return meant
