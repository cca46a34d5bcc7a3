"""Training a classifier of a tiny encoder: what comes of it, stopped and gone on with, and what is refused."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from intercoder.core.classifiers import read_card
from intercoder.core.errors import InputError, ModelError, StudyBusy
from intercoder.llms.classifiers.classifiers import load_classifier
from intercoder.training.checkpoints import Workplace
from intercoder.training.distillation import classifier, learning
from intercoder.training.distillation.classifier_settings import ClassifierSettings
from intercoder.training.distillation.distillation_settings import read_settings
from intercoder.training.distillation.heads import TextItem
from intercoder.training.distillation.notes import notes_on_learning
from intercoder.training.learning import NotFinite, OutOfMemory
from tests.conftest import ROOT
from tests.training.distillation.classifying import CODES, SETTINGS, changed, items, learn, weights
from tests.training.distillation.studies import REPAIR, make_encoder

pytest.importorskip("torch")
pytest.importorskip("accelerate")
Events = list[dict[str, Any]]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def whole(encoder: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier whose training nobody interrupted."""
    out = tmp_path_factory.mktemp("classifiers") / "mine"
    learn(encoder, out)
    return out


@pytest.fixture
def events() -> Events:
    return []


def steps(events: Events) -> list[int]:
    return [event["done"] for event in events if event["kind"] == "step"]


def test_it_tells_apart_what_it_learnt(whole: Path) -> None:
    asked = items(36, 80)
    given = load_classifier(whole).probabilities([one.text for one in asked])
    expected = np.array([[one.targets[code.id] for code in CODES] for one in asked])
    assert ((given > 0.5) == expected).mean() > 0.9


def test_it_comes_with_its_card(whole: Path, encoder: str) -> None:
    card = read_card(whole)
    assert (card.name, card.head, card.codes) == ("mine", "multi_label", ("c_1", "c_2"))
    assert (card.encoder, card.steps, card.max_length) == (encoder, 12, 32)
    assert card.losses["after"] < card.losses["before"]
    assert card.scaled_on == 24
    assert card.losses["scaled"] <= card.losses["unscaled"]
    assert card.settings == SETTINGS.model_dump(mode="json")
    names = {file.name for file in whole.iterdir()}
    assert {"card.json", "README.md", "config.json", "model.safetensors", "head.safetensors"} <= names
    assert [file.name for file in whole.parent.iterdir()] == ["mine"]
    text = (whole / "README.md").read_text(encoding="utf-8")
    for told in (card.digest, "- repair (`c_1`)", 'model = "classifier:mine"', "people: ana"):
        assert told in text


def test_the_same_again_is_there_already(encoder: str, whole: Path) -> None:
    def never(event: dict[str, Any]) -> None:
        raise AssertionError(event)

    assert learn(encoder, whole, listen=never) == read_card(whole)
    assert learn(encoder, whole, changed(batch_size=2, accumulation=2), listen=never) == read_card(whole)


def test_what_it_is_chosen_with_counts_as_often_as_it_was_drawn_rarely(encoder: str, tmp_path: Path) -> None:
    """Weights of the development part choose and scale; of what is learnt they count for nothing."""
    chosen_with = [
        items(24, 36),
        [one._replace(weight=9.0 if place < 3 else 1.0) for place, one in enumerate(items(24, 36))],
    ]
    plain, weighted = (learn(encoder, tmp_path / f"{at}", development=part) for at, part in enumerate(chosen_with))
    assert plain.key != weighted.key
    assert plain.losses["before"] != weighted.losses["before"]
    assert plain.losses["first"] == weighted.losses["first"]
    assert plain.scaled_on == weighted.scaled_on == 24
    heavy = [one._replace(weight=9.0) for one in items(0, 24)]
    assert learn(encoder, tmp_path / "0", training=heavy) == plain


