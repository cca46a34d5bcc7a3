"""The report of deductive runs: every number leads to decisions, and nothing said in a study becomes markup."""

import html
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.core.decisions import Decision, Role, Value
from intercoder.core.protocols import Run
from intercoder.core.revisions import Revision, RevisionAnswer, revised
from intercoder.evals.report.deductive.deductive_contents import DeductiveContents, numbers
from intercoder.evals.report.deductive.deductive_page import deductive_html
from intercoder.evals.report.deductive.deductive_reading import gather_deductive
from intercoder.evals.report.deductive.deductive_summary import deductive_summary
from intercoder.graphs.deductive.deductive_jobs import judge
from intercoder.graphs.deductive.estimating import estimates_of
from intercoder.graphs.deductive.findings import gather_findings
from intercoder.stores.codebooks.revisions import record_answer
from intercoder.stores.codebooks.verdicts import Override, write_overrides
from intercoder.stores.corpus.named_samples import keep_sample
from intercoder.stores.corpus.samples import Scope, draw_scope
from intercoder.stores.database import writing
from intercoder.stores.study_folder import StudyFolder
from tests.evals.report.conftest import visible
from tests.evals.report.deductive_studies import (
    begin,
    by_hand,
    code,
    ids_of,
    make_study,
    store_of,
    write_book,
)

NASTY = (
    "</script><script>alert(1)</script>",
    "<b>bold</b> <a href='https://example.org'>link</a>",
    "<img src=x onerror=alert(1)> <!-- \u2028 %{x} &lt;i&gt; {{ 7 * 7 }} `rm`",
)
CODES = (
    Code(id="c_mend", label="mending", definition="Something was mended.", include=("sewing",)),
    Code(id="c_save", label="saving", definition="Money is named.", examples=(CodeExample(text="it is cheaper"),)),
)
TEXTS = [f"I mended thing number {place} as it is cheaper." for place in range(20)]
HALF: list[Value] = ["yes", "no"] * 10
RARE: list[Value] = ["yes", *["no"] * 19]  # type: ignore[list-item]


def read(folder: StudyFolder, run_id: str, **options: Any) -> DeductiveContents:
    store = store_of(folder)
    run = store.run(run_id)
    codes = [one.id for one in store.book(run_id).leaves]
    if run.graph == "final":
        options["estimates"] = estimates_of(folder, run)
    return gather_deductive(folder, run, gather_findings(store, run_id, codes), **options)


def page_of(folder: StudyFolder, run_id: str, **options: Any) -> str:
    return deductive_html(read(folder, run_id, **options))


def words(page: str) -> str:
    return " ".join(visible(page).split())


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    loaded: dict[str, Any] = json.loads(found[1])
    return loaded


