"""`distill` from the command line: what it refuses, says, prints and writes into study.toml."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest

from intercoder.core.study_toml import parse_study
from intercoder.stores.classifiers.classifier_folders import read_evaluations
from intercoder.stores.classifiers.synthetic_segments import SqlSyntheticStore
from intercoder.stores.lease import Lease
from intercoder.stores.study_folder import open_study
from tests.cli.conftest import Call
from tests.training.distillation.studies import BUYING, REPAIR, SETTINGS, make_encoder, make_study, sample_unevenly

pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")
pytest.importorskip("sklearn")
QUICK = (
    *("--set", "classifier.max_steps=2", "--set", "classifier.checkpoint_every=1", "--set", "resamples=100"),
    *("--total", "20", "--share", "0.5"),
)
REPEATS = SETTINGS.replace("cosine = 1.0", "cosine = 0.05\npatience = 6")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of which two people coded 60 segments for two codes."""
    path = tmp_path_factory.mktemp("coded") / "study"
    make_study(path, 60, codes=(REPAIR, BUYING)).close()
    return path


@pytest.fixture
def study(coded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(coded, tmp_path / "study"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "say what to learn"),
        (["--code", "repair", "--all"], "say what to learn"),
        (["--code", "love"], "there is no code 'love'"),
        (["--all", "--sample", "nobody"], "there is no sample 'nobody'"),
        (["--all", "--by", "village"], "There are: town"),
        (["--all", "--set", "held_out=0"], "leaves nothing to measure on"),
        (["--all", "--set", "held_out=0.9"], "nothing is left to learn from"),
        (["--all", "--set", "fewest=40"], "and 40 are needed"),
        (["--all", "--total", "100", "--share", "0.2"], "takes 80 that people coded"),
        (["--all", "--set", "epochs=3"], "there is no setting `epochs`"),
        (["--all", "--settings", "nowhere.toml"], "cannot be read"),
        (["--all", "--name", "../x"], "cannot be the name"),
        (["--code", "repair", "--use", "alone"], "would not know: buying"),
        (["--all", "--use", "alone", "--name", "final"], "final"),
        (["--all", "--grid", "--use", "alone"], "a grid keeps figures"),
        (["--all", "--grid", "--share", "0.5"], "grid.shares=[...]"),
        (["--all", "--encoder", "scripted:words"], "scripted:words"),
        (["--all", "--encoder", "hf:/nowhere"], "/nowhere"),
    ],
)
def test_what_cannot_be_distilled_is_told(study: Path, command: Call, options: list[str], told: str) -> None:
    done = command("distill", study, *options, code=2)
    assert told in done.err
    assert "->" in done.err
    assert not (study / "classifiers").exists() or not list((study / "classifiers").glob("[!.]*"))


@pytest.mark.parametrize(
    ("texts", "people", "told"),
    [
        (12, ("ana",), "gave `repair` to 6 segments, and 10 are needed"),
        (0, (), "the study has no codebook yet"),
    ],
)
def test_a_study_that_is_not_ready_is_told(
    tmp_path: Path, command: Call, texts: int, people: tuple[str, ...], told: str
) -> None:
    if texts:
        make_study(tmp_path / "few", texts, people=people).close()
    else:
        command("init", tmp_path / "few", "--question", "Why?")
    done = command("distill", tmp_path / "few", "--code", "repair", code=2)
    assert told in done.err


def test_nothing_that_people_decided(tmp_path: Path, command: Call) -> None:
    make_study(tmp_path / "blank", 20, people=()).close()
    done = command("distill", tmp_path / "blank", "--all", code=2)
    assert "people decided nothing about `repair`" in done.err


def test_texts_of_two_documents_need_another_unit(tmp_path: Path, command: Call) -> None:
    make_study(tmp_path / "two", 40, people=("ana",), documents=2).close()
    done = command("distill", tmp_path / "two", "--all", code=2)
    assert "come from 2 documents" in done.err
    make_study(tmp_path / "more", 40, people=("ana",), documents=8).close()
    done = command("distill", tmp_path / "more", "--all", "--dry-run")
    assert "Kept together by document: 20 to learn from, 10 to choose with, 10 held out" in done.out


