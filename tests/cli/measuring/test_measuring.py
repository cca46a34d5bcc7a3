"""Numbers from the command line: tables of ratings, and coders of a study."""

import csv
import io
import json
from pathlib import Path

import pytest

from intercoder.llms.fetching import pulling
from intercoder.stores.runs.export import coded_lines, export_run
from intercoder.stores.study_folder import open_study
from tests.cli.conftest import TEXT, Call

RATINGS = "item,ana,ben,caro\n1,yes,yes,yes\n2,no,no,\n3,yes,no,yes\n4,no,no,no\n"


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    file = tmp_path / "ratings.csv"
    file.write_text(RATINGS, encoding="utf-8")
    return file


@pytest.fixture
def coded(command: Call, filled: Path) -> Path:
    command("run", "inductive", filled)
    return filled


@pytest.fixture
def codings(tmp_path: Path, coded: Path) -> Path:
    """Two people's codings of the study's text: ana's of two passages, ben's of the whole."""
    name = next(line["document"] for line in lines(coded))
    first, ladder = TEXT.index("clothes"), TEXT.index("ladder")
    rows = [
        ["coder", "code", "document", "start", "end"],
        ["ana", "mending clothes", name, first, first + 7],
        ["ana", "help from neighbours", name, ladder, ladder + 6],
        ["ben", "repair", name, "", ""],
    ]
    file = tmp_path / "codings.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return file


@pytest.fixture(scope="module")
def wordnet() -> None:
    pulling.pull("wordnet", report=print)


def lines(study: Path) -> list[dict[str, str]]:
    folder = open_study(study)
    found = [{key: str(value) for key, value in line.items()} for line in coded_lines(folder, export_run(folder))]
    folder.close()
    return found


def test_a_table_of_ratings_is_enough(command: Call, ratings: Path) -> None:
    done = command("agreement", ratings, "--unit", "item", "--json")
    statistics = {line["statistic"]: line for line in done.objects if "statistic" in line}
    assert set(statistics) == {"percent", "ac1", "brennan_prediger", "fleiss", "conger", "krippendorff"}
    # Units 1 and 2 and 4 are of one mind; of unit 3's three pairs one is.
    assert statistics["percent"]["value"] == pytest.approx((1 + 1 + 1 / 3 + 1) / 4)
    assert statistics["ac1"]["low"] < statistics["ac1"]["value"]
    assert [(line["first"], line["second"]) for line in done.objects if "first" in line] == [
        ("ana", "ben"),
        ("ana", "caro"),
        ("ben", "caro"),
    ]


def test_undefined_is_said_and_never_a_number(command: Call, tmp_path: Path) -> None:
    file = tmp_path / "constant.csv"
    file.write_text("ana,ben\n1,1\n1,1\n1,1\n", encoding="utf-8")
    assert "undefined" in command("agreement", file).out
    found = {line["statistic"]: line["value"] for line in command("agreement", file, "--json").objects}
    assert found["ac1"] == 1.0
    assert found["cohen"] is None
    table = list(csv.DictReader(io.StringIO(command("agreement", file, "--csv").out)))
    assert {row["statistic"]: row["value"] for row in table}["cohen"] == ""


def test_a_table_that_cannot_be_used_is_refused(command: Call, tmp_path: Path) -> None:
    file = tmp_path / "one.csv"
    file.write_text("ana\n1\n", encoding="utf-8")
    done = command("agreement", file, code=2)
    assert "has one rater: ana" in done.err
    assert "no such file" in command("agreement", tmp_path / "none.csv", code=2).err.lower()


def test_coders_of_a_study_agree_code_by_code(command: Call, coded: Path) -> None:
    done = command("agreement", coded, "--json")
    coders = {line["coder"] for line in lines(coded) if line["role"] == "coder"}
    assert all(coders <= set(line) for line in done.objects)
    codes = {line["label"] for line in lines(coded) if line["role"] == "coder" and line["label"] != "None"}
    assert {line["code"] for line in done.objects} <= codes | {line["code"] for line in lines(coded)}
    text = command("agreement", coded).out
    assert "Overlap of their codes (Jaccard)" in text


