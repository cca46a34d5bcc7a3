"""Answers and decisions of a run counted as they come in: all of them once, from then on only what is new.

What is new is told by SQLite's row numbers, which grow with every row and cost nothing to look up.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.record import Record
from intercoder.stores import schema

RECENT = 30
"""Seconds over which the present rate is taken."""
LATEST = 50
"""Decisions that are kept to be shown."""
BEGINNING = 160
"""Characters of a segment that are shown beside a decision."""
_LOOKED_THROUGH = 40_000
"""Newest rows among which the answers of the last seconds are looked for at first."""


class Spent(Record):
    """What one actor has asked so far."""

    role: str
    name: str
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0

    def plus(self, other: Spent) -> Spent:
        """Both together, under this one's name."""
        return Spent(
            role=self.role,
            name=self.name,
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost=self.cost + other.cost,
        )


class Latest(Record):
    """A decision as it came in."""

    decision_id: str
    segment_id: str
    text: str
    """How the segment begins."""
    role: str
    coder: str
    label: str | None
    """None where there was nothing to code."""
    value: str
    """Of codes that were given: yes, no or unsure."""
    founded: bool
    """Whether it founded a new code."""
    created_at: str


class AnswerCounts:
    """Counts the answers of one run.

    Attributes:
        actors: (role, coder) -> what it asked, in all rounds.
        asked: (round, role) -> answers.
        recent: Time, to the second -> answers, of at least the last `RECENT` seconds.
    """

    def __init__(self, study_id: str, run_id: str) -> None:
        self.actors: dict[tuple[str, str], Spent] = {}
        self.asked: Counter[tuple[int, str]] = Counter()
        self.recent: Counter[str] = Counter()
        self._study_id, self._run_id = study_id, run_id
        self._seen = -1

    def _forget(self) -> None:
        self.actors.clear()
        self.asked.clear()
        self.recent.clear()
        self._seen = -1

    def update(self, connection: Connection, since: str) -> None:
        """Count what is new. `since` is the time of `RECENT` seconds ago; older times are forgotten."""
        table = schema.answers
        newest = _newest(connection, table)
        if newest < self._seen:  # the file was packed: its rows have new numbers
            self._forget()
        if self._seen < 0:
            own = (table.c.study_id == self._study_id, table.c.run == self._run_id, _number(table) <= newest)
            self._add(connection, own, times=False)
            self._add_recent(connection, newest, since)
        elif newest > self._seen:
            self._add(connection, self._between(self._seen, newest), times=True)
        self._seen = newest
        for time in [time for time in self.recent if time < since]:
            del self.recent[time]

    def _between(self, after: int, upto: int) -> tuple[Any, ...]:
        """Rows of the run by their numbers alone: an index would have to be read from its beginning."""
        number = _number(schema.answers)
        own = sa.literal_column("+answers.run") == self._run_id
        return number > after, number <= upto, own, sa.literal_column("+answers.study_id") == self._study_id

    def _add(self, connection: Connection, where: Sequence[Any], *, times: bool) -> None:
        table = schema.answers
        by = [table.c.role, table.c.coder, table.c.round, *([table.c.created_at] if times else [])]
        sums = [sa.func.sum(table.c[name]).label(name) for name in ("input_tokens", "output_tokens", "cost")]
        query = sa.select(*by, sa.func.count().label("calls"), *sums).where(*where).group_by(*by)
        for row in connection.execute(query).mappings():
            spent = Spent(
                role=row["role"],
                name=row["coder"],
                calls=row["calls"],
                input_tokens=row["input_tokens"],
                output_tokens=row["output_tokens"],
                cost=row["cost"],
            )
            who = (spent.role, spent.name)
            self.actors[who] = self.actors[who].plus(spent) if who in self.actors else spent
            self.asked[row["round"], spent.role] += spent.calls
            if times:
                self.recent[row["created_at"]] += spent.calls

    def _add_recent(self, connection: Connection, newest: int, since: str) -> None:
        table = schema.answers
        query = (
            sa.select(table.c.created_at, sa.func.count().label("calls"))
            .where(*self._between(newest - _LOOKED_THROUGH, newest), table.c.created_at >= since)
            .group_by(table.c.created_at)
        )
        self.recent.update({row.created_at: row.calls for row in connection.execute(query)})


class LatestDecisions:
    """Keeps the newest decisions of one run, oldest first."""

    def __init__(self, study_id: str, run_id: str) -> None:
        self.kept: deque[Latest] = deque(maxlen=LATEST)
        self._study_id, self._run_id = study_id, run_id
        self._seen = -1

    def update(self, connection: Connection) -> None:
        """Read what is new."""
        newest = _newest(connection, schema.decisions)
        if newest < self._seen:
            self._seen = -1
            self.kept.clear()
        if newest == self._seen:
            return
        after = self._seen if self._seen >= 0 else newest - _LOOKED_THROUGH
        found = list(connection.execute(self._between(after, newest)).scalars())
        if self._seen < 0 and len(found) < LATEST:
            found = list(connection.execute(self._last(newest)).scalars())
        self.kept.extend(_read(connection, self._study_id, sorted(found)))
        self._seen = newest

    def _last(self, newest: int) -> sa.Select[Any]:
        """Numbers of a run's last rows that lie far back, from an index that holds them: no row is read."""
        table = schema.decisions
        return (
            sa.select(_number(table))
            .select_from(table)
            .where(table.c.study_id == self._study_id, table.c.run == self._run_id, _number(table) <= newest)
            .with_hint(table, "INDEXED BY ix_decisions_segment", "sqlite")
            .order_by(_number(table).desc())
            .limit(LATEST)
        )

    def _between(self, after: int, upto: int) -> sa.Select[Any]:
        table = schema.decisions
        own = sa.literal_column("+decisions.run") == self._run_id
        study = sa.literal_column("+decisions.study_id") == self._study_id
        number = _number(table)
        return (
            sa.select(number)
            .select_from(table)
            .where(number > after, number <= upto, own, study)
            .order_by(number.desc())
            .limit(LATEST)
        )


def _read(connection: Connection, study_id: str, numbers: Sequence[int]) -> list[Latest]:
    table, segments, documents = schema.decisions, schema.segments, schema.documents
    length = sa.func.min(segments.c.end - segments.c.start, BEGINNING)
    query = (
        sa.select(
            *(table.c[name] for name in Latest.model_fields if name not in ("text", "founded")),
            table.c.code_id,
            table.c.similarity,
            sa.func.substr(documents.c.text, segments.c.start + 1, length).label("text"),
        )
        .select_from(
            table.join(
                segments,
                sa.and_(segments.c.study_id == table.c.study_id, segments.c.segment_id == table.c.segment_id),
            ).join(
                documents,
                sa.and_(
                    documents.c.study_id == segments.c.study_id, documents.c.document_id == segments.c.document_id
                ),
            )
        )
        .where(_number(table).in_(numbers), table.c.study_id == study_id)
        .order_by(_number(table))
    )
    found = []
    for row in connection.execute(query).mappings():
        named = {name: row[name] for name in Latest.model_fields if name != "founded"}
        founding = row["code_id"] is not None and not row["value"] and row["similarity"] is None
        found.append(Latest(**named, founded=founding))
    return found


def _newest(connection: Connection, table: sa.Table) -> int:
    """Number of the table's newest row; 0 where it has none."""
    number = connection.execute(sa.select(sa.func.max(_number(table))).select_from(table)).scalar()
    return int(number or 0)


def _number(table: sa.Table) -> sa.ColumnClause[int]:
    return sa.literal_column(f"{table.name}.rowid", sa.Integer)
