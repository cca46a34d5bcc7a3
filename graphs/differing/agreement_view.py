"""How far coders agree, code by code: people, the model with people, models; tests against guessing; verdicts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.code_names import CodeNames
from intercoder.core.codebooks.codebook_checks import folded
from intercoder.core.coding.deduction import FINAL
from intercoder.core.coding.findings import CoderFindings
from intercoder.core.protocols import Run
from intercoder.evals.calibration import CodeCalibration
from intercoder.evals.development import coder_findings
from intercoder.evals.disagreements import Answers, agreement_of
from intercoder.evals.interval import Estimate, bare
from intercoder.evals.report.deductive.calibration_reading import read_calibration
from intercoder.evals.report.deductive.randomness_tests import Tested, meaning
from intercoder.graphs.differing.disagreements import (
    Disagreements,
    disagreeing_run,
    gather_disagreements,
    labels_of,
    state_of,
)
from intercoder.stores import schema
from intercoder.stores.codebooks.revisions import newest
from intercoder.stores.codebooks.verdicts import StoredVerdict, read_verdicts
from intercoder.stores.database import reading
from intercoder.stores.runs.deductions import coder_values
from intercoder.stores.runs.runs import get_run
from intercoder.stores.study_folder import StudyFolder

YES_NO = ("no", "yes")
UNTESTED = "–"


class Pairs(NamedTuple):
    """Agreement of one kind of coders."""

    ac1: Estimate
    positive: Estimate

    def of(self, statistic: str) -> Estimate:
        """`ac1` or `positive`."""
        return self.positive if statistic == "positive" else self.ac1


class CodeAgreement(NamedTuple):
    """A code with all that is known of how well it is coded. What is undefined is nan."""

    code: Code
    name: str
    n: int
    """Segments about which anybody decided."""
    prevalence: float
    """Share of yes in what stands in the end; of people's answers where no model coded."""
    people: Pairs
    """People with people."""
    model: Pairs
    """What stands in the end with people."""
    models: Pairs
    """Models with models."""
    verdict: str
    """`ready`, `revise`, `not shown`; empty where the code was not calibrated."""
    reason: str
    outdated: bool
    """Whether the code was worded otherwise when it was calibrated."""
    randomness: tuple[tuple[str, str], ...]
    """Coder -> what the tests against guessing say of it."""
    flag: str
    """That in a word: `guessing?`; `unclear` or `consistent` of coders asked again; `differs` from guessing."""
    counts: tuple[tuple[str, int, int, int], ...]
    """Each person and model with yes, no and unsure."""


class AgreementTable(NamedTuple):
    """Agreement on all codes of a run."""

    run_id: str
    """Empty for people alone."""
    calibrated: bool
    people: tuple[str, ...]
    coders: tuple[str, ...]
    rows: tuple[CodeAgreement, ...]
    """In the order of the book; of codes that coders found, most used first."""

    def scale(self, statistic: str) -> tuple[float, float]:
        """Where bars begin and end: from 0 to 1; of `ac1` from -1 where an interval reaches below 0."""
        if statistic == "positive":
            return 0.0, 1.0
        pairs = [pairs for row in self.rows for pairs in (row.people, row.model, row.models)]
        lows = [bound for one in pairs for bound in (one.ac1.low, one.ac1.value) if not math.isnan(bound)]
        return (-1.0, 1.0) if lows and min(lows) < 0 else (0.0, 1.0)


def agreement_run(folder: StudyFolder, name: str = "") -> Run | None:
    """The run that is named, else the latest calibration that has verdicts, else as for disagreements.

    Raises:
        StudyError: There is no such run, or none whose coders could be compared.
    """
    verdicts = [] if name else _final(folder)
    if not verdicts:
        return disagreeing_run(folder, name)
    with reading(folder.engine) as connection:
        runs = [get_run(connection, folder.study.id, run) for run in dict.fromkeys(one.run for one in verdicts)]
    return max(runs, key=lambda run: int(run.id.rsplit("-", 1)[1]))