def test_how_many_segments_are_in_memory_at_once_changes_nothing(encoder: str, tmp_path: Path) -> None:
    uneven = [one for place, one in enumerate(items(0, 36)) if place % 2 or place % 6 == 0]
    folder = Path(shutil.copytree(encoder.removeprefix("hf:"), tmp_path / "encoder"))
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}  # which are drawn batch by batch
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    losses = []
    for name, changes in (("one", {}), ("two", {"batch_size": 1, "accumulation": 4})):
        settings = changed(dtype="float32", start="random", **changes)
        losses.append(learn(f"hf:{folder}", tmp_path / name, settings, training=uneven).losses)
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_what_it_began_with_is_kept_where_learning_makes_it_worse(
    encoder: str, tmp_path: Path, events: Events
) -> None:
    card = learn(
        encoder, tmp_path / "mine", changed(learning_rate=2.0, head_learning_rate=2.0), listen=events.append
    )
    measured = [event["loss"] for event in events if event["kind"] == "measured"]
    assert card.losses["before"] == card.losses["after"] < min(measured)
    assert card.kept_step == 0
    assert card.steps > 0
    again = learn(encoder, tmp_path / "still", changed(learning_rate=1e-12, head_learning_rate=1e-12))
    asked = [one.text for one in items(36, 80)]
    kept, began = (load_classifier(tmp_path / name) for name in ("mine", "still"))
    np.testing.assert_allclose(kept.logits(asked), began.logits(asked), atol=0.05)
    assert again.losses["before"] == card.losses["before"]
    assert "keeps the weights it began with" in notes_on_learning(card)[0]
    assert not notes_on_learning(card.model_copy(update={"kept_step": 1}))
    assert "kept: the weights that it began with" in (tmp_path / "mine" / "README.md").read_text(encoding="utf-8")