def test_a_dry_run_tells_what_goes_where_and_calls_nothing(
    study: Path, command: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = (
        (study / "study.toml").read_text("utf-8").replace("scripted:words", "openai:big@https://far.example/v1")
    )
    prices = '[prices."big"]\ninput = 1.0\noutput = 10.0\n'
    (study / "study.toml").write_text(remote + prices, encoding="utf-8")
    done = command("distill", study, "--code", "repair", "--filter", "2", "--total", "50", "--dry-run")
    assert "9 decisions undecided and not learnt" in done.out
    assert "Kept together by document: 28 to learn from, 10 to choose with, 15 held out" in done.out
    assert "40 segments would be written" in done.out
    lines = {line.split()[0]: line.split() for line in done.out.splitlines() if "big@" in line}
    assert lines["synthesizer"][3] == "40"
    assert lines["consistency"][4] == "80"
    assert lines["ana" if "ana" in lines else "reader"][3] == "25"
    assert "never held-out ones" in done.out
    assert "far.example" in done.out
    assert "Would not start" in done.out
    assert not (study / "classifiers").exists()
    told = command("distill", study, "--all", "--dry-run", "--grid", "--json").objects
    assert [one["kind"] for one in told] == ["parts", "plan"]
    assert told[0]["cells"] == 2 * 3 + 2 * 4 * 3 * 2 * 3 + 3 * 3 * 2 * 3, (
        "at twice the size with half of it written, or more"
    )


def test_what_figures_are_of_is_told_where_segments_were_drawn_unevenly(
    study: Path, encoder: str, command: Call
) -> None:
    folder = open_study(study)
    sample_unevenly(folder, "rare", [1.0] * 30 + [4.0] * 30)
    folder.close()
    asked = ("distill", study, "--code", "repair", "--encoder", encoder, *QUICK)
    assert "15 held-out segments are in sample `rare`, drawn unevenly" in command(*asked, "--dry-run").out
    done = command(*asked, "--sample", "rare")
    assert "Note: Sample `rare` was drawn unevenly: figures are weighted back to the corpus" in done.out
    assert "weighted back to the corpus" in (study / "classifiers" / "repair" / "README.md").read_text("utf-8")
    assert "another classifier of that name" in command(*asked, code=2).err


@pytest.mark.parametrize("options", [["--filter", "2"], ["--grid"]])
def test_a_filter_without_a_language_model_is_refused_and_told_in_a_dry_run(
    study: Path, command: Call, encoder: str, options: list[str]
) -> None:
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write('[[deductive.coders]]\nname = "small"\nmodel = "classifier:small"\n')
    asked = ("distill", study, "--code", "repair", "--encoder", encoder, *options)
    assert "no coder under `[[deductive.coders]]` asks a language model" in command(*asked, "--dry-run").out
    assert "keep all that is written" in command(*asked, code=2).err


def test_figures_are_told_and_lines_for_study_toml(study: Path, encoder: str, command: Call) -> None:
    done = command("distill", study, "--code", "repair", "--encoder", encoder, *QUICK)
    assert "learnt 1 code from 10 segments that people coded and 10 written ones" in done.out
    for shown in ("macro-F1", "scripted:words", "people, pair by pair", "logistic regression", "Cascade:"):
        assert shown in done.out
    assert "writing 10 segments at temperature 0.7" in done.err
    blocks = done.out.split("\n\n")
    assert "alone:" not in done.out, "it does not know all codes of the book"
    cascade = next(block for block in blocks if block.startswith("the language model where"))
    pasted = "\n".join(line.strip() for line in cascade.splitlines()[1:])
    found = parse_study(f'question = "Why?"\n[[coders]]\nname = "a"\n{pasted}')
    assert found.deductive.coders[0].classifier == "repair"
    known = command("distill", study, "--code", "repair", "--encoder", encoder, *QUICK, "--csv")
    rows = list(csv.DictReader(io.StringIO(known.out)))
    assert rows[0]["system"] == "classifier"
    assert 0 <= float(rows[0]["ac1_high"]) <= 1
    assert "writing" not in known.err
    told = command("distill", study, "--code", "repair", "--encoder", encoder, *QUICK, "--json").objects
    assert (told[-1]["kind"], told[-1]["known"]) == ("distilled", True)
    assert told[-1]["evaluation"]["head"] == "yes_no"


def test_what_a_killed_disk_left_of_a_classifier_is_replaced_with_new(
    study: Path, encoder: str, command: Call
) -> None:
    words = ("distill", study, "--code", "repair", "--encoder", encoder, *QUICK)
    command(*words)
    card = study / "classifiers" / "repair" / "card.json"
    card.write_text("{", encoding="utf-8")
    assert "--new" in command(*words, code=2).err
    assert command(*words, "--new", "--json").objects[-1]["known"] is False


def test_what_would_stop_it_at_its_end_stops_it_before_anything_is_asked(
    study: Path, encoder: str, tmp_path: Path, command: Call
) -> None:
    (tmp_path / "empty").mkdir()
    words = ("distill", study, "--code", "repair", *QUICK)
    failed = command(*words, "--encoder", f"hf:{tmp_path / 'empty'}", code=2)
    assert "no config.json and no tokenizer and no weights as safetensors" in failed.err
    grid = study / "grids" / "damaged" / "grid.json"
    grid.parent.mkdir(parents=True)
    grid.write_text("{", encoding="utf-8")
    failed = command(*words, "--encoder", encoder, code=2)
    assert "grids/damaged/grid.json" in failed.err
    assert not SqlSyntheticStore(open_study(study).engine, "study_test").everything()


def test_a_grid_in_which_nothing_is_written_needs_no_language_model(
    study: Path, encoder: str, command: Call
) -> None:
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write('[[deductive.coders]]\nname = "small"\nmodel = "classifier:small"\n')
    words = ("distill", study, "--code", "repair", "--encoder", encoder, "--grid", "--dry-run")
    assert "asks a language model" in command(*words).out
    assert "asks a language model" not in command(*words, "--set", "grid.shares=[0]").out


def test_it_takes_the_coders_place(study: Path, encoder: str, command: Call) -> None:
    words = ("distill", study, "--all", "--encoder", encoder, *QUICK, "--name", "both")
    before = (study / "study.toml").read_text("utf-8")
    with Lease(open_study(study).engine, "study_test", "final-1"):
        assert "final-1" in command(*words, "--use", "cascade", code=2).err
    assert (study / "study.toml").read_text("utf-8") == before
    command(*words, "--use", "cascade")
    after = open_study(study).study.deductive.coders
    assert [(one.name, one.classifier, one.model) for one in after] == [("reader", "both", "")]
    done = command(*words, "--use", "alone", "--json")
    assert done.objects[-1]["kind"] == "distilled", "JSON lines, and nothing else"
    assert "coded by both now" in done.err
    after = open_study(study).study.deductive.coders
    assert [(one.name, one.model) for one in after] == [("both", "classifier:both")]
    done = command(*words)
    assert "It was distilled before" in done.out, "who codes now is no part of how it was distilled"
    assert "alone:" in done.out
    assert "where it is not confident" not in done.out, "no language model is left to stand behind it"


def test_a_synthesizer_that_repeats_itself_stops_it(tmp_path: Path, encoder: str, command: Call) -> None:
    make_study(tmp_path / "study", 60, settings=REPEATS).close()
    words = ("distill", tmp_path / "study", "--all", "--encoder", encoder, *QUICK)
    done = command(*words, code=1)
    assert "only repeats itself" in done.err
    assert not (tmp_path / "study" / "classifiers" / "repair").exists()


def test_a_cell_that_fails_stops_no_other(tmp_path: Path, encoder: str, command: Call) -> None:
    make_study(tmp_path / "study", 60, settings=REPEATS).close()
    grid = ("grid.shares=[0, 0.5]", "grid.totals=[20, 400]", "grid.temperatures=[0.7]", "grid.filters=[0]")
    words = (
        *("distill", tmp_path / "study", "--all", "--grid", "--encoder", encoder, "--set", "grid.seeds=[0]"),
        *(part for word in grid for part in ("--set", word)),
        *("--set", "classifier.max_steps=2", "--set", "resamples=100"),
    )
    done = command(*words, code=1)
    assert "3 of 4 cells failed" in done.err
    assert "only repeats itself" in done.err
    assert "the training part has 28" in done.err
    assert "Means over seeds" in done.out
    told = command(*words, "--json", code=1).objects
    cells = [one["cell"] for one in told if one["kind"] == "worked"]
    assert sorted(bool(one["problem"]) for one in cells) == [False, True, True, True]
    assert {one["settings"]["temperature"] for one in cells} == {None, 0.7}, "nothing written, no temperature"
    assert [one["kept"] for one in told if one["kind"] == "worked" and not one["cell"]["problem"]] == [True]
    grid_file = tmp_path / "study" / "grids" / "repair" / "grid.json"
    systems = json.loads(grid_file.read_text("utf-8"))["systems"]
    assert [one["system"] for one in systems] == ["human_all", "model", "people"]
    rows = list(csv.DictReader(io.StringIO(command(*words, "--csv", code=1).out)))
    assert len(rows) == 2 + 3 + 3
    assert [row["system"] for row in rows[-3:]] == [one["system"] for one in systems]
    assert told[-1]["kind"] == "grid"
    assert [one["system"] for one in told[-1]["systems"]] == [one["system"] for one in systems]
    assert len({tuple(row) for row in rows}) == 1
    one = ("--all", "--encoder", encoder, "--share", "0", "--total", "20", "--set", "classifier.max_steps=2")
    for _ in range(2):
        done = command("distill", tmp_path / "study", *one, "--set", "resamples=100")
        assert "Note: The grid `repair` was measured on the same held-out segments" in done.out
    other = command("distill", tmp_path / "study", *one, "--set", "split_seed=1", "--name", "other")
    told = next(line for line in other.out.splitlines() if "The grid `repair`" in line)
    assert re.search(r"measured on \d+ of the \d+ held-out segments", told), (
        "another split, which holds some of them"
    )


def test_segments_longer_than_the_encoder_reads_are_told(study: Path, encoder: str, command: Call) -> None:
    words = ("distill", study, "--code", "repair", "--encoder", encoder, *QUICK, "--set", "classifier.max_length=8")
    done = command(*words)
    assert "of the coded segments are longer than the 8 tokens" in done.out
    assert "classifier.windows=true" in done.out
    done = command(*words, "--set", "classifier.windows=true", "--set", "classifier.overlap=2", "--new")
    assert "they are read in windows" in done.out
    (evaluation,) = read_evaluations(study)
    assert evaluation.overlap == 2
