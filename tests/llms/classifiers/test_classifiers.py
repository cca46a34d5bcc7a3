"""Running a classifier: what it says of a text does not depend on company, and long texts are cut or windowed."""

import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from intercoder.core.errors import ModelError
from intercoder.llms.classifiers import classifiers, encoders
from intercoder.llms.classifiers.classifiers import load_classifier
from intercoder.llms.classifiers.encoders import load_encoder, most_tokens, padded
from intercoder.llms.classifiers.windows import Reader
from tests.llms.classifiers import tiny_encoders
from tests.llms.classifiers.tiny_encoders import card, save_classifier, write_card

pytest.importorskip("torch")
TEXTS = [f"text {'very ' * (n % 5)}number {n}" for n in range(23)] + ["the code", "x"]
LONG = "the code of a text that is longer than what is read at once, and then some more of it"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_classifier(
        tmp_path_factory.mktemp("two"), card(codes=("a", "b"), head="multi_label", max_length=48)
    )


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_what_is_said_of_a_text_does_not_depend_on_company(
    folder: Path, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifiers, "fastest_dtype", lambda: dtype)
    classifier = classifiers._load((str(folder), card(codes=("a", "b"), head="multi_label").model_dump_json()))
    together = classifier.probabilities(TEXTS)
    assert together.shape == (25, 2)
    assert together.std() > 0.05
    mixed = random.Random(0).sample(range(25), 25)
    assert (classifier.probabilities([TEXTS[place] for place in mixed]) == together[mixed]).all()
    assert (np.concatenate([classifier.probabilities([text]) for text in TEXTS]) == together).all()


def test_a_batch_holds_texts_of_like_length(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[tuple[int, ...]] = []
    classifier = load_classifier(folder)
    forward = type(classifier._model.encoder).forward

    def seen(self: Any, input_ids: Any, **options: Any) -> Any:
        shapes.append(tuple(input_ids.shape))
        return forward(self, input_ids=input_ids, **options)

    monkeypatch.setattr(type(classifier._model.encoder), "forward", seen)
    monkeypatch.setattr(encoders, "TOKENS", 64)
    classifier.logits(["x"] * 9 + ["x" * 40])
    assert shapes == [(8, 8), (8, 8), (1, 40)]


def test_lengths_are_filled_up_by_an_eighth_at_most() -> None:
    assert [padded(one) for one in (1, 8, 9, 64, 65, 128, 129, 512)] == [8, 8, 16, 64, 80, 128, 160, 512]
    assert all(one <= padded(one) <= max(one + 7, one * 1.25) for one in range(1, 600))


def test_of_exclusive_codes_the_probabilities_add_up(tmp_path: Path) -> None:
    classifier = load_classifier(save_classifier(tmp_path, card(codes=("a", "b", "c"), head="one_of_k")))
    assert classifier.probabilities(TEXTS).sum(axis=1) == pytest.approx(1, abs=2e-4)


def test_logits_are_divided_by_the_temperature_and_shifted(tmp_path: Path) -> None:
    plain = load_classifier(save_classifier(tmp_path / "plain", card()))
    scaled = load_classifier(save_classifier(tmp_path / "scaled", card(temperature=2.0, shifts=(1.0,))))
    logits = plain.logits(TEXTS)
    assert (scaled.logits(TEXTS) == logits).all()
    assert scaled.probabilities(TEXTS) == pytest.approx(1 / (1 + np.exp(-(logits / 2 + 1))), abs=1e-4)


def test_the_end_of_a_long_text_is_cut_off_or_read_in_windows(tmp_path: Path) -> None:
    cut = load_classifier(save_classifier(tmp_path / "cut", card()))
    windowed = load_classifier(save_classifier(tmp_path / "windowed", card(overlap=4)))
    assert cut.truncated([LONG, "x"]) == windowed.truncated([LONG, "x"]) == 0.5
    assert math.isnan(cut.truncated([]))
    (whole,), (begun,) = windowed.logits([LONG]), windowed.logits([LONG[:32]])
    assert (cut.logits([LONG]) == cut.logits([LONG + " end"])).all()
    assert (cut.logits([LONG]) != windowed.logits([LONG])).all()
    assert (whole != begun).all()
    assert windowed.logits(["x"]) == cut.logits(["x"])


def test_windows_overlap_and_hold_all(tmp_path: Path) -> None:
    _, tokenizer = load_encoder(tiny_encoders.save(tmp_path))
    (read,) = Reader(tokenizer, 10, 3).read(["abcfgijklmnopqrsuvwxyzABCD"])
    assert [len(window) for window in read.tokens] == [10, 10, 10, 5]
    assert [one[-3:] == other[:3] for one, other in zip(read.tokens, read.tokens[1:], strict=False)] == [True] * 3
    assert not read.whole


def test_the_first_token_is_another_view_than_the_mean(tmp_path: Path) -> None:
    mean = load_classifier(save_classifier(tmp_path / "mean", card()))
    first = load_classifier(save_classifier(tmp_path / "first", card(pooling="first")))
    assert (mean.logits(TEXTS[:23]) != first.logits(TEXTS[:23])).all()


def test_no_texts_have_no_probabilities(folder: Path) -> None:
    assert load_classifier(folder).probabilities([]).shape == (0, 2)


def test_it_is_loaded_once_until_it_is_trained_anew(tmp_path: Path) -> None:
    first = load_classifier(save_classifier(tmp_path, card()))
    assert load_classifier(tmp_path) is first
    other = load_classifier(save_classifier(tmp_path, card(digest="second"), seed=1))
    assert (other.logits(TEXTS) != first.logits(TEXTS)).any()


def test_what_is_no_classifier_is_told(tmp_path: Path) -> None:
    write_card(card(), tmp_path / "thrift")
    with pytest.raises(ModelError, match="no such classifier") as caught:
        load_classifier(tmp_path / "thirft")
    assert "thrift" in caught.value.remedy
    tiny_encoders.save(tmp_path / "thrift")
    with pytest.raises(ModelError, match="head cannot be read"):
        load_classifier(tmp_path / "thrift")
    (tmp_path / "thrift" / "card.json").write_text("{}")
    with pytest.raises(ModelError, match="card cannot be read"):
        load_classifier(tmp_path / "thrift")


def test_what_is_missing_for_classifiers_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifiers, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="torch, transformers") as caught:
        load_classifier(write_card(card(), tmp_path))
    assert "intercoder[embedded]" in caught.value.remedy


def test_a_window_holds_no_more_than_the_encoder_takes(tmp_path: Path) -> None:
    bert = load_encoder(tiny_encoders.save(tmp_path / "bert"))
    roberta = load_encoder(tiny_encoders.save(tmp_path / "roberta", "roberta", pad_token_id=1))
    assert [most_tokens(*bert, wanted) for wanted in (16, 500)] == [16, 64]
    assert most_tokens(*roberta, 500) == 62


def test_other_kinds_of_models_are_no_encoders(tmp_path: Path) -> None:
    sizes = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "d_kv": 4, "d_ff": 16, "num_layers": 1}
    with pytest.raises(ModelError, match="are no encoders"):
        load_encoder(tiny_encoders.save(tmp_path / "t5", "t5", num_heads=2, **sizes))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="not a usable encoder"):
        load_encoder(tmp_path / "empty")