def agreement_table(folder: StudyFolder, run: Run | None) -> AgreementTable:
    """Agreement code by code.

    Of a calibration, people and the model with people are as it found them, in bootstrap intervals. Else they are
    what the same answers give by the formulas: `unsure` counts as not given, as `intercoder agreement` has it.

    Args:
        folder: The study.
        run: From `agreement_run`.
    """
    found = gather_disagreements(folder, run)
    if found.own_codes:
        return _of_own_codes(folder, found)
    verdicts = {one.code_id: one for one in _final(folder, run.id)} if run else {}
    tests = _tests(folder, run, found.book)
    with reading(folder.engine) as connection:
        now = {code.id: code.revision for code in newest(connection, folder.study.id).codes}
    names = CodeNames(found.book).shown
    rows = []
    for code in found.book.leaves:
        patterns = _about(found, code.id)
        verdict = verdicts.get(code.id)
        row = _row(found, code, names[code.id], patterns, tests.get(code.id, ()))
        if verdict is not None:
            row = _calibrated(row, verdict, read_calibration(verdict.statistics), now.get(code.id))
        rows.append(row)
    return AgreementTable(found.run_id, bool(verdicts), found.people, found.coders, tuple(rows))


def agreement_state(folder: StudyFolder, run: Run | None) -> tuple[object, ...]:
    """Something that is other than before once the table could be. Cheap."""
    table, books = schema.verdicts, schema.codebook_versions
    study = folder.study.id
    verdicts = sa.select(sa.func.count(), sa.func.max(table.c.created_at)).where(table.c.study_id == study)
    book = sa.select(sa.func.max(books.c.version)).where(books.c.study_id == study, books.c.complete)
    with reading(folder.engine) as connection:
        kept = tuple(connection.execute(verdicts).one())
        return (*state_of(folder, run), *kept, connection.execute(book).scalar())


def _final(folder: StudyFolder, run: str = "") -> list[StoredVerdict]:
    """Verdicts on what stands in the end."""
    return [one for one in read_verdicts(folder.engine, folder.study.id, run=run) if one.coder == FINAL]


def _about(found: Disagreements, code_id: str) -> Mapping[Answers, int]:
    """How units were answered about one code; of codes that exclude one another the others are a no."""
    if not found.by_segment:
        return found.patterns.get(code_id, {})

    def about(answer: str) -> str:
        return answer if answer in ("", "unsure") else "yes" if answer == code_id else "no"

    counted: Counter[Answers] = Counter()
    for one, times in found.patterns.get("", {}).items():
        people, models = (tuple(map(about, side)) for side in (one.people, one.models))
        counted[Answers(people, models, about(one.final))] += times
    return counted


def _row(
    found: Disagreements,
    code: Code,
    name: str,
    patterns: Mapping[Answers, int],
    tests: Sequence[CoderFindings],
) -> CodeAgreement:
    exclusive = found.book.exclusive
    return CodeAgreement(
        code=code,
        name=name,
        n=sum(patterns.values()),
        prevalence=_prevalence(patterns),
        people=_pairs(patterns, lambda one: one.people),
        model=_with_person(patterns, len(found.people)),
        models=_pairs(patterns, lambda one: one.models),
        verdict="",
        reason="",
        outdated=False,
        randomness=tuple(
            (one.coder, meaning(Tested(code.id, one, code.kind == "pattern"), exclusive=exclusive)) for one in tests
        ),
        flag=_flag(code, tests),
        counts=(*_counts(found.people, patterns, lambda one: one.people), *_counts_of(tests)),
    )


def _calibrated(
    row: CodeAgreement, verdict: StoredVerdict, found: CodeCalibration, revision: int | None
) -> CodeAgreement:
    return row._replace(
        people=Pairs(found.human_human.ac1, found.human_human.positive),
        model=Pairs(found.human_model.ac1, found.human_model.positive),
        verdict=verdict.verdict,
        reason=found.reason,
        outdated=revision is not None and revision != verdict.code_revision,
    )


def _pairs(patterns: Mapping[Answers, int], side: Callable[[Answers], Sequence[str]]) -> Pairs:
    """Agreement of the people, or of the models."""
    rows = [tuple("no" if answer == "unsure" else answer for answer in side(one)) for one in patterns]
    return _measured(rows, list(patterns.values()))


def _with_person(patterns: Mapping[Answers, int], people: int) -> Pairs:
    """Agreement of what stands in the end with people, where one person coded; a calibration takes several."""
    if people != 1:
        return Pairs(bare(math.nan, 0, "ac1"), bare(math.nan, 0, "positive_agreement"))
    rows = [
        tuple("no" if answer == "unsure" else answer for answer in (*one.people, one.final)) for one in patterns
    ]
    return _measured(rows, list(patterns.values()))


def _measured(rows: Sequence[Sequence[str]], times: Sequence[int]) -> Pairs:
    return Pairs(agreement_of(rows, times, YES_NO), agreement_of(rows, times, YES_NO, "positive"))


