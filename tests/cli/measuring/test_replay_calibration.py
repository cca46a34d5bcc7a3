"""Recorded answers of real models, calibrated against real people from the command line; no model is asked."""

import csv
import json
from pathlib import Path

import pytest

from intercoder.evals.calibration import calibrate_code
from tests.cli.conftest import Call

ITEMS = ("1", "14")
MODELS = {"Llama-8b": "Llama 3.1 8b", "o1": "OpenAI o1"}
CODERS = "".join(f'[[deductive.coders]]\nname = "{name}"\nreplay = "recorded.csv"\n\n' for name in MODELS)
SAID = {"1": "yes", "0": "no"}


@pytest.fixture
def khan(shared_data: Path, tmp_path: Path) -> dict[str, list[dict[str, str]]]:
    """Answers to two items, three people's scores and two models' recorded ones, as files that commands take."""

    def read(name: str) -> list[dict[str, str]]:
        with (shared_data / "khan_saq" / name).open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    answers = [row for row in read("responses.csv") if row["item"] in ITEMS]
    ids = {row["response_id"]: row["item"] for row in answers}
    recorded = [row for row in read("llm_labels.csv") if row["response_id"] in ids and row["rubric_type"] == "Full"]
    write(tmp_path / "responses.csv", [{"id": one["response_id"], "text": one["response"]} for one in answers])
    people = [
        {"coder": f"scorer{n}", "id": one["response_id"], "code": f"item {one['item']}", "value": one[f"human_{n}"]}
        for n in (1, 2, 3)
        for one in answers
    ]
    write(tmp_path / "people.csv", people)
    told = [
        {
            "coder": name,
            "id": one["response_id"],
            "code": f"item {one['item']}",
            "value": one[f"llm_{n}"],
            "pass": n,
        }
        for name, model in MODELS.items()
        for one in recorded
        if one["model_name"] == model
        for n in (1, 2)
        if one[f"llm_{n}"] in SAID
    ]
    write(tmp_path / "recorded.csv", told)
    return {"answers": answers, "people": people, "told": told}


def write(file: Path, rows: list[dict[str, object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.shared
def test_replayed_models_get_the_verdicts_that_their_labels_deserve(
    khan: dict[str, list[dict[str, str]]], templates: Path, tmp_path: Path, command: Call
) -> None:
    study = tmp_path / "study"
    command("init", study, "--question", "Is the answer right?", "--model", "scripted:words")
    settings = (study / "study.toml").read_text("utf-8")
    before, _, rest = settings.partition("[[deductive.coders]]\nname")
    (study / "study.toml").write_text(before + CODERS + rest.partition("\n\n")[2], encoding="utf-8")
    (tmp_path / "recorded.csv").rename(study / "recorded.csv")
    command(
        "import", study, tmp_path / "responses.csv", "--unit", "row", "--text-column", "text", "--id-column", "id"
    )
    book = "codes:\n" + "".join(f"  - label: item {item}\n" for item in ITEMS)
    (tmp_path / "book.yaml").write_text(book, encoding="utf-8")
    command("codebook", "import", study, tmp_path / "book.yaml")
    command("sample", study, "calibration", "-n", 80, "--coder", "scorer1")
    command("import-coding", study, tmp_path / "people.csv")

    mistyped = command("calibrate", study, "--sample", "calibratoin", code=2)
    assert "There are: calibration." in mistyped.err
    done = command("calibrate", study, "--json")
    found = json.loads(done.out.splitlines()[-1])["coders"]

    labels = {code["id"]: code["label"] for code in _codes(command, study)}
    for name in MODELS:
        for code_id, one in found[name].items():
            expected = calibrate_code(*_answers(khan, name, labels[code_id]))
            assert one["verdict"] == expected.verdict
            assert one["human_model"]["ac1"]["value"] == pytest.approx(expected.human_model.ac1.value, abs=1e-12)
    assert {len(codes) for codes in found.values()} == {len(ITEMS)}


def _codes(command: Call, study: Path) -> list[dict[str, str]]:
    shown = command("codebook", "show", study, "--format", "csv").out
    rows = list(csv.DictReader(shown.splitlines()))
    return [{"id": row.get("code_id") or row["id"], "label": row["label"]} for row in rows]


def _answers(
    khan: dict[str, list[dict[str, str]]], model: str, label: str
) -> tuple[dict[str, list[str]], list[str | None]]:
    ids = [one["response_id"] for one in khan["answers"] if f"item {one['item']}" == label]
    scores = {(one["coder"], one["id"]): SAID[one["value"]] for one in khan["people"]}
    told = {one["id"]: SAID[one["value"]] for one in khan["told"] if (one["coder"], one["pass"]) == (model, 1)}
    people = {f"scorer{n}": [scores[f"scorer{n}", id_] for id_ in ids] for n in (1, 2, 3)}
    return people, [told.get(id_) for id_ in ids]
