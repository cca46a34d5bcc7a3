"""What deductive runs leave, told at their end: findings and revisions, estimates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from intercoder.cli.figures import SHOWN, UNDEFINED, beneath, estimate, label_of, number
from intercoder.cli.output import print_json, print_table, typed
from intercoder.core.shown import counted, one_line

if TYPE_CHECKING:
    from intercoder.core.codebook import Codebook
    from intercoder.core.coding.findings import CodeFindings, CoderFindings
    from intercoder.core.protocols import Run
    from intercoder.core.revising.recoding import Recoding
    from intercoder.graphs.jobs import JobResult
    from intercoder.stores.study_folder import StudyFolder

NOT_TOLD = "cannot be told"
"""What a test of randomness that does not reject means."""


def print_result(folder: StudyFolder, result: JobResult, *, json: bool) -> None:
    """What a run that codes given codes leaves."""
    from intercoder.cli.measuring.calibration_results import print_calibration

    shown = {"codevelop": print_development, "calibrate": print_calibration, "final": print_final}
    shown[result.run.graph](folder, result.run, json=json)
    if result.run.failures and not json:
        from intercoder.cli.coding.results import print_failures
        from intercoder.stores.overview import run_failures

        print_failures(run_failures(folder, result.run), folder.path)
        anew = f"run codevelop {folder.argument} --new"
        again = anew if result.run.status == "waiting" else f"retry {folder.argument}"
        print(f"Ask them again: intercoder {again}")


def print_development(folder: StudyFolder, run: Run, *, json: bool) -> None:
    """Tests of the present round, what happened to proposals, and what a person does next."""
    from intercoder.graphs.deductive.findings import codes_to_look_at, gather_findings
    from intercoder.stores.codebooks.development import SqlDevelopmentStore
    from intercoder.stores.codebooks.revisions import recorded_revisions
    from intercoder.stores.database import reading
    from intercoder.stores.runs.recodings import run_recodings

    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    book = store.book(run.id)
    findings = gather_findings(store, run.id, codes_to_look_at(book, [code.id for code in book.leaves]), excerpts=0)
    recorded = recorded_revisions(folder.engine, folder.study.id, run=run.id)
    waiting = [one for one in recorded if one.status == "waiting"]
    dropped = [one for one in recorded if one.status == "dropped" and one.revision.round == run.round]
    with reading(folder.engine) as connection:
        recoded = run_recodings(connection, folder.study.id, run)[-1:]
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
                "recoded": [_recoded_as_json(one) for one in recoded],
                "failures": run.failures,
            }
        )
        return
    _print_findings(book, findings)
    for one in recoded:
        _print_recoding(book, one)
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


def print_final(folder: StudyFolder, run: Run, *, json: bool) -> None:
    """How often each code applies, and where the coded data set is."""
    from intercoder.graphs.deductive.estimating import estimates_of
    from intercoder.stores.codebooks.verdicts import read_overrides
    from intercoder.stores.runs.deductions import SqlDeductiveStore

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
    people = any(one.corrected.n for one in found.codes)
    kinds = beneath("as coded", "corrected") if people else "as coded"
    rows = [
        (
            label_of(book, one.code_id),
            one.yes,
            one.no,
            one.unsure,
            kinds,
            beneath(estimate(one.share), estimate(one.corrected)) if people else estimate(one.share),
        )
        for one in found.codes
    ]
    columns = ("code", "yes", "no", "unsure", "", "share")
    print_table(columns, rows[:SHOWN], title="Estimates with 95% intervals", right=columns[1:4])
    if people:
        print("corrected: the share that people would find, from their own codings beside the model's.")
    drawn = f" of {found.population:,}" if found.population and found.population > found.segments else ""
    print(f"{run.id}: {counted(found.segments, 'segment')}{drawn}, codebook version {run.codebook_version}.")
    left = [code.label for code in book.leaves if code.id not in {one.code_id for one in found.codes}]
    if left:
        print(f"Not coded, since not ready: {one_line(', '.join(left), 200)}")
    for one in overrides:
        was = one.verdict or "not calibrated"
        print(f"Coded though {was}: {label_of(book, one.code_id)} ({one_line(one.note)}; {one.by})")
    out = typed(folder.path / "exports" / "coded.csv")
    print(f"Figures and reasons: intercoder report {folder.argument} --run {run.id}")
    print(f"Next: intercoder export {folder.argument} --to csv {out} --run {run.id}")


def _print_recoding(book: Codebook, recoding: Recoding) -> None:
    """How many decisions coding again changed, code by code."""
    if not recoding.again:
        return
    rows = []
    for code in recoding.codes:
        kinds = recoding.changed_of(code)
        turned = (kinds["no", "yes"], kinds["yes", "no"])
        rows.append((label_of(book, code), kinds.total(), *turned, kinds.total() - sum(turned)))
    columns = ("code", "changed", "No to Yes", "Yes to No", "to or from unsure")
    print_table(columns, rows[:SHOWN], title="What coding again changed", right=columns[1:])
    changed = f"{len(recoding.changed):,} of {counted(recoding.again, 'decision')} changed"
    first = f"; {counted(recoding.first, 'question')} answered for the first time" if recoding.first else ""
    lost = f"; {counted(recoding.lost, 'question')} without an answer now" if recoding.lost else ""
    print(f"{changed}{first}{lost}.")


def _recoded_as_json(recoding: Recoding) -> dict[str, object]:
    counts = {"again": recoding.again, "first": recoding.first, "lost": recoding.lost}
    by_code = {code: recoding.changed_of(code).total() for code in recoding.codes}
    return {"round": recoding.number, **counts, "changed": len(recoding.changed), "changed_by_code": by_code}


def _print_findings(book: Codebook, findings: dict[str, CodeFindings]) -> None:
    from intercoder.evals.development_words import classified_again

    several = len({coder.coder for one in findings.values() for coder in one.coders}) > 1
    rows = [
        (
            label_of(book, code),
            *((coder.coder,) if several else ()),
            coder.yes,
            coder.no,
            coder.unsure,
            number(coder.p_holm),
            told_apart(coder),
            number(coder.kappa),
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
        right = ("yes", "no", "unsure", "p", "kappa")
        print_table(columns, rows[:SHOWN], title="Can it be told from guessing?", right=right)
        if any(NOT_TOLD in row for row in rows):
            print(f"{NOT_TOLD}: from guessing, so look at the reasons; an even share of Yes looks the same.")
        print("p: Holm-adjusted. again: whether the coder repeats itself when asked in another way.")
    if again := _by_classifier(book, findings):
        print(f"kappa, again: {classified_again(again)}, since it says the same each time.")


def _by_classifier(book: Codebook, findings: dict[str, CodeFindings]) -> int:
    """Decisions that classifiers made again; in an exclusive book each says something of every code."""
    decided: dict[str, list[int]] = {}
    for one in findings.values():
        for coder in one.coders:
            decided.setdefault(coder.coder, []).append(coder.by_classifier)
    return sum(max(counts) if book.exclusive else sum(counts) for counts in decided.values())


def told_apart(coder: CoderFindings) -> str:
    """What a test of randomness means, in words. A test that does not reject never says that a coder guesses."""
    if math.isnan(coder.p_holm):
        return UNDEFINED
    return "can be told" if coder.not_guessing else NOT_TOLD


def _plain(text: str) -> object:
    import json

    return json.loads(text)