def _prevalence(patterns: Mapping[Answers, int]) -> float:
    said: Counter[str] = Counter()
    for one, times in patterns.items():
        for answer in [one.final] if one.final else one.people:
            said[answer] += times
    decided = said["yes"] + said["no"]
    return said["yes"] / decided if decided else math.nan


def _counts(
    names: Sequence[str], patterns: Mapping[Answers, int], side: Callable[[Answers], Sequence[str]]
) -> Iterator[tuple[str, int, int, int]]:
    for place, name in enumerate(names):
        said: Counter[str] = Counter()
        for one, times in patterns.items():
            if place < len(side(one)):
                said[side(one)[place]] += times
        yield name, said["yes"], said["no"], said["unsure"]


def _counts_of(tests: Sequence[CoderFindings]) -> Iterator[tuple[str, int, int, int]]:
    for one in tests:
        yield one.coder, one.yes, one.no, one.unsure


def _tests(folder: StudyFolder, run: Run | None, book: Codebook) -> Mapping[str, tuple[CoderFindings, ...]]:
    if run is None:
        return {}
    with reading(folder.engine) as connection:
        values = coder_values(connection, folder.study.id, run)
    return coder_findings(book, values)


def _flag(code: Code, tests: Sequence[CoderFindings]) -> str:
    """The worst that the tests say of any coder."""
    if code.kind == "pattern":
        return "exact"
    found = [Tested(code.id, one, False) for one in tests]
    if any(one.looks_random or one.found.repeat == "guessing" for one in found):
        return "guessing?"
    repeats = {one.found.repeat for one in found} - {"undefined"}
    if repeats:
        return "unclear" if "unclear" in repeats else "consistent"
    return "differs" if any(math.isfinite(one.found.p) for one in found) else UNTESTED


def _of_own_codes(folder: StudyFolder, found: Disagreements) -> AgreementTable:
    """Agreement of coders that found their own codes: a label counts as the code that carries it or absorbed it."""
    assert found.run is not None
    counts_as = _merged(folder, found.run, found.book)
    coverage: Counter[tuple[bool, ...]] = Counter()
    given: dict[str, Counter[tuple[bool | None, ...]]] = {}
    final: Counter[str] = Counter()
    width = len(found.coders)
    for one, times in found.patterns.get("", {}).items():
        said = [
            {counts_as.get(label, "") for label in labels_of(answer)} if answer else None for answer in one.models
        ]
        said += [None] * (width - len(said))
        coverage[tuple(labels is not None for labels in said)] += times
        for code in {code for labels in said if labels for code in labels} - {""}:
            row = tuple(None if labels is None else code in labels for labels in said)
            given.setdefault(code, Counter())[row] += times
        for code in {counts_as.get(label, "") for label in labels_of(one.final)} - {""}:
            final[code] += times
    total = sum(coverage.values())
    rows = [
        _own(code, coverage, given.get(code.id, Counter()), total, final[code.id]) for code in found.book.leaves
    ]
    rows.sort(key=lambda row: -row.prevalence if total else 0)
    return AgreementTable(found.run_id, False, (), found.coders, tuple(rows))


def _own(
    code: Code,
    coverage: Counter[tuple[bool, ...]],
    given: Counter[tuple[bool | None, ...]],
    total: int,
    final: int,
) -> CodeAgreement:
    words = {True: "yes", False: "no", None: ""}
    rest = Counter(coverage)
    for row, times in given.items():
        rest[tuple(one is not None for one in row)] -= times
    rows = [tuple(words[one] for one in row) for row in given]
    rows += [tuple("no" if read else "" for read in row) for row in rest]
    nothing = Pairs(bare(math.nan, 0, "ac1"), bare(math.nan, 0, "positive_agreement"))
    return CodeAgreement(
        code=code,
        name=code.label,
        n=total,
        prevalence=final / total if total else math.nan,
        people=nothing,
        model=nothing,
        models=_measured(rows, [*given.values(), *rest.values()]),
        verdict="",
        reason="",
        outdated=False,
        randomness=(),
        flag=UNTESTED,
        counts=(),
    )


def _merged(folder: StudyFolder, run: Run, book: Codebook) -> dict[str, str]:
    """Label as it is compared -> id of the code that carries it, or into which it was merged."""
    table = schema.merges
    query = sa.select(table.c.label, table.c.code_id).where(
        table.c.study_id == folder.study.id, table.c.run == run.id
    )
    known = {code.id for code in book.codes}
    with reading(folder.engine) as connection:
        merged = {folded(row.label): row.code_id for row in connection.execute(query) if row.code_id in known}
    return merged | {folded(code.label): code.id for code in book.codes}