def test_another_classifier_of_that_name_is_kept_unless_told_otherwise(encoder: str, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    learn(encoder, out, changed(max_steps=2))
    first = weights(out)
    with pytest.raises(InputError, match="another classifier"):
        learn(encoder, out, changed(max_steps=2, seed=1))
    assert weights(out) == first
    learn(encoder, out, changed(max_steps=2, seed=1), new=True)
    assert weights(out) != first


def test_a_folder_that_is_no_classifier_is_never_replaced(encoder: str, tmp_path: Path) -> None:
    note = tmp_path / "mine" / "notes.txt"
    note.parent.mkdir()
    note.write_text("dear", encoding="utf-8")
    with pytest.raises(InputError, match="something of that name"):
        learn(encoder, tmp_path / "mine", changed(max_steps=1), new=True)
    assert note.read_text(encoding="utf-8") == "dear"


def killed(encoder: str, out: Path, when: str, step: int) -> None:
    child = [sys.executable, "-m", "tests.training.distillation.classifier_child", encoder, out, when, str(step)]
    done = subprocess.run(list(map(str, child)), capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == -9, done.stderr


@pytest.mark.long
def test_killed_and_gone_on_with_it_has_the_same_weights(
    encoder: str, whole: Path, tmp_path: Path, events: Events
) -> None:
    out = tmp_path / "mine"
    killed(encoder, out, "after", 5)
    killed(encoder, out, "saving", 9)
    assert (tmp_path / ".mine.training" / "checkpoint-9" / "model.safetensors").is_file()
    assert not out.exists()
    resumed = learn(encoder, out, listen=events.append)
    assert events[0]["done"] == 6
    assert steps(events) == [7, 8, 9, 10, 11, 12]
    assert weights(out) == weights(whole)
    assert resumed.model_copy(update={"seconds": 0}) == read_card(whole).model_copy(update={"seconds": 0})
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_stopped_before_it_is_in_place_it_learns_nothing_twice(
    encoder: str, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events: Events
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(classifier, "publish", stopped)
        with pytest.raises(KeyboardInterrupt):
            learn(encoder, tmp_path / "mine")
    assert not (tmp_path / "mine").exists()
    learn(encoder, tmp_path / "mine", listen=events.append)
    assert [event["kind"] for event in events] == ["begin"]
    assert weights(tmp_path / "mine") == weights(whole)
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_two_processes_do_not_train_one_classifier(encoder: str, tmp_path: Path) -> None:
    with Workplace(tmp_path / "mine"), pytest.raises(StudyBusy):
        learn(encoder, tmp_path / "mine")


def test_it_stops_where_the_development_part_gains_no_more_and_keeps_the_best(
    encoder: str, tmp_path: Path, events: Events
) -> None:
    backwards = [
        one._replace(targets={code: not yes for code, yes in one.targets.items()}) for one in items(24, 36)
    ]
    settings = changed(max_steps=30, patience=2)
    card = learn(encoder, tmp_path / "mine", settings, development=backwards, listen=events.append)
    measured = {event["done"]: event["loss"] for event in events if event["kind"] == "measured"}
    assert (card.stopped, card.steps) == ("early", max(measured))
    assert card.steps < 30
    measured[0] = card.losses["before"]
    assert card.kept_step == min(measured, key=lambda step: measured[step]) < card.steps
    assert card.temperature == pytest.approx(20.0)  # as unsure as can be: it is always wrong here


def test_without_a_development_part_it_learns_to_the_end_and_scales_nothing(encoder: str, tmp_path: Path) -> None:
    card = learn(encoder, tmp_path / "mine", changed(max_steps=2), development=[])
    assert (card.stopped, card.kept_step, card.temperature, card.scaled_on) == ("end", 2, 1.0, 0)
    assert sorted(card.losses) == ["first", "last"]


def test_an_exclusive_book_is_learnt_as_one_choice(encoder: str, tmp_path: Path) -> None:
    card = learn(encoder, tmp_path / "mine", head="one_of_k")
    given = load_classifier(tmp_path / "mine").probabilities([one.text for one in items(36, 80)])
    assert given.sum(axis=1) == pytest.approx(1, abs=2e-4)
    assert (given.argmax(axis=1) == np.arange(44) % 2).mean() > 0.9
    assert card.head == "one_of_k"


@pytest.mark.parametrize("windows", [False, True])
def test_what_is_longer_than_the_encoder_reads_is_told(encoder: str, tmp_path: Path, windows: bool) -> None:
    long = [one._replace(text=f"{one.text} {'with ' * 40}") for one in items(0, 6)]
    settings = changed(max_steps=1, windows=windows, max_length=500, overlap=4)
    card = learn(encoder, tmp_path / "mine", settings, training=[*long, *items(6, 24)])
    assert card.truncated == pytest.approx(6 / 36)
    assert (card.max_length, card.overlap) == (32, 4 if windows else -1)
    text = (tmp_path / "mine" / "README.md").read_text(encoding="utf-8")
    assert "16.7% of the segments that it learnt from and was chosen with are longer" in text
    assert ("read in windows" if windows else "cut off") in text


def test_codes_that_nobody_decided_about_are_not_learnt(encoder: str, tmp_path: Path) -> None:
    partial = [one._replace(targets={"c_1": one.targets["c_1"]}) for one in items(2, 24)]
    learn(encoder, tmp_path / "mine", training=[*items(0, 2), *partial])
    given = load_classifier(tmp_path / "mine").probabilities([one.text for one in items(36, 80)])
    assert ((given[:, 0] > 0.5) == (np.arange(44) % 2 == 0)).mean() > 0.9


def test_nothing_and_one_answer_only_cannot_be_learnt(encoder: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to learn from"):
        learn(encoder, tmp_path / "mine", training=[TextItem("A text.", {})])
    with pytest.raises(InputError, match="'repair' there is no segment with the answer no"):
        learn(encoder, tmp_path / "mine", training=items(0, 24, [REPAIR])[::2], head="yes_no", codes=[REPAIR])
    assert not list(tmp_path.iterdir())


def test_what_is_no_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        learn(f"hf:{tmp_path}/none/such/one", tmp_path / "mine")
    with pytest.raises(ModelError, match="names no weights"):
        learn("scripted:hashing", tmp_path / "mine")


def options_of(remedy: str) -> list[str]:
    """What a remedy says to set, as `intercoder distill` takes it."""
    return re.findall(r"--set (\S+?)(?=[\s`])", remedy)


def break_from(step: int, error: Exception | float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let learning fail after a step."""
    compute, count = learning.loss_of, [0]

    def broken(logits: Any, *rest: Any) -> Any:
        loss = compute(logits, *rest)
        count[0] += logits.requires_grad
        if not logits.requires_grad or count[0] <= step:
            return loss
        if isinstance(error, Exception):
            raise error
        return loss * error

    monkeypatch.setattr(learning, "loss_of", broken)


def test_a_loss_that_is_no_number_ends_it(encoder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    break_from(4, float("nan"), monkeypatch)
    with pytest.raises(NotFinite, match="loss of step 5 is no number") as caught:
        learn(encoder, tmp_path / "mine")
    assert read_settings(None, options_of(caught.value.remedy)).classifier.learning_rate == 0.005
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ({"batch_size": 4}, {"batch_size": 2, "accumulation": 2}),
        ({"batch_size": 1}, {"max_length": 128}),
        ({"batch_size": 1, "windows": True}, {"windows": False}),
        ({"batch_size": 1, "max_length": 8}, {}),
    ],
)
def test_too_little_memory_is_told(
    encoder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, int], remedy: dict[str, int]
) -> None:
    break_from(1, RuntimeError("not enough memory: you tried to allocate memory"), monkeypatch)
    with pytest.raises(OutOfMemory) as caught:
        learn(encoder, tmp_path / "mine", changed(**given))
    found = read_settings(None, options_of(caught.value.remedy)).classifier
    assert found == ClassifierSettings(**remedy)
