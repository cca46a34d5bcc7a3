"""What deductive runs leave, told at their end: findings and revisions, verdicts, estimates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from intercoder.cli.output import counted, one_line, print_json, print_table, typed

if TYPE_CHECKING:
    from intercoder.core.codebook import Codebook
    from intercoder.core.findings import CodeFindings, CoderFindings
    from intercoder.core.protocols import Run
    from intercoder.evals.calibration import CodeCalibration
    from intercoder.evals.interval import Estimate
    from intercoder.graphs.jobs import JobResult
    from intercoder.stores.study_folder import StudyFolder

SHOWN = 40
"""Codes of a table; the report has all."""
UNDEFINED = "undefined"


def print_result(folder: StudyFolder, result: JobResult, *, json: bool) -> None:
    """What a run that codes given codes leaves."""
    shown = {"codevelop": print_development, "calibrate": print_calibration, "final": print_final}
    shown[result.run.graph](folder, result.run, json=json)
    if result.run.failures and not json:
        from intercoder.cli.results import print_failures
        from intercoder.stores.overview import run_failures

        print_failures(run_failures(folder, result.run), folder.path)
        if result.run.graph != "codevelop":
            print(f"Ask them again: intercoder retry {folder.argument}")


def print_development(folder: StudyFolder, run: Run, *, json: bool) -> None:
    """Tests of the present round, what happened to proposals, and what a person does next."""
    from intercoder.graphs.findings import codes_to_look_at, gather_findings
    from intercoder.stores.development import SqlDevelopmentStore
    from intercoder.stores.revisions import recorded_revisions

    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    book = store.book(run.id)
    findings = gather_findings(store, run.id, codes_to_look_at(book, [code.id for code in book.leaves]), excerpts=0)
    recorded = recorded_revisions(folder.engine, folder.study.id, run=run.id)
    waiting = [one for one in recorded if one.status == "waiting"]
    dropped = [one for one in recorded if one.status == "dropped" and one.revision.round == run.round]
    if json:
        print_json(
            {
                "kind": "waiting" if waiting else "done",
                "run": run.id,
                "round": run.round,
                "codebook_version": run.codebook_version,
                "segments": run.total,
                "waiting": [one.number for one in waiting],
                "dropped": len(dropped),
                "failures": run.failures,
            }
        )
        return
    _print_findings(book, findings)
    where = f"{run.id}, round {run.round}"
    print(f"{where}: {counted(run.total, 'segment')} coded with codebook version {run.codebook_version}.")
    if dropped:
        print(
            f"{counted(len(dropped), 'proposal')} of the reviser dropped: `intercoder revisions "
            f"{folder.argument} --all` says why."
        )
    if waiting:
        numbers = ", ".join(str(one.number) for one in waiting)
        print(f"Waiting for you: {counted(len(waiting), 'revision')} (number {one_line(numbers, 60)}).")
        print(f"Look at them: intercoder revisions {folder.argument}")
        first = waiting[0].number
        print(f"Answer each:  intercoder revisions {folder.argument} approve {first}   (or reject, edit)")
        print(f"Then go on:   intercoder run codevelop {folder.argument}")
    else:
        print("Nothing more is proposed.")
        print(f"Next: intercoder sample {folder.argument} calibration -n 100 --coder YOUR-NAME")


def print_calibration(folder: StudyFolder, run: Run, *, json: bool) -> None:
    """Human-human next to human-model agreement, and the verdict on each code."""
    from intercoder.graphs.deductive_jobs import as_json, judge
    from intercoder.stores.deductions import SqlDeductiveStore

    if not run.over:
        return
    found = judge(folder, run)
    book = SqlDeductiveStore(folder.engine, folder.study.id).book(run.id)
    if json:
        print_json({"kind": "done", "run": run.id, "coders": as_json(found), "failures": run.failures})
        return
    for coder, codes in found.items():
        rows = [_calibration_row(book, code, one) for code, one in codes.items()]
        columns = ("code", "verdict", "people: AC1", "positive", "model: AC1", "positive", "positives")
        title = "What stands in the end" if coder == "final" else f"Coder {coder}"
        print_table(columns, rows[:SHOWN], title=title, right=columns[-1:])
    stands = found.get("final", {})
    for code, one in stands.items():
        print(f"{one_line(_label(book, code), 40)}: {one.verdict}. {one.reason}")
    ready = sum(one.verdict == "ready" for one in stands.values())
    people = next(iter(stands.values())).people if stands else ()
    print(f"{run.id}: {ready} of {counted(len(stands), 'code')} ready, by {_people(len(people))}.")
    missing = [code.label for code in book.leaves if code.id not in stands and code.kind == "model"]
    if missing:
        print(f"Nobody coded: {one_line(', '.join(missing), 200)}")
    print(f"Figures and reasons: intercoder report {folder.argument} --run {run.id}")
    if ready:
        print(f"Next: intercoder run final {folder.argument} --all")
    else:
        print("No code is ready yet. Revise the codebook (`intercoder codebook edit`), have more segments coded,")
        print(f"or code one all the same: intercoder run final {folder.argument} --all --override CODE --note WHY")


def print_final(folder: StudyFolder, run: Run, *, json: bool) -> None:
    """How often each code applies, and where the coded data set is."""
    from intercoder.graphs.estimating import estimates_of
    from intercoder.stores.deductions import SqlDeductiveStore
    from intercoder.stores.verdicts import read_overrides

    found = estimates_of(folder, run)
    book = SqlDeductiveStore(folder.engine, folder.study.id).book(run.id)
    overrides = read_overrides(folder.engine, folder.study.id, run.id)
    if json:
        print_json(
            {
                "kind": "done",
                "run": run.id,
                "codebook_version": run.codebook_version,
                "failures": run.failures,
                "estimates": _plain(found.model_dump_json()),
                "overrides": [one.model_dump() for one in overrides],
            }
        )
        return
    rows = [
        (_label(book, one.code_id), one.yes, one.no, one.unsure, _interval(one.share), _interval(one.corrected))
        for one in found.codes
    ]
    columns = ("code", "yes", "no", "unsure", "share", "corrected by people")
    print_table(columns, rows[:SHOWN], title="Estimates with 95% intervals", right=columns[1:4])
    drawn = f" of {found.population:,}" if found.population and found.population > found.segments else ""
    print(f"{run.id}: {counted(found.segments, 'segment')}{drawn}, codebook version {run.codebook_version}.")
    for one in overrides:
        was = one.verdict or "not calibrated"
        print(f"Coded though {was}: {_label(book, one.code_id)} ({one_line(one.note)}; {one.by})")
    out = typed(folder.path / "exports" / "coded.csv")
    print(f"Figures and reasons: intercoder report {folder.argument} --run {run.id}")
    print(f"Next: intercoder export {folder.argument} --to csv {out} --run {run.id}")


def _print_findings(book: Codebook, findings: dict[str, CodeFindings]) -> None:
    several = len({coder.coder for one in findings.values() for coder in one.coders}) > 1
    rows = [
        (
            _label(book, code),
            *((coder.coder,) if several else ()),
            coder.yes,
            coder.no,
            coder.unsure,
            _number(coder.p_holm),
            told_apart(coder),
            _number(coder.kappa),
            coder.repeat,
        )
        for code, one in findings.items()
        for coder in one.coders
    ]
    columns = (
        "code",
        *(("coder",) if several else ()),
        "yes",
        "no",
        "unsure",
        "p",
        "from guessing",
        "kappa",
        "again",
    )
    if rows:
        print_table(
            columns,
            rows[:SHOWN],
            title="Can it be told from guessing?",
            right=("yes", "no", "unsure", "p", "kappa"),
        )
        print("p: Holm-adjusted. again: whether the coder repeats itself when asked in another way.")


def told_apart(coder: CoderFindings) -> str:
    """What a test of randomness means, in words. A test that does not reject never says that a coder guesses."""
    if math.isnan(coder.p_holm):
        return UNDEFINED
    return "can be told" if coder.p_holm < 0.05 else "cannot be told: look at reasons"


def _calibration_row(book: Codebook, code: str, one: CodeCalibration) -> tuple[object, ...]:
    return (
        _label(book, code),
        one.verdict,
        _interval(one.human_human.ac1),
        _interval(one.human_human.positive),
        _interval(one.human_model.ac1),
        _interval(one.human_model.positive),
        one.positives,
    )


def _interval(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return UNDEFINED
    return f"{estimate.value:.2f} [{_number(estimate.low)}, {_number(estimate.high)}]"


def _number(value: float) -> str:
    return UNDEFINED if math.isnan(value) else f"{value:.2f}"


def _label(book: Codebook, code_id: str) -> str:
    code = book.code(code_id)
    return one_line(code.label, 40) if code else code_id


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"


def _plain(text: str) -> object:
    import json

    return json.loads(text)
