"""Training an adapter of a tiny base: stopped and gone on with, gone astray, out of memory, and what is refused."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from intercoder.core.adapters import read_data
from intercoder.core.classifiers import text_key
from intercoder.core.errors import InputError, ModelError, SettingsError, StudyBusy
from intercoder.llms.adapters import read_adapter
from intercoder.training import lora
from intercoder.training.card import read_card
from intercoder.training.checkpoints import Workplace
from intercoder.training.learning import NotFinite, OutOfMemory
from intercoder.training.lora import Trained
from tests.conftest import ROOT
from tests.llms import tiny_models
from tests.training.adapting import SETTINGS, changed, make_base, train_tiny, weights, write_pairs

torch = pytest.importorskip("torch")
pytest.importorskip("peft")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("bases") / "tiny")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("pairs") / "pairs.jsonl")


@pytest.fixture(scope="module")
def trained(base: Path, pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """An adapter whose training nobody interrupted."""
    return train_tiny(base, pairs, tmp_path_factory.mktemp("adapters") / "whole")


@pytest.fixture
def events() -> list[dict[str, Any]]:
    return []


def steps(events: list[dict[str, Any]]) -> list[int]:
    return [event["done"] for event in events if event["kind"] == "step"]


def test_an_adapter_comes_with_its_card(trained: Trained, base: Path) -> None:
    card = read_card(trained.adapter)
    assert card == trained.card
    assert card is not None
    assert (card.steps, card.settings, card.base) == (8, SETTINGS, f"hf:{base}")
    assert (card.data.pairs, card.data.training, card.data.held_out) == (16, 14, 2)
    texts = {text_key(f"Thing {n}.") for n in range(8)}
    assert read_data(trained.adapter) == card.data
    assert len(card.data.learnt_documents) == len(card.data.learnt_texts) == 7
    assert set(card.data.learnt_texts) < texts
    assert card.losses.held_out_before is not None
    assert card.losses.held_out_after is not None
    assert card.losses.held_out_after < card.losses.held_out_before
    assert sorted(file.name for file in trained.adapter.iterdir()) == [
        *("README.md", "adapter_config.json", "adapter_model.safetensors", "card.json"),
    ]
    assert not [file for file in trained.adapter.parent.iterdir() if file != trained.adapter]


def test_the_card_can_be_read_by_people(trained: Trained) -> None:
    text = (trained.adapter / "README.md").read_text(encoding="utf-8")
    for told in (trained.card.data.digest, f"{trained.card.losses.held_out_after:.4f}", "rank: 4", "shots = 0"):
        assert told in text


def test_the_adapter_is_as_the_settings_say(trained: Trained, base: Path) -> None:
    adapter = read_adapter(trained.adapter)
    assert (adapter.rank, adapter.targets) == (4, ("down_proj", "gate_proj", "up_proj"))
    assert Path(adapter.base) == base


def test_the_same_again_is_there_already(base: Path, pairs: Path, trained: Trained) -> None:
    def never(event: dict[str, Any]) -> None:
        raise AssertionError(event)

    again = train_tiny(base, pairs, trained.adapter, listen=never)
    assert again.known
    assert again.card == trained.card


def test_another_adapter_of_that_name_is_kept_unless_told_otherwise(
    base: Path, pairs: Path, tmp_path: Path
) -> None:
    short = changed(max_steps=1)
    first = weights(train_tiny(base, pairs, tmp_path / "mine", short))
    with pytest.raises(InputError, match="another adapter"):
        train_tiny(base, pairs, tmp_path / "mine", changed(max_steps=1, seed=1))
    assert (tmp_path / "mine" / "adapter_model.safetensors").read_bytes() == first
    assert weights(train_tiny(base, pairs, tmp_path / "mine", changed(max_steps=1, seed=1), new=True)) != first


def test_a_folder_that_is_no_adapter_is_never_replaced(base: Path, pairs: Path, tmp_path: Path) -> None:
    note = tmp_path / "mine" / "notes.txt"
    note.parent.mkdir()
    note.write_text("dear", encoding="utf-8")
    with pytest.raises(InputError, match="something of that name"):
        train_tiny(base, pairs, tmp_path / "mine", changed(max_steps=1), new=True)
    assert note.read_text(encoding="utf-8") == "dear"


def test_a_new_training_of_an_old_name_goes_on_without_being_begun_anew(
    base: Path, pairs: Path, tmp_path: Path, events: list[dict[str, Any]]
) -> None:
    def stop(event: dict[str, Any]) -> None:
        if event["kind"] == "step" and event["done"] == 3:
            raise KeyboardInterrupt

    train_tiny(base, pairs, tmp_path / "mine", changed(max_steps=1))
    longer = changed(max_steps=4)
    with pytest.raises(KeyboardInterrupt):
        train_tiny(base, pairs, tmp_path / "mine", longer, new=True, listen=stop)
    assert train_tiny(base, pairs, tmp_path / "mine", longer, listen=events.append).card.steps == 4
    assert steps(events) == [3, 4]


def killed(base: Path, pairs: Path, out: Path, when: str, step: int) -> None:
    child = [sys.executable, "-m", "tests.training.train_child", base, pairs, out, when, str(step)]
    done = subprocess.run(list(map(str, child)), capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == -9, done.stderr


def test_killed_and_gone_on_with_it_has_the_same_weights(
    base: Path, pairs: Path, trained: Trained, tmp_path: Path, events: list[dict[str, Any]]
) -> None:
    out = tmp_path / "mine"
    killed(base, pairs, out, "after", 3)
    killed(base, pairs, out, "saving", 6)
    assert (tmp_path / ".mine.training" / "checkpoint-6" / "adapter_model.safetensors").is_file()
    assert not out.exists()
    resumed = train_tiny(base, pairs, out, listen=events.append)
    assert events[0]["done"] == 4
    assert steps(events) == [5, 6, 7, 8]
    assert weights(resumed) == weights(trained)
    assert resumed.card.losses == trained.card.losses
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_stopped_before_its_adapter_is_in_place_it_learns_nothing_twice(
    base: Path,
    pairs: Path,
    trained: Trained,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    events: list[dict[str, Any]],
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(lora, "write_card", stopped)
        with pytest.raises(KeyboardInterrupt):
            train_tiny(base, pairs, tmp_path / "mine")
    assert not (tmp_path / "mine").exists()
    resumed = train_tiny(base, pairs, tmp_path / "mine", listen=events.append)
    assert [event["kind"] for event in events] == ["begin"]
    assert weights(resumed) == weights(trained)


def test_other_settings_do_not_go_on_with_what_was_begun(base: Path, pairs: Path, tmp_path: Path) -> None:
    def stop(event: dict[str, Any]) -> None:
        if event["done"] == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_tiny(base, pairs, tmp_path / "mine", listen=stop)
    with pytest.raises(InputError, match="begun here") as caught:
        train_tiny(base, pairs, tmp_path / "mine", changed(rank=8))
    assert "--new" in caught.value.remedy
    assert train_tiny(base, pairs, tmp_path / "mine", changed(rank=8, max_steps=1), new=True).card.steps == 1


def test_two_processes_do_not_train_one_adapter(base: Path, pairs: Path, tmp_path: Path) -> None:
    with Workplace(tmp_path / "mine"), pytest.raises(StudyBusy):
        train_tiny(base, pairs, tmp_path / "mine")


def break_from(step: int, broken: Callable[[Any, Any], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let learning fail in some way after a step."""
    from transformers import Trainer

    compute = Trainer.compute_loss

    def computed(self: Any, model: Any, inputs: Any, *args: Any, **options: Any) -> Any:
        loss = compute(self, model, inputs, *args, **options)
        return broken(model, loss) if model.training and self.state.global_step >= step else loss

    monkeypatch.setattr(Trainer, "compute_loss", computed)