def test_people_are_compared_with_models(command: Call, coded: Path, codings: Path) -> None:
    found = command("agreement", coded, "--reference", codings, "--json").objects
    assert {"ana", "ben"} <= set(found[0])
    assert {"repair", "mending clothes"} <= {line["code"] for line in found}
    spaces = {line["coder"]: line for line in command("code-space", coded, "-r", codings, "--json").objects}
    assert spaces["ben"]["size"] == 1
    assert {"all people", "all models"} <= set(spaces)
    assert 0 <= spaces["ana"]["coverage"] <= 1


@pytest.mark.embedded
def test_labels_are_scored_against_people(command: Call, coded: Path, codings: Path, wordnet: None) -> None:
    found = {line["system"]: line for line in command("evaluate", coded, "-r", codings, "--json").objects}
    assert "ensemble" in found
    assert all(0 <= line["rouge1"] <= 1 for line in found.values())
    assert all(line["bertscore_f1"] is None for line in found.values())  # hashed words have no encoder
    assert all(0 <= line["composite"] <= 1 for line in found.values())


@pytest.mark.embedded
def test_a_coder_may_be_the_reference(command: Call, coded: Path, wordnet: None) -> None:
    name = next(line["coder"] for line in lines(coded) if line["role"] == "coder")
    found = {line["system"] for line in command("evaluate", coded, "-r", name, "--json").objects}
    assert name not in found
    assert "ensemble" in found


def test_what_is_no_reference_is_refused(command: Call, coded: Path, tmp_path: Path) -> None:
    assert "neither a file nor a coder" in command("evaluate", coded, "-r", "nobody", code=2).err
    assert "--reference" in command("evaluate", coded, code=2).err
    other = tmp_path / "other.csv"
    other.write_text("coder,code,document\nana,cost,elsewhere.txt\n", encoding="utf-8")
    assert "none of the codings" in command("code-space", coded, "-r", other, code=2).err


def test_output_of_a_table_is_one_object_a_line(command: Call, ratings: Path) -> None:
    for line in command("agreement", ratings, "--json").out.splitlines():
        assert isinstance(json.loads(line), dict)


@pytest.mark.embedded
def test_a_form_is_rated_and_read_back(
    command: Call, coded: Path, codings: Path, tmp_path: Path, wordnet: None
) -> None:
    form = tmp_path / "form.csv"
    done = command("rating-form", coded, form, "-n", "3")
    assert "to rate" in done.out
    assert "Relevance" in (tmp_path / "form.md").read_text(encoding="utf-8")
    rows = list(csv.DictReader(form.open(encoding="utf-8", newline="")))
    assert rows
    assert not {"coder", "system"} & set(rows[0])
    with form.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "rating": 1 + place % 5} for place, row in enumerate(rows))
    found = command("evaluate", coded, "-r", codings, "--ratings", form, "--json").objects
    metrics = [line for line in found if "Spearman" in line]
    assert {"composite", "rouge1"} <= {line["metric"] for line in metrics}
    form.write_text("item,rating\nstrange,3\n", encoding="utf-8")
    assert "is not of inductive-1" in command("evaluate", coded, "-r", codings, "--ratings", form, code=2).err


def test_a_coders_own_code_space_is_what_it_said(command: Call, coded: Path) -> None:
    said: dict[str, set[str]] = {}
    for line in lines(coded):
        if line["role"] == "coder" and line["label"] != "None":
            said.setdefault(line["coder"], set()).add(line["label"])
    found = {line["coder"]: line["size"] for line in command("code-space", coded, "--json").objects}
    assert {name: found[name] for name in said} == {name: len(labels) for name, labels in said.items()}


def test_categories_are_declared_in_order(command: Call, tmp_path: Path) -> None:
    file = tmp_path / "ordered.csv"
    file.write_text("ana,ben\nlow,mid\nhigh,high\nmid,mid\n", encoding="utf-8")
    assert "order" in command("agreement", file, "--weights", "linear", code=2).err
    done = command("agreement", file, "--weights", "linear", "--categories", "low,mid,high,extreme", "--json")
    assert {line["statistic"] for line in done.objects} >= {"ac2", "percent"}


def test_a_cell_that_is_none_is_named(command: Call, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("item,ana,ben\nu1,1,2\nu2,NaN,1\n", encoding="utf-8")
    err = command("agreement", file, "--unit", "item", code=2).err
    assert "row 2, column ana" in err
