"""What a calibration found, and what one would find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intercoder.cli.figures import LABEL, SHOWN, UNDEFINED, beneath, estimate, label_of
from intercoder.cli.output import print_json, print_table
from intercoder.core.coding.deduction import FINAL
from intercoder.core.shown import counted, one_line

if TYPE_CHECKING:
    from intercoder.core.codebook import Codebook
    from intercoder.core.protocols import Run
    from intercoder.evals.calibration import CodeCalibration
    from intercoder.evals.calibration_plan import CalibrationPlan
    from intercoder.stores.study_folder import StudyFolder


def print_calibration(folder: StudyFolder, run: Run, *, json: bool) -> None:
    """Human-human next to human-model agreement, and the verdict on each code."""
    from intercoder.graphs.deductive.deductive_jobs import as_json, judge, left_out
    from intercoder.stores.runs.deductions import SqlDeductiveStore

    if not run.over:
        return
    found = judge(folder, run)
    book = SqlDeductiveStore(folder.engine, folder.study.id).book(run.id)
    if json:
        numbers = {"left_out": left_out(folder, run), "failures": run.failures}
        print_json({"kind": "done", "run": run.id, "coders": as_json(found), **numbers})
        return
    for coder, codes in found.items():
        rows = [_row(book, code, one) for code, one in codes.items()]
        title = "What stands in the end" if coder == FINAL else f"Coder {one_line(coder, LABEL)}"
        print_table(("code", "agreement of", "AC1", "positive agreement"), rows[:SHOWN], title=title)
    stands = found.get(FINAL, {})
    for code, one in stands.items():
        print(f"{label_of(book, code)}: {one.verdict}. {one.reason}")
    ready = sum(one.verdict == "ready" for one in stands.values())
    _print_people(stands, run.total)
    if unseen := left_out(folder, run):
        told = "segment is" if unseen == 1 else "segments are"
        print(f"{unseen:,} {told} left out, since a classifier or an adapter learnt from them.")
    print(f"{run.id}: {ready} of {counted(len(stands), 'code')} ready.")
    missing = [code.label for code in book.leaves if code.id not in stands and code.kind == "model"]
    if missing:
        print(f"Nobody coded, as the codebook has them now: {one_line(', '.join(missing), 200)}")
    print(f"Figures and reasons: intercoder report {folder.argument} --run {run.id}")
    if ready:
        print(f"Next: intercoder run final {folder.argument} --all")
    else:
        print("No code is ready yet. Revise the codebook (`intercoder codebook edit`), have more segments coded,")
        print(f"or code one all the same: intercoder run final {folder.argument} --all --override CODE --note WHY")


def print_planned(book: Codebook, planned: CalibrationPlan) -> None:
    """What samples of several sizes would show, a table a code; what was assumed."""
    for code in dict.fromkeys(row.code for row in planned.rows):
        of_code = [row for row in planned.rows if row.code == code]
        rows = [
            (
                row.size,
                f"{row.positives:.0f}",
                _half(row.ac1_width),
                _half(row.positive_width),
                f"{row.ready:.0%}",
                f"{row.revise:.0%}",
                f"{row.not_shown:.0%}",
            )
            for row in of_code
        ]
        columns = ("segments", "positives", "AC1 +-", "positive +-", "ready", "revise", "not shown")
        title = f"{label_of(book, code)}: given to {of_code[0].prevalence:.0%} of segments"
        print_table(columns, rows, title=title, right=columns)
    print(
        "+-: half the width of the 95% interval of the model's agreement with people. "
        "ready, revise, not shown: chance of each verdict."
    )
    print(
        f"Assumed: {planned.people} coding, kappa {planned.people_agreement:.2f} among people and "
        f"{planned.model_agreement:.2f} between model and people, margin {planned.margin:.2f}; shares as the "
        "model's answers so far, or 20%."
    )


def _row(book: Codebook, code: str, one: CodeCalibration) -> tuple[str, str, str, str]:
    """A code with its verdict, and beneath one another people with people and the model with people."""
    kinds = [("people", one.human_human)] if one.human_human.pairs else []
    kinds.append(("model", one.human_model))
    return (
        beneath(label_of(book, code), f"{one.verdict}, {counted(one.positives, 'positive')}"),
        beneath(*(name for name, _ in kinds)),
        beneath(*(estimate(kind.ac1) for _, kind in kinds)),
        beneath(*(estimate(kind.positive) for _, kind in kinds)),
    )


def _print_people(stands: dict[str, CodeCalibration], segments: int) -> None:
    """How much of the sample each person coded: of the code that they coded most."""
    coded: dict[str, int] = {}
    for one in stands.values():
        for person in one.people:
            answers = person.yes + person.no + person.unsure
            coded[person.coder] = max(answers, coded.get(person.coder, 0))
    for name, answers in coded.items():
        rest = "" if answers == segments else "; the rest is blank"
        print(f"{one_line(name, LABEL)} coded {answers} of {counted(segments, 'segment')}{rest}.")


def _half(width: float) -> str:
    return UNDEFINED if width != width else f"{width / 2:.2f}"