def no_number(model: Any, loss: Any) -> Any:
    return loss * float("nan")


def no_slope(model: Any, loss: Any) -> Any:
    adapted = next(one for one in model.parameters() if one.requires_grad)
    # The root of a square at 0 is 0, and its slope is no number.
    return loss + ((adapted - adapted.detach()) ** 2).sum().sqrt()


@pytest.mark.parametrize(("broken", "what"), [(no_number, "loss"), (no_slope, "gradient")])
def test_a_loss_that_is_no_number_ends_it_and_keeps_the_last_checkpoint(
    base: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: Any, what: str
) -> None:
    break_from(3, broken, monkeypatch)
    with pytest.raises(NotFinite, match=f"the {what} of step 4 is no number") as caught:
        train_tiny(base, pairs, tmp_path / "mine")
    checkpoint = tmp_path / ".mine.training" / "checkpoint-2"
    assert caught.value.remedy.endswith(f"until step 2 is a usable adapter: {checkpoint}")
    assert "learning_rate=0.005" in caught.value.remedy
    assert read_adapter(checkpoint).rank == 4
    assert not (tmp_path / "mine").exists()


def test_a_held_out_loss_that_is_no_number_ends_it_too(
    base: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import Trainer

    measure = Trainer.prediction_step

    def measured(self: Any, *args: Any, **options: Any) -> Any:
        loss, *rest = measure(self, *args, **options)
        return (loss * float("nan") if self.state.global_step == 4 else loss, *rest)

    monkeypatch.setattr(Trainer, "prediction_step", measured)
    with pytest.raises(NotFinite, match="held-out loss of step 4 is no number") as caught:
        train_tiny(base, pairs, tmp_path / "mine")
    assert "until step 2 is a usable adapter" in caught.value.remedy


def test_memory_that_does_not_suffice_for_a_look_at_the_base_is_told_as_that(
    base: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bool:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(lora, "branches_apart", full)
    with pytest.raises(OutOfMemory, match="1 text at a time") as caught:
        train_tiny(base, pairs, tmp_path / "mine")
    assert "max_length" in caught.value.remedy


def test_out_of_memory_it_says_what_to_try_and_goes_on(
    base: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events: list[dict[str, Any]]
) -> None:
    def full(model: Any, loss: Any) -> Any:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:75] DefaultCPUAllocator: can't allocate memory")

    with monkeypatch.context() as patch:
        break_from(2, full, patch)
        with pytest.raises(OutOfMemory, match="2 texts at a time") as caught:
            train_tiny(base, pairs, tmp_path / "mine")
        assert "batch_size=1 --set accumulation=2" in caught.value.remedy
        assert "after step 2" in caught.value.remedy
        with pytest.raises(OutOfMemory, match="1 text at a time") as caught:
            train_tiny(base, pairs, tmp_path / "mine", changed(batch_size=1, accumulation=2))
        assert "smaller base" in caught.value.remedy
    smaller = changed(batch_size=1, accumulation=2)
    assert train_tiny(base, pairs, tmp_path / "mine", smaller, listen=events.append).card.steps == 8
    assert steps(events) == list(range(3, 9))


def test_other_failures_stay_what_they_are(
    base: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(model: Any, loss: Any) -> Any:
        raise RuntimeError("something else")

    break_from(0, fail, monkeypatch)
    with pytest.raises(RuntimeError, match="something else"):
        train_tiny(base, pairs, tmp_path / "mine")


def test_it_stops_early_and_keeps_the_best_step(
    base: Path, pairs: Path, tmp_path: Path, events: list[dict[str, Any]]
) -> None:
    wild = changed(learning_rate=3, checkpoint_every=1, patience=2, max_steps=30)
    card = train_tiny(base, pairs, tmp_path / "mine", wild, listen=events.append).card
    measured = {event["done"]: event["loss"] for event in events if event["kind"] == "measured" and event["done"]}
    assert (card.stopped, card.steps) == ("early", len(measured))
    assert card.kept_step == min(measured, key=lambda step: measured[step]) == card.steps - 2
    assert card.losses.held_out_after == measured[card.kept_step]


def test_without_patience_it_goes_on_to_the_end(base: Path, pairs: Path, tmp_path: Path) -> None:
    wild = changed(learning_rate=3, checkpoint_every=1, patience=0, max_steps=6)
    assert train_tiny(base, pairs, tmp_path / "mine", wild).card.steps == 6


def test_a_single_document_is_learnt_from_without_measuring(
    base: Path, tmp_path: Path, events: list[dict[str, Any]]
) -> None:
    pairs = write_pairs(tmp_path / "pairs.jsonl", texts=3, documents=1)
    card = train_tiny(base, pairs, tmp_path / "mine", changed(max_steps=2), listen=events.append).card
    assert (card.data.training, card.data.held_out, card.kept_step) == (6, 0, 2)
    assert (card.losses.held_out_before, card.losses.held_out_after) == (None, None)
    assert {event["kind"] for event in events} == {"begin", "step"}
    assert "not measured" in (tmp_path / "mine" / "README.md").read_text(encoding="utf-8")


def test_epochs_count_where_steps_are_not_given(
    base: Path, pairs: Path, tmp_path: Path, events: list[dict[str, Any]]
) -> None:
    train_tiny(base, pairs, tmp_path / "mine", changed(max_steps=0, epochs=1.5), listen=events.append)
    assert events[0]["total"] == 6  # seven texts, two a step


def test_nothing_that_fits_is_told_with_an_example(base: Path, pairs: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="16 pairs were dropped") as caught:
        train_tiny(base, pairs, tmp_path / "mine", changed(max_length=20))
    assert "`max_length` is 20" in caught.value.remedy


def test_a_base_without_chat_template_is_named(pairs: Path, tmp_path: Path) -> None:
    base = tiny_models.save(tmp_path / "plain", template=None)
    with pytest.raises(ModelError, match="no chat template") as caught:
        train_tiny(base, pairs, tmp_path / "mine")
    assert caught.value.where == "plain"


@pytest.mark.parametrize(
    ("kind", "options", "error", "told"),
    [
        ("gpt2", {"n_embd": 32, "n_head": 4, "n_layer": 2, "n_positions": 2048}, SettingsError, "no layers named"),
        ("falcon_h1", {}, ModelError, r"\(falcon_h1\) cannot be trained"),
    ],
)
def test_a_base_that_does_not_fit_is_named(
    pairs: Path, tmp_path: Path, kind: str, options: dict[str, int], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        train_tiny(make_base(tmp_path / "other", kind, **options), pairs, tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


def test_missing_packages_are_named(
    base: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lora, "find_spec", lambda name: None if name == "peft" else object())
    with pytest.raises(ModelError, match="not installed: peft") as caught:
        train_tiny(base, pairs, tmp_path / "mine")
    assert "intercoder[train]" in caught.value.remedy
