"""Models in this process with a LoRA adapter merged into their weights."""

import json
from pathlib import Path
from typing import Any

import pytest

from intercoder.core.agent_settings import Sampling
from intercoder.core.errors import InputError, ModelError
from intercoder.core.study import Limits, Privacy
from intercoder.llms.embedded import adapted, loading
from intercoder.llms.embedded.chat_tokens import Turn
from intercoder.llms.embedded.embedded import EmbeddedChatModel
from intercoder.llms.embedded.engine import Engine
from intercoder.llms.embedded.requests import ModelRequest
from intercoder.llms.factory import chat_model, check_reference
from intercoder.training.merging import merge
from tests.llms import tiny_models

torch = pytest.importorskip("torch")
peft = pytest.importorskip("peft")


def save_adapter(base: Path, folder: Path, **options: Any) -> Path:
    """An adapter with random weights, that changes much."""
    torch.manual_seed(3)
    targets = ["gate_proj", "up_proj", "down_proj"]
    config = peft.LoraConfig(r=4, lora_alpha=16, target_modules=targets, task_type="CAUSAL_LM", **options)
    model = peft.get_peft_model(loading.load_weights(base, "float32"), config)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.5)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.save(tmp_path_factory.mktemp("bases") / "tiny")


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_adapter(base, tmp_path_factory.mktemp("adapters") / "mine")


@pytest.fixture(autouse=True)
def _exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "fastest_dtype", lambda: "float32")


def logits(model: Any) -> Any:
    with torch.inference_mode():
        return model(input_ids=torch.arange(5, 45)[None]).logits[0]


def said(engine: Engine) -> str:
    request = ModelRequest(engine.prompt([Turn("user", "Code this.")], 20), 20, 0.0, 1.0, None, (), None)
    return engine.ask_blocking(request).text


@pytest.mark.parametrize("options", [{}, {"use_rslora": True}, {"use_dora": True}])
def test_merged_it_computes_what_base_and_adapter_do(base: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    folder = save_adapter(base, tmp_path / "mine", **options)
    wanted = logits(peft.PeftModel.from_pretrained(loading.load_weights(base, "float32"), folder).eval())
    got = logits(adapted.merged(loading.load_weights(base, "float32"), folder))
    assert torch.allclose(got, wanted, rtol=1e-3, atol=1e-4)
    assert not torch.allclose(wanted, logits(loading.load_weights(base, "float32")), atol=1.0)


def test_an_engine_answers_with_its_adapter(base: Path, adapter: Path) -> None:
    plain, changed = Engine(base, batch_size=2), Engine(base, batch_size=2, adapter=adapter)
    assert said(changed) != said(plain)
    assert said(changed) == said(Engine(base, batch_size=2, adapter=adapter))


def test_there_is_one_engine_for_each_adapter_of_a_folder(base: Path, adapter: Path) -> None:
    plain, changed = EmbeddedChatModel(path=base), EmbeddedChatModel(path=base, adapter=adapter)
    again = EmbeddedChatModel(path=base, adapter=adapter, batch_size=3)
    assert changed.load() is again.load()
    assert changed.load() is not plain.load()


def test_a_reference_with_an_adapter_gives_a_model_with_it(base: Path, adapter: Path) -> None:
    def model(reference: str) -> EmbeddedChatModel:
        made = chat_model(
            reference, sampling=Sampling(), limits=Limits(), privacy=Privacy(), api_key_env="OPENAI_API_KEY"
        )
        assert isinstance(made, EmbeddedChatModel)
        return made

    assert model(f"hf:{base}#{adapter}").adapter == adapter
    assert model(f"hf:{base}").adapter is None


def test_without_peft_the_extra_is_named(base: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapted, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="not installed: peft") as caught:
        check_reference(f"hf:{base}#{adapter}", Privacy())
    assert "intercoder[train]" in caught.value.remedy


def test_weights_that_peft_cannot_put_on_a_model_are_told(base: Path, adapter: Path, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_bytes((adapter / "adapter_config.json").read_bytes())
    (tmp_path / "adapter_model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="cannot be put on this model") as caught:
        Engine(base, batch_size=1, adapter=tmp_path)
    assert caught.value.where == str(tmp_path)


def test_merged_on_disk_it_is_an_ordinary_checkpoint(base: Path, adapter: Path, tmp_path: Path) -> None:
    merge(f"hf:{base}#{adapter}", tmp_path / "merged")
    assert [file.name for file in tmp_path.iterdir()] == ["merged"]
    assert json.loads((tmp_path / "merged" / "config.json").read_text())["model_type"] == "llama"
    whole = Engine(tmp_path / "merged", batch_size=2)
    assert said(whole) == said(Engine(base, batch_size=2, adapter=adapter))


def test_what_cannot_be_merged_is_told(base: Path, adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no adapter to merge"):
        merge(f"hf:{base}", tmp_path / "merged")
    with pytest.raises(InputError, match="something here already"):
        merge(f"hf:{base}#{adapter}", tmp_path)
    other = tiny_models.save(tmp_path / "other")
    with pytest.raises(ModelError, match="trained on tiny, not on other"):
        merge(f"hf:{other}#{adapter}", tmp_path / "merged")
