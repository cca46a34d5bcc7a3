"""Adapters are checked before anything is loaded: whose they are, and under which name answers are kept."""

import json
from pathlib import Path

import numpy as np
import pytest

from intercoder.core.errors import ModelError
from intercoder.llms.adapters import check_base, identity, other_names, read_adapter
from intercoder.llms.references import parse_reference

safetensors = pytest.importorskip("safetensors.numpy")


def adapter_in(folder: Path, *, base: str = "/models/tiny", width: int = 8, value: float = 0.5) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"peft_type": "LORA", "r": 4, "target_modules": ["up_proj"], "base_model_name_or_path": base}
    (folder / "adapter_config.json").write_text(json.dumps(settings), encoding="utf-8")
    name = "base_model.model.model.layers.0.mlp.up_proj"
    weights = {
        f"{name}.lora_A.weight": np.full((4, width), value, np.float32),
        f"{name}.lora_B.weight": np.zeros((16, 4), np.float32),
    }
    safetensors.save_file(weights, folder / "adapter_model.safetensors")
    return folder


def base_in(folder: Path, width: int = 8) -> Path:
    folder.mkdir(parents=True)
    weights = {"model.layers.0.mlp.up_proj.weight": np.zeros((16, width), np.float32)}
    safetensors.save_file(weights, folder / "model.safetensors")
    return folder


def test_an_adapter_tells_its_base_and_rank(tmp_path: Path) -> None:
    adapter = read_adapter(adapter_in(tmp_path / "a"))
    assert (adapter.base, adapter.rank, adapter.targets) == ("/models/tiny", 4, ("up_proj",))


def test_the_right_base_is_taken(tmp_path: Path) -> None:
    base = base_in(tmp_path / "tiny")
    check_base(read_adapter(adapter_in(tmp_path / "a")), parse_reference(f"hf:{base}"), base)


def test_an_adapter_of_another_base_is_refused_by_name(tmp_path: Path) -> None:
    base = base_in(tmp_path / "other")
    with pytest.raises(ModelError, match="trained on tiny, not on other"):
        check_base(read_adapter(adapter_in(tmp_path / "a")), parse_reference(f"hf:{base}"), base)


def test_an_adapter_that_only_bears_the_base_s_name_is_refused(tmp_path: Path) -> None:
    base = base_in(tmp_path / "tiny", width=9)
    with pytest.raises(ModelError, match=r"up_proj takes 9 values there, and 8 in the adapter"):
        check_base(read_adapter(adapter_in(tmp_path / "a")), parse_reference(f"hf:{base}"), base)


@pytest.mark.parametrize("missing", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_folder_without_one_of_its_files_is_no_adapter(tmp_path: Path, missing: str) -> None:
    folder = adapter_in(tmp_path / "a")
    (folder / missing).unlink()
    with pytest.raises(ModelError, match=f"holds no {missing}"):
        read_adapter(folder)


@pytest.mark.parametrize("content", ["{", "[]", '{"peft_type": "LORA"}', '{"peft_type": "IA3"}'])
def test_settings_that_cannot_be_read_are_named(tmp_path: Path, content: str) -> None:
    folder = adapter_in(tmp_path / "a")
    (folder / "adapter_config.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match="settings cannot be read"):
        read_adapter(folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no such folder"):
        read_adapter(tmp_path / "none")


def test_answers_are_kept_under_the_adapter_s_content_not_its_place(tmp_path: Path) -> None:
    here = parse_reference(f"embedded:tiny#{adapter_in(tmp_path / 'here' / 'expert')}")
    moved = parse_reference(f"embedded:tiny#{adapter_in(tmp_path / 'there' / 'expert')}")
    anew = parse_reference(f"embedded:tiny#{adapter_in(tmp_path / 'anew' / 'expert', value=0.25)}")
    assert identity(here) == identity(moved) != identity(anew)
    assert identity(here).startswith("embedded:tiny#expert-")
    assert identity(parse_reference("embedded:tiny")) == "embedded:tiny"


def test_of_several_servers_answers_are_kept_under_none_of_their_addresses() -> None:
    one, other = "http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1"
    both = parse_reference(f"openai:m@{one}|{other}")
    assert identity(both) == identity(parse_reference(f"openai:m@{other}|{one}")) == "openai:m@*"
    assert other_names(both) == (f"openai:m@{one}", f"openai:m@{other}")


def test_of_one_server_answers_are_kept_under_its_address() -> None:
    alone = parse_reference("openai:m@http://127.0.0.1:1/v1")
    assert (identity(alone), other_names(alone)) == (str(alone), ("openai:m@*",))
    for elsewhere in ("openai:m", "openai:m@https://API.openai.com/v1", "scripted:words"):
        assert other_names(parse_reference(elsewhere)) == ()
