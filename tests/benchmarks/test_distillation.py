"""Studies of the distillation benchmark, and the benchmark itself at a toy size with a scripted model."""

import csv
import json
from argparse import Namespace
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.distillation import Outcome, main, place_of, write
from benchmarks.distillation_studies import TextSet, immigration, khan, stance, study_of, subset
from intercoder.core.classifiers import read_card
from intercoder.stores.codebooks.current_book import current_book
from intercoder.stores.people.human_codings import human_values
from intercoder.training.distillation.human_data import read_human
from tests.cli.conftest import no_json
from tests.evals.report.distilled_studies import evaluation, grid

pytestmark = pytest.mark.shared

STUDY = """
question = "Why?"
[[coders]]
name = "coder"
model = "scripted:words"
"""


def decided(place: Path, texts: TextSet) -> list[dict[str, bool]]:
    """What people decided about the study's segments, as a classifier learns it."""
    folder = study_of(place, texts, STUDY)
    book = current_book(folder)
    found = [one.targets for one in read_human(folder, book, book.leaves).items if one.targets]
    folder.close()
    return found


def test_an_item_is_a_code_that_is_decided_on_its_own_answers_only(shared_data: Path, tmp_path: Path) -> None:
    texts = khan(shared_data, 3)
    found = decided(tmp_path / "study", texts)
    assert (len(texts.codes), len(found)) == (3, 120)
    assert Counter(tuple(targets) for targets in found) == {(f"item_{item}",): 40 for item in (1, 2, 3)}
    with (shared_data / "khan_saq" / "responses.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["item"] == "1"]
    right = sum(int(row["human_1"]) + int(row["human_2"]) + int(row["human_3"]) >= 2 for row in rows)
    assert sum(targets.get("item_1", False) for targets in found) == right


def test_the_definition_is_the_question_and_the_criteria(shared_data: Path) -> None:
    code = khan(shared_data).codes[11]
    assert code.id == "item_12"
    assert "infinite" in code.definition
    assert "What makes an answer right" in code.definition


def test_crowd_coders_are_people_and_checks_are_left_out(shared_data: Path, tmp_path: Path) -> None:
    texts = subset(immigration(shared_data), 40)
    folder = study_of(tmp_path / "study", texts, STUDY)
    people = human_values(folder.engine, folder.study.id)
    folder.close()
    assert sum(len(person.of("immigration")) for person in people) == len(texts.said)
    with (shared_data / "uk_immigration_crowd" / "judgments.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    keys = {one.key for one in texts.texts}
    judged = {(row["coder"], row["sentence_id"]) for row in rows if row["is_test_item"] == "False"}
    assert {(one.coder, one.key) for one in texts.said} == {one for one in judged if one[1] in keys}


def test_a_subset_keeps_the_share_of_each_answer(shared_data: Path) -> None:
    whole, part = immigration(shared_data), subset(immigration(shared_data), 150)

    def share(texts: TextSet) -> float:
        return sum(one.value == "yes" for one in texts.said) / len(texts.said)

    assert len(part.texts) == 150
    assert share(part) == pytest.approx(share(whole), abs=0.04)
    assert subset(whole, 10_000) is whole


def test_stance_is_one_of_three(shared_data: Path, tmp_path: Path) -> None:
    found = decided(tmp_path / "study", stance(shared_data))
    assert all(sorted(targets) == ["anti", "neutral", "pro"] and sum(targets.values()) == 1 for targets in found)
    chosen = Counter(code for targets in found for code, value in targets.items() if value)
    assert chosen["anti"] > chosen["pro"] > chosen["neutral"] > 5


def test_no_label_is_imported(shared_data: Path, tmp_path: Path) -> None:
    study_of(tmp_path / "study", khan(shared_data, 1), STUDY).close()
    assert (tmp_path / "study" / "texts.csv").read_text(encoding="utf-8").splitlines()[0] == "id,text,item"


def test_what_is_undefined_is_null_in_its_numbers(shared_data: Path, tmp_path: Path) -> None:
    found = evaluation("thrift", "thrift", segments=20)
    outcome = Outcome(khan(shared_data, 1), found, grids=(grid("g", "thrift"),))
    write({"khan": outcome}, Namespace(out=tmp_path, model="scripted:words", reader=None))
    text = (tmp_path / "distillation.json").read_text(encoding="utf-8")
    numbers = json.loads(text, parse_constant=no_json)["khan"]["grids"][0]
    assert numbers["cells"][0]["settings"]["temperature"] is None


def test_a_set_with_another_model_is_another_study(shared_data: Path, tmp_path: Path) -> None:
    texts = khan(shared_data, 1)
    readers = (None, "embedded:a", "hf:/b")
    given = [Namespace(work=tmp_path, model="embedded:a", reader=reader) for reader in readers]
    places = ["khan-1-40-embedded-a", "khan-1-40-embedded-a", "khan-1-40-embedded-a-hf--b"]
    assert [place_of(texts, one).name for one in given] == places


def test_a_study_is_made_once(shared_data: Path, tmp_path: Path) -> None:
    first = study_of(tmp_path / "study", khan(shared_data, 1), STUDY)
    first.close()
    again = study_of(tmp_path / "study", khan(shared_data, 1), STUDY)
    again.close()
    assert again.study.id == first.study.id
    assert [path.name for path in tmp_path.iterdir()] == ["study"]


@pytest.mark.embedded
@pytest.mark.long
def test_it_runs_and_goes_on(shared_data: Path, tmp_path: Path) -> None:
    words = [
        *("--data", str(shared_data), "--sets", "khan", "--items", "1", "--model", "scripted:words"),
        *("--work", str(tmp_path / "work"), "--out", str(tmp_path / "out"), "--set", "total=20"),
        *("--set", "classifier.max_steps=2", "--set", "resamples=100", "--set", "grid.totals=[20]"),
        *("--set", "grid.shares=[0.5,0.8]", "--set", "grid.temperatures=[0.7]", "--set", "grid.filters=[0]"),
        *("--set", "grid.seeds=[0,1]", "--set", "fewest=5", "--set", "share=0.5"),
    ]
    assert main(words) == 0
    told = (tmp_path / "out" / "distillation.md").read_text(encoding="utf-8")
    assert "4 of 4 cells worked, 0 failed." in told
    assert "people, pair by pair" in told
    numbers = json.loads((tmp_path / "out" / "distillation.json").read_text(encoding="utf-8"))["khan"]
    assert numbers["evaluation"]["head"] == "yes_no"
    assert [len(one["cells"]) for one in numbers["grids"]] == [4, 2]
    (study,) = (tmp_path / "work").iterdir()
    made = read_card(study / "classifiers" / "distilled-20").digest
    cells = (study / "grids" / "shares" / "grid.jsonl").read_bytes()
    assert main(words) == 0
    assert read_card(study / "classifiers" / "distilled-20").digest == made
    assert (study / "grids" / "shares" / "grid.jsonl").read_bytes() == cells
    assert (tmp_path / "out" / "distillation.md").read_text(encoding="utf-8") == told
