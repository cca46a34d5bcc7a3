"""Numbers and counts of runs that coded given codes: only what was answered with yes counts as given."""

from pathlib import Path

import pytest

from intercoder.core.codebook import Code
from intercoder.core.coding.codings import Coder
from intercoder.stores.codebooks.counted_codebooks import latest_codebook
from intercoder.stores.runs.codings import run_coders
from intercoder.stores.runs.deductions import repeat_round
from intercoder.stores.runs.export import export_run
from intercoder.stores.study_folder import StudyFolder
from tests.cli.conftest import Call
from tests.evals.report.deductive_studies import begin, code, make_study, write_book

TEXTS = ["The kettle broke.", "We mend coats.", "A kettle is mended.", "Nothing at all."]
MENDING = Code(id="c-mending", label="mending", definition="Somebody mends.")
HELP = Code(id="c-help", label="help", definition="Somebody helps.")
KETTLE = Code(id="c-kettle", label="kettle", kind="pattern", pattern="(?i)kettle")
NAMES = ("one", "two")


@pytest.fixture
def settled(tmp_path: Path) -> StudyFolder:
    """Two coders, one of them asked again, a pattern and a moderator."""
    folder = make_study(tmp_path / "study", TEXTS, *NAMES)
    run = begin(folder, "codevelop", write_book(folder, [MENDING, HELP, KETTLE]))
    code(
        folder,
        run.id,
        {
            ("coder", "one"): {MENDING.id: ["no", "yes", "yes", "no"], HELP.id: ["no", "no", "unsure", "no"]},
            ("coder", "two"): {MENDING.id: ["no", "yes", "no", "no"], HELP.id: ["no", "yes", "no", "no"]},
            ("coder", "pattern"): {KETTLE.id: ["yes", "no", "yes", "no"]},
            ("moderator", "chair"): {MENDING.id: ["no", "yes", "no", "no"], HELP.id: ["no", "no", "no", "no"]},
            ("repeat", "one"): {MENDING.id: ["yes", "yes", "yes", "yes"], HELP.id: ["yes"] * 4},
        },
    )
    return folder


def labels(coder: Coder) -> list[tuple[str, ...]]:
    return list(coder.labels.values())


def test_a_coder_gave_what_it_answered_with_yes(settled: StudyFolder) -> None:
    one, two, chair, ensemble = run_coders(settled, export_run(settled))
    assert [(each.name, each.role) for each in (one, two, chair)] == [
        ("one", "coder"),
        ("two", "coder"),
        ("chair", "moderator"),
    ]
    assert labels(one) == [(), ("mending",), ("mending",), ()]
    assert labels(two) == [(), ("mending", "help"), (), ()]
    assert sorted(labels(ensemble)) == [(), ("kettle",), ("kettle",), ("mending",)]


def test_agreement_is_on_yes_and_between_readers(settled: StudyFolder, command: Call) -> None:
    found = {line["code"]: line for line in command("agreement", settled.path, "--json").objects}
    assert {name: (line["one"], line["two"]) for name, line in found.items()} == {"mending": (2, 1), "help": (0, 1)}
    assert found["mending"]["percent"] == 0.75
    assert all("pattern" not in line for line in found.values())
    spaces = {line["coder"]: line["size"] for line in command("code-space", settled.path, "--json").objects}
    assert spaces == {"one": 1, "two": 2}


def test_codes_that_exclude_one_another_count_only_where_they_were_chosen(tmp_path: Path, command: Call) -> None:
    folder = make_study(tmp_path / "study", TEXTS, *NAMES)
    run = begin(folder, "final", write_book(folder, [MENDING, HELP], exclusive=True))
    said = {MENDING.id: ["yes", "yes", "", "unsure"]}
    code(folder, run.id, {("coder", "one"): said, ("coder", "two"): said, ("moderator", "chair"): said})
    one, *_ = run_coders(folder, export_run(folder))
    assert labels(one) == [("mending",), ("mending",), ()]


def test_one_coder_is_led_to_calibration(tmp_path: Path, command: Call) -> None:
    folder = make_study(tmp_path / "study", TEXTS, "one")
    run = begin(folder, "final", write_book(folder, [MENDING, KETTLE]))
    values = ["no", "yes", "yes", "no"]
    code(folder, run.id, {("coder", "one"): {MENDING.id: values}, ("coder", "pattern"): {KETTLE.id: values}})
    told = " ".join(command("agreement", folder.path, code=2).err.split())
    assert "`final-1` has one coder, one; agreement is between two or more." in told
    assert f"intercoder calibrate {folder.path}" in told
    assert "it needs two coders" in command("code-space", folder.path, code=2).err


def test_a_codebook_s_counts_are_segments_on_which_the_answer_stands_at_yes(settled: StudyFolder) -> None:
    book = latest_codebook(settled.engine, settled.study.id)
    assert book.counts == {MENDING.id: 1, HELP.id: 0, KETTLE.id: 2}


def test_what_a_later_round_left_alone_keeps_its_count_and_what_nobody_coded_has_none(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "study", TEXTS, "one")
    run = begin(folder, "codevelop", write_book(folder, [MENDING, HELP]))
    code(folder, run.id, {("coder", "one"): {MENDING.id: ["yes", "yes", "no", "no"]}})
    assert latest_codebook(folder.engine, folder.study.id).counts == {MENDING.id: 2}
    repeat_round(folder.engine, folder.study.id, run.id)
    code(folder, run.id, {("coder", "one"): {HELP.id: ["no", "yes", "no", "no"]}})
    assert latest_codebook(folder.engine, folder.study.id).counts == {MENDING.id: 2, HELP.id: 1}
