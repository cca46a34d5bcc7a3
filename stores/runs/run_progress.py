"""How runs stand, from the store alone: a line for each, and all there is to tell of the one that is watched."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.codebook import Codebook
from intercoder.core.coding.deduction import Round
from intercoder.core.protocols import Run
from intercoder.core.record import Record
from intercoder.core.study import Study
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.database import reading
from intercoder.stores.lease import Holder, read_holder
from intercoder.stores.runs.answer_counts import RECENT, AnswerCounts, Latest, LatestDecisions, Spent
from intercoder.stores.runs.deductions import read_rounds
from intercoder.stores.runs.run_settings import Setting, settings_that_matter
from intercoder.stores.runs.run_stages import (
    BY_CALLS,
    CODING,
    Stage,
    coding_stages,
    merge_stages,
    review_stages,
    theme_stages,
    waiting_revisions_of,
)
from intercoder.stores.runs.runs import get_run, read_runs
from intercoder.stores.study_folder import StudyFolder

RunState: TypeAlias = Literal["running", "starting", "gone", "stopped", "waiting", "done", "undone"]
"""`gone`: the run's process died without a word. `starting`: a process is beginning it, or going on with it."""
FAILURE_GROUPS = 200
"""Most kinds of failure that are told apart."""


class RunLine(Record):
    """A run in a list."""

    id: str
    graph: str
    state: RunState
    round: int
    done: int
    total: int
    unit: str
    """What is counted: segment, step, theme."""
    failures: int
    changed_at: str

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do."""
        return self.state in ("done", "undone")

    @property
    def at_work(self) -> bool:
        """Whether a living process works on it."""
        return self.state in ("running", "starting")


class Pace(Record):
    """How fast a run goes. Rates are per second.

    `calls` are answers of the last 30 seconds, or since the first of them; `calls_in_all` are all answers over all
    seconds that processes have worked. A segment is finished when all its questions are answered, so `segments`
    are calls over the questions that one segment takes.
    """

    calls: float = 0.0
    segments: float = 0.0
    calls_in_all: float = 0.0
    seconds: float = 0.0
    """That processes have worked on the run, the present one too."""
    left: float | None = None
    """Seconds until the present stage is through, at the present rate; None where nobody can tell.

    Also where all that was foreseen is done and the stage goes on, as it does while a reviser is at its last codes.
    """


class FailureGroup(Record):
    """Failures of the present round that read alike."""

    kind: str
    message: str
    count: int
    coder: str
    """One that it happened to."""
    segment_id: str
    """Where, for instance; of merges and themes what stands in its place."""


class RunView(Record):
    """All there is to tell of one run."""

    run: RunLine
    stages: tuple[Stage, ...]
    pace: Pace
    actors: tuple[Spent, ...]
    recalled: int | None
    """Answers of this round that were there before and were not asked again; None where nobody can tell."""
    codes: int
    """That are asked about in the codebook version it makes or works with: groups are none."""
    waiting: int
    """Revisions that wait for people."""
    failures: tuple[FailureGroup, ...]
    settings: tuple[Setting, ...]
    latest: tuple[Latest, ...]

    @property
    def spent(self) -> Spent:
        """All actors together."""
        total = Spent(role="", name="")
        for actor in self.actors:
            total = total.plus(actor)
        return total


def run_lines(folder: StudyFolder) -> tuple[RunLine, ...]:
    """All runs, newest first."""
    holder = read_holder(folder.engine, folder.study.id)
    with reading(folder.engine) as connection:
        runs = read_runs(connection, folder.study.id)
        changed = _changed(connection, folder.study.id)
    return tuple(_line(run, holder, changed.get(run.id, "")) for run in reversed(runs))


class RunWatch:
    """Looks at one run again and again, and counts only what came since: cheap enough for twice a second.

    The first look at a run of 500,000 answers takes a second or two, so it belongs in a thread.
    """

    def __init__(self, folder: StudyFolder, run_id: str) -> None:
        self.run_id = run_id
        self._engine, self._study_id = folder.engine, folder.study.id
        self._answers = AnswerCounts(self._study_id, run_id)
        self._latest = LatestDecisions(self._study_id, run_id)
        self._began: Study | None = None
        self._round: tuple[int, int] = (0, 0)
        self._questions = 0
        self._looked_at = 0
        self._failures: tuple[tuple[int, int], tuple[FailureGroup, ...]] = ((0, 0), ())

    def look(self, now: str) -> RunView:
        """The run as it stands.

        Args:
            now: Present time, UTC, ISO 8601 to the second.

        Raises:
            StudyError: There is no such run.
        """
        holder = read_holder(self._engine, self._study_id)
        with reading(self._engine) as connection:
            run = get_run(connection, self._study_id, self.run_id)
            line = _line(run, holder, _changed(connection, self._study_id, run.id)[run.id])
            self._answers.update(connection, _before(now, RECENT))
            self._latest.update(connection)
            self._learn(connection, run)
            waiting = waiting_revisions_of(connection, self._study_id, run) if run.graph == "codevelop" else 0
            stages = self._stages(connection, run, waiting)
            return RunView(
                run=line,
                stages=stages,
                pace=self._pace(run, stages, holder if line.at_work else None, now),
                actors=tuple(self._answers.actors[who] for who in sorted(self._answers.actors)),
                recalled=self._recalled(run),
                codes=_asked_about(connection, self._study_id, run.codebook_version),
                waiting=waiting,
                failures=self._failed(connection, run),
                settings=settings_that_matter(connection, self._study_id, run, self._study(run)),
                latest=tuple(self._latest.kept),
            )

    def _study(self, run: Run) -> Study:
        if self._began is None:
            self._began = Study.model_validate_json(run.settings)
        return self._began

    def _learn(self, connection: Connection, run: Run) -> None:
        """How many questions a segment takes, which changes with the round at most."""
        if self._round == (run.round, run.codebook_version):
            return
        self._round = (run.round, run.codebook_version)
        study = self._study(run)
        if run.graph == "inductive":
            self._questions = len(study.coders) + sum(one.kind == "llm" for one in study.moderators)
        elif run.deductive:
            book = read_version(connection, self._study_id, run.codebook_version)
            rounds = read_rounds(connection, self._study_id, run.id)
            read = _read_for(book, rounds[-1]) if rounds else 0
            self._looked_at = read if run.round <= study.development.rounds else 0
            self._questions = _asking(study, run) * (min(read, 1) if book.exclusive else read)

    def _asked(self, run: Run, *roles: str) -> int:
        return sum(self._answers.asked[run.round, role] for role in roles)

    def _stages(self, connection: Connection, run: Run, waiting: int) -> tuple[Stage, ...]:
        if run.graph == "merge":
            return merge_stages(connection, self._study_id, run)
        if run.graph == "themes":
            return theme_stages(connection, self._study_id, run)
        coding = coding_stages(run, self._questions, self._asked(run, *CODING))
        if run.graph != "codevelop":
            return coding
        looked = (self._asked(run, "reviser"), self._looked_at)
        return coding + review_stages(connection, self._study_id, run, looked, waiting)

    def _recalled(self, run: Run) -> int | None:
        study = self._study(run)
        deductive = study.deductive
        settles = len(deductive.coders) > 1 and deductive.moderator.kind == "llm"
        rarely = run.deductive and (settles or any(coder.classifier for coder in deductive.coders))
        if not self._questions or rarely:
            return None
        return max(0, run.position * self._questions - self._asked(run, *CODING))

    def _pace(self, run: Run, stages: tuple[Stage, ...], holder: Holder | None, now: str) -> Pace:
        seconds = run.seconds
        if holder is not None:
            seconds += max(0.0, _epoch(now) - holder.process_started)
        answers = sum(spent.calls for spent in self._answers.actors.values())
        in_all = answers / seconds if seconds >= 1 else 0.0
        if holder is None:
            return Pace(calls_in_all=in_all, seconds=seconds)
        recent = self._answers.recent
        since = max(1.0, _epoch(now) - _epoch(min(recent))) if recent else 1.0
        calls = recent.total() / since
        rate = calls or in_all
        going = next((one for one in stages if one.state == "now" and one.total and one.name in BY_CALLS), None)
        return Pace(
            calls=calls,
            segments=calls / self._questions if self._questions else 0.0,
            calls_in_all=in_all,
            seconds=seconds,
            left=(going.total - going.done) / rate
            if going is not None and going.done < going.total and rate
            else None,
        )

    def _failed(self, connection: Connection, run: Run) -> tuple[FailureGroup, ...]:
        """Groups of failures, read again only where there are more or less of them."""
        known, groups = self._failures
        if known != (run.round, run.failures):
            table = schema.failures
            count = sa.func.count().label("count")
            least = [sa.func.min(table.c[name]).label(name) for name in ("coder", "segment_id")]
            query = (
                sa.select(table.c.kind, table.c.message, count, *least)
                .where(table.c.study_id == self._study_id, table.c.run == run.id, table.c.round == run.round)
                .group_by(table.c.kind, table.c.message)
                .order_by(count.desc(), table.c.kind, table.c.message)
                .limit(FAILURE_GROUPS)
            )
            groups = tuple(FailureGroup.model_validate(dict(row)) for row in connection.execute(query).mappings())
            self._failures = ((run.round, run.failures), groups)
        return groups


def _line(run: Run, holder: Holder | None, changed_at: str) -> RunLine:
    return RunLine(
        id=run.id,
        graph=run.graph,
        state=_state(run, holder),
        round=run.round,
        done=run.position,
        total=run.total,
        unit={"merge": "step", "themes": "theme"}.get(run.graph, "segment"),
        failures=run.failures,
        changed_at=changed_at,
    )


def _state(run: Run, holder: Holder | None) -> RunState:
    if holder is not None and holder.run == run.id:
        return "running"
    if run.status != "running":
        return run.status
    return "starting" if holder is not None and not holder.named else "gone"


def _asking(study: Study, run: Run) -> int:
    """Models that are asked about each question of a deductive run."""
    coders = [coder for coder in study.deductive.coders if coder.asks]
    twice = run.graph == "codevelop" and study.development.repeat
    settles = len(study.deductive.coders) > 1 and study.deductive.moderator.kind == "llm"
    return len(coders) * (1 + twice) + settles


def _read_for(book: Codebook, round_: Round) -> int:
    """Codes of a round that models read for; patterns are exact."""
    wanted = set(round_.codes)
    return sum(code.kind == "model" and code.id in wanted for code in book.leaves)


def _asked_about(connection: Connection, study_id: str, version: int) -> int:
    """Codes of a version that are no other code's parent."""
    entries, codes = schema.codebook_entries, schema.code_revisions
    same = (
        codes.c.study_id == entries.c.study_id,
        codes.c.code_id == entries.c.code_id,
        codes.c.revision == entries.c.revision,
    )
    of_version = (entries.c.study_id == study_id, entries.c.version == version)
    parents = sa.select(codes.c.parent).select_from(entries.join(codes, sa.and_(*same))).where(*of_version)
    query = sa.select(sa.func.count()).select_from(entries).where(*of_version, entries.c.code_id.not_in(parents))
    return int(connection.execute(query).scalar_one())


def _changed(connection: Connection, study_id: str, run_id: str = "") -> Mapping[str, str]:
    """Run -> when it was last written to."""
    table = schema.runs
    query = sa.select(table.c.run, table.c.changed_at).where(table.c.study_id == study_id)
    query = query.where(table.c.run == run_id) if run_id else query
    return {row.run: row.changed_at for row in connection.execute(query)}


def _epoch(time: str) -> float:
    return datetime.datetime.fromisoformat(time).timestamp()


def _before(time: str, seconds: float) -> str:
    earlier = datetime.datetime.fromisoformat(time) - datetime.timedelta(seconds=seconds)
    return earlier.strftime("%Y-%m-%dT%H:%M:%SZ")
