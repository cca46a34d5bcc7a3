"""Which folders become models, and what is said about the others."""

import json
from pathlib import Path

import pytest

from intercoder.core.errors import ModelError
from intercoder.llms.embedded import loading
from intercoder.llms.embedded.chat_tokens import Turn
from intercoder.llms.embedded.engine import Engine
from tests.llms import tiny_models

torch = pytest.importorskip("torch")


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("llama", {}),
        ("qwen2", {}),
        ("qwen3", {"head_dim": 16}),
        ("phi3", {"pad_token_id": 0}),
        ("gpt2", {"n_embd": 32, "n_head": 4, "n_layer": 2, "n_positions": 512}),
        ("gpt_neox", {}),
    ],
)
def test_common_kinds_of_models_load(tmp_path: Path, kind: str, options: dict[str, int]) -> None:
    loaded = loading.load(tiny_models.save(tmp_path, kind, **options), "float32")
    assert loaded.context == 512
    assert loaded.token_bytes > 0


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("gemma2", {"head_dim": 8, "query_pre_attn_scalar": 8, "attn_logit_softcapping": 0.1}),
        ("mistral", {"sliding_window": 8}),
        ("falcon_h1", {}),
    ],
)
def test_a_model_that_computes_otherwise_is_refused_rather_than_run_wrongly(
    tmp_path: Path, kind: str, options: dict[str, int]
) -> None:
    with pytest.raises(ModelError, match=kind) as caught:
        loading.load(tiny_models.save(tmp_path, kind, **options), "float32")
    assert caught.value.where == str(tmp_path)
    assert "openai:" in caught.value.remedy


def test_a_sliding_window_bounds_the_context(tmp_path: Path) -> None:
    folder = tiny_models.save(tmp_path, "mistral", sliding_window=100)
    assert loading.load(folder, "float32").context == 100


def test_bfloat16_is_checked_more_loosely(tmp_path: Path) -> None:
    assert loading.load(tiny_models.save(tmp_path), "bfloat16").model.vocabulary > 256


def test_weights_may_be_tied(tmp_path: Path) -> None:
    loading.load(tiny_models.save(tmp_path, tie_word_embeddings=True), "float32")


def test_a_folder_that_is_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a usable model") as caught:
        loading.load(tmp_path)
    assert caught.value.where == str(tmp_path)
    assert "safetensors" in caught.value.remedy


def test_weights_that_could_hold_code_are_not_loaded(tmp_path: Path) -> None:
    folder = tiny_models.save(tmp_path)
    (folder / "model.safetensors").unlink()
    torch.save({"weights": torch.zeros(1)}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="not a usable model"):
        loading.load(folder)


def test_code_in_the_folder_is_never_run(tmp_path: Path) -> None:
    folder = tiny_models.save(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "mine", "auto_map": {"AutoConfig": "trap.C", "AutoModelForCausalLM": "trap.M"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "trap.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')\n")
    with pytest.raises(ModelError, match="contains custom code"):
        loading.load(folder)
    assert not (tmp_path / "sprung").exists()


def test_a_model_without_chat_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no chat template"):
        loading.load(tiny_models.save(tmp_path, template=None))


def test_a_prompt_that_leaves_no_room_for_its_answer_is_told_both_sizes(tmp_path: Path) -> None:
    engine = Engine(tiny_models.save(tmp_path), batch_size=2, dtype="float32")
    turns = [Turn("user", "x" * 400)]
    size = len(engine.prompt(turns, 1))
    assert len(engine.prompt(turns, 512 - size)) == size
    with pytest.raises(ModelError) as caught:
        engine.prompt(turns, 513 - size)
    for number in (size, 513 - size, 512):
        assert str(number) in caught.value.message


@pytest.mark.parametrize(
    ("flags", "dtype"),
    [("flags: fpu avx2", "float32"), ("flags: avx512_bf16 x", "bfloat16"), ("flags: amx_bf16", "bfloat16")],
)
def test_bfloat16_is_taken_where_the_processor_has_it(
    monkeypatch: pytest.MonkeyPatch, flags: str, dtype: str
) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_: flags)
    assert loading.fastest_dtype() == dtype


def test_without_knowledge_of_the_processor_float32_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert loading.fastest_dtype() == "float32"