def rows_of(page: str, section: str) -> list[list[str]]:
    """Cells of the first table in a section, as text."""
    part = page[page.index(f'<section id="{section}">') :]
    body = part[part.index("<tbody>") : part.index("</tbody>")]
    return [
        [html.unescape(re.sub("<[^>]*>", "", cell)).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]


@pytest.fixture
def developed(tmp_path: Path) -> tuple[StudyFolder, Run, list[Decision]]:
    """One coder, asked again, in two rounds: `mending` got another definition, `saving` stayed."""
    folder = make_study(tmp_path / "study", TEXTS, "reader")
    book = write_book(folder, CODES)
    run = begin(folder, "codevelop", book)
    said: dict[tuple[Role, str], dict[str, list[Value]]] = {
        ("coder", "reader"): {"c_mend": HALF, "c_save": RARE},
        ("repeat", "reader"): {"c_mend": HALF, "c_save": RARE},
    }
    decisions = code(folder, run.id, said)
    return folder, run, decisions


def propose(folder: StudyFolder, run: Run, decisions: list[Decision]) -> None:
    """Four proposals: approved, rejected, waiting, dropped."""
    own = {
        "run": run.id,
        "round": 1,
        "base_version": 1,
        "author": "reviser",
        "rationale": "Plans are counted.",
        "evidence": (decisions[0].id, "x_unknown"),
    }
    proposals = [
        revised("definition", CODES[0], definition="Something was mended for good."),
        revised("include", CODES[0], include=("sewing", "glueing")),
        revised("exclude", CODES[1], exclude=("gifts",)),
        revised("rename", CODES[1], label="saving"),
    ]
    named: list[Revision] = [
        one.model_copy(update={**own, "id": f"r{place}"}) for place, one in enumerate(proposals)
    ]
    store_of(folder).write_revisions(run.id, named, {"r3": "it changes nothing."})
    for place, answer in ((0, "approve"), (1, "reject")):
        given = RevisionAnswer(revision_id=f"r{place}", answer=answer, note=f"note {place}", by="ana")
        record_answer(folder.engine, folder.study.id, given)


def test_the_randomness_table_says_what_tests_mean_and_never_that_a_coder_fails(
    developed: tuple[StudyFolder, Run, list[Decision]],
) -> None:
    folder, run, _ = developed
    page = page_of(folder, run.id)
    mending, saving = rows_of(page, "randomness")
    assert mending[:2] == ["mending", "reader"]
    assert mending[2].startswith("cannot be told from guessing, look at the reasons")
    assert "says the same when asked again" in mending[2]
    assert mending[3:5] == ["20", "10"]
    assert mending[6].startswith("0.50 (0.3")
    assert saving[2] == "differs from tossing a coin; too few Yes or No to tell whether it repeats itself"
    assert "fails" not in words(page)
    assert "undefined" in saving[-1] or saving[-1].startswith("1.00")


def test_every_revision_is_told_with_its_answer_and_what_recoding_changed(
    developed: tuple[StudyFolder, Run, list[Decision]],
) -> None:
    folder, run, decisions = developed
    propose(folder, run, decisions)
    store = store_of(folder)
    assert store.apply_round(run.id)
    assert store.round(run.id).codes == ("c_mend",)
    again: list[Value] = ["no", *HALF[1:]]
    code(folder, run.id, {("coder", "reader"): {"c_mend": again}, ("repeat", "reader"): {"c_mend": HALF}})
    page = page_of(folder, run.id)
    told = words(page[page.index('<section id="revisions">') :])
    assert "Approved by ana on" in told
    assert "Rejected by ana on" in told
    assert "note 1" in told
    assert "1: it changes nothing." in told
    assert "definition changed" in told
    assert "<ins>" in page
    assert "Round 2 coded mending again: 1 decision of 20 changed (5%)." in told
    assert "1 revision waits for a person's answer" in words(page)
    changed = page[page.index("Which decisions changed") :]
    numbers = [
        int(number) for number in re.findall(r'href="#decision-(\d+)"', changed[: changed.index("</table>")])
    ]
    rows = data_of(page)["decisions"]["rows"]
    assert [rows[number][3] for number in numbers] == ["yes", "no"]
    assert [rows[number][-1] for number in numbers] == [0, 1]


def test_evidence_leads_to_decisions_that_the_page_holds(
    developed: tuple[StudyFolder, Run, list[Decision]],
) -> None:
    folder, run, decisions = developed
    propose(folder, run, decisions)
    contents = read(folder, run.id, most=10)
    assert contents.kept.total == 80
    assert contents.kept.most
    page = deductive_html(contents)
    held = data_of(page)["decisions"]["rows"]
    linked = {int(number) for number in re.findall(r'href="#decision-(\d+)"', page)}
    assert linked
    assert max(linked) < len(held) < 80
    assert decisions[0].id in {one.id for one in contents.kept.decisions}


@pytest.fixture
def calibrated(tmp_path: Path) -> tuple[StudyFolder, Run, Codebook]:
    """Two people and a model that differs from them on two segments."""
    folder = make_study(tmp_path / "study", TEXTS, "reader")
    book = write_book(folder, CODES)
    scope = Scope(sample=16, seed=1)
    keep_sample(
        folder.engine, folder.study.id, "calibration", scope, draw_scope(folder.engine, folder.study.id, scope)
    )
    run = begin(folder, "calibrate", book, "calibration")
    said: list[Value] = [*HALF[:14], "no", "yes"]
    code(folder, run.id, {("coder", "reader"): {"c_mend": said, "c_save": ["no"] * 16}})
    people = {"c_mend": HALF[:16], "c_save": RARE[:16]}
    by_hand(folder, book, ids_of(folder, run), {"ana": people, "ben": people})
    judge(folder, run)
    store_of(folder).finish(run.id)
    return folder, run, book


def test_calibration_shows_people_beside_the_model_with_the_verdict_and_its_reason(
    calibrated: tuple[StudyFolder, Run, Codebook],
) -> None:
    folder, run, _ = calibrated
    page = page_of(folder, run.id)
    part = page[page.index('<section id="calibration">') :]
    told = words(part)
    assert "2 people (ana and ben) coded 16 segments of the sample calibration (16 segments) blind" in told
    among = [row[1] for row in rows_of(page, "calibration")]
    assert among == ["people with people", "the model with people"] * 2
    assert "positive segments, 10 are needed" in told
    assert "enriched" not in told
    assert "Where people and the model differ" in told
    figure = data_of(page)["figures"]["calibration"]
    assert {trace["name"] for trace in figure["data"]} == {"people with people", "the model with people"}


def test_what_was_let_in_is_printed_with_who_and_why_and_estimates_with_people_s_correction(
    calibrated: tuple[StudyFolder, Run, Codebook],
) -> None:
    folder, _, book = calibrated
    run = begin(folder, "final", book)
    code(folder, run.id, {("coder", "reader"): {"c_mend": HALF, "c_save": ["", *RARE[1:]]}})
    let_in = Override(code_id="c_save", verdict="not shown", note="Needed <for> comparison.", by="ana")
    with writing(folder.engine) as connection:
        write_overrides(connection, folder.study.id, run.id, [let_in])
    contents = read(folder, run.id)
    page = deductive_html(contents)
    alert = page[page.index('id="overrides"') : page.index("<nav")]
    assert "saving" in alert
    assert "Needed &lt;for&gt; comparison." in alert
    assert "ana" in alert
    mending, saving = rows_of(page, "estimates")
    assert mending[1:4] == ["10", "10", "0.500"]
    assert mending[4] == "0.50 to 0.50"
    assert contents.estimates is not None
    assert mending[5] == f"{contents.estimates.codes[0].corrected.value:.3f}"
    assert mending[7] == "16"
    assert saving[1:3] == ["0", "19"]
    assert "1 question got no usable answer" in words(page[page.index('<section id="failures">') :])


def test_an_exclusive_book_is_told_as_choices(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "study", TEXTS, "reader")
    book = write_book(folder, CODES, exclusive=True)
    run = begin(folder, "codevelop", book)
    code(folder, run.id, {("coder", "reader"): {"c_mend": ["yes", ""] * 10, "c_save": ["", "yes"] * 10}})
    page = page_of(folder, run.id)
    assert [row[3:5] for row in rows_of(page, "randomness")] == [["20", "10"], ["20", "10"]]
    assert "chi-squared" in words(page)
    assert "a segment gets exactly one" in words(page)


def test_time_stands_beside_the_human_s_where_it_is_given(
    developed: tuple[StudyFolder, Run, list[Decision]],
) -> None:
    folder, run, _ = developed
    contents = read(folder, run.id)._replace(seconds=100.0)
    assert "5.00 seconds a document" in words(deductive_html(contents))
    assert "A person takes" not in words(deductive_html(contents))
    beside = words(deductive_html(contents._replace(human_seconds=30.0)))
    assert "A person takes 30 seconds a document: 6.0 times as long." in beside
    reused = words(deductive_html(contents._replace(human_seconds=30.0, reused=0.5)))
    assert "50% of its answers had been given to an earlier run" in reused
    assert "A person takes" not in reused
    assert '<section id="time">' not in deductive_html(contents._replace(seconds=0.0))


def test_what_is_said_in_a_study_is_never_markup_or_script(tmp_path: Path, opened: Callable[..., str]) -> None:
    folder = make_study(tmp_path / "study", [*NASTY, *TEXTS], "reader")
    codes = [
        Code(
            id=f"c{place}",
            label=text,
            definition=text,
            include=(text,),
            exclude=(text,),
            examples=(CodeExample(text=text),),
            negative_examples=(CodeExample(text=text),),
        )
        for place, text in enumerate(NASTY)
    ]
    book = write_book(folder, codes, NASTY[1])
    run = begin(folder, "codevelop", book)
    values: list[Value] = ["yes", "no", "", *HALF]
    decisions = code(folder, run.id, {("coder", "reader"): {one.id: values for one in codes}})
    revision = revised("definition", codes[0], definition=f"{NASTY[2]} more").model_copy(
        update={
            "id": "r0",
            "run": run.id,
            "round": 1,
            "base_version": 1,
            "author": NASTY[0],
            "rationale": NASTY[1],
            "evidence": (decisions[0].id,),
        }
    )
    store_of(folder).write_revisions(run.id, [revision], {})
    answer = RevisionAnswer(revision_id="r0", answer="reject", note=NASTY[2], by=NASTY[0])
    record_answer(folder.engine, folder.study.id, answer)
    page = page_of(folder, run.id)
    assert page.count("<script") == 4
    assert "alert(1)</script>" not in page
    dom = opened(page)
    assert "data-errors" not in dom
    assert 'data-ready="true"' in dom
    assert not re.findall(r"<(?:img|b|i)[ >]", re.sub(r"<script\b.*?</script>", "", dom, flags=re.DOTALL))
    assert "example.org" not in "".join(re.findall(r'href="[^"]*"', dom))
    shown = " ".join(visible(dom).split())
    for text in NASTY[:2]:
        assert " ".join(text.split()) in shown


def test_an_anchor_shows_a_decision_with_others_on_the_same_text_and_code(
    developed: tuple[StudyFolder, Run, list[Decision]], opened: Callable[..., str]
) -> None:
    folder, run, _ = developed
    shown = words(opened(page_of(folder, run.id), "#decision-0"))
    found = shown[shown.index("One decision") :]
    assert "reader says yes to mending in round 1" in found
    assert "saving in round 1" not in found
    assert "1 to 2 of 2" in found


def test_the_same_study_gives_the_same_bytes(developed: tuple[StudyFolder, Run, list[Decision]]) -> None:
    folder, run, _ = developed
    first, second = (page_of(folder, run.id) for _ in range(2))
    assert first == second


def test_what_is_undefined_says_so(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "study", TEXTS[:2], "reader")
    book = write_book(folder, CODES)
    run = begin(folder, "final", book)
    code(folder, run.id, {("coder", "reader"): {"c_mend": ["unsure", "unsure"], "c_save": ["yes", "no"]}})
    contents = read(folder, run.id)
    assert contents.estimates is not None
    assert math.isnan(contents.estimates.codes[0].share.value)
    page = deductive_html(contents)
    assert rows_of(page, "estimates")[0][3:5] == ["undefined", "undefined"]


def test_evidence_of_an_earlier_run_is_on_the_page_of_a_later_one(
    developed: tuple[StudyFolder, Run, list[Decision]],
) -> None:
    folder, run, decisions = developed
    propose(folder, run, decisions)
    store_of(folder).apply_round(run.id)
    book = store_of(folder).book(run.id)
    final = begin(folder, "final", book)
    code(folder, final.id, {("coder", "reader"): {"c_mend": HALF, "c_save": RARE}})
    page = page_of(folder, final.id)
    numbers = [int(number) for number in re.findall(r'href="#decision-(\d+)">[^a]*<bdi>decision 1<', page)]
    decisions_held = data_of(page)["decisions"]
    assert numbers
    row = decisions_held["rows"][numbers[0]]
    assert row[5] == decisions[0].reason
    assert decisions_held["origins"][row[6]][4] == "codevelop-1"
    assert decisions_held["segments"][row[0]][1] == TEXTS[0]


def test_a_sample_that_was_stratified_says_by_what(developed: tuple[StudyFolder, Run, list[Decision]]) -> None:
    folder, run, _ = developed
    contents = read(folder, run.id)
    told = {
        by: deductive_summary(
            contents._replace(sample=contents.sample.model_copy(update={"seed": 0, "stratify": by})),
            numbers(contents),
        ).paragraphs[0]
        for by in ("", "age_group", "model:final-1")
    }
    assert ", drawn at random (seed 0) were coded" in told[""]
    assert ", drawn at random, stratified by age_group (seed 0) were coded" in told["age_group"]
    assert ", stratified by the answers of final-1 (seed 0) were coded" in told["model:final-1"]
