"""What of vLLM needs no vLLM: references, grammars, logs, room for adapters."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from intercoder.agents.answers import coder_schema
from intercoder.core.agent_settings import Sampling
from intercoder.core.errors import ModelError, SettingsError
from intercoder.core.study import Limits, Privacy, VllmLimits
from intercoder.core.study_toml import parse_study
from intercoder.llms import factory
from intercoder.llms.adapters import Adapter
from intercoder.llms.embedded.grammar import grammar_text
from intercoder.llms.factory import chat_model, check_reference
from intercoder.llms.vllm import vllm_child
from intercoder.llms.vllm.vllm_adapters import room_for
from intercoder.llms.vllm.vllm_chat import VllmChatModel
from intercoder.llms.vllm.vllm_log import last_words


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if vLLM were there; nothing here asks it anything."""
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(factory, "find_spec", lambda name: sys if name == "vllm" else find_spec(name))


def test_without_the_package_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factory, "find_spec", lambda name: None)
    with pytest.raises(ModelError) as error:
        check_reference(f"vllm:{tmp_path}", Privacy())
    assert "pip install 'intercoder[vllm]'" in error.value.remedy


def test_a_folder_is_a_model_and_shares_its_engine(tmp_path: Path, installed: None) -> None:
    limits = Limits(vllm=VllmLimits(context=1024))

    def made(sampling: Sampling) -> VllmChatModel:
        model = chat_model(
            f"vllm:{tmp_path}", sampling=sampling, limits=limits, privacy=Privacy(), api_key_env="KEY"
        )
        assert isinstance(model, VllmChatModel)
        return model

    one, other = made(Sampling(temperature=0.1)), made(Sampling(temperature=0.2))
    assert one.engine() is other.engine()
    assert one.engine().limits.context == 1024
    assert (one.temperature, other.temperature) == (0.1, 0.2)


def test_a_folder_that_is_not_there_and_a_name_on_the_hub_are_refused(tmp_path: Path, installed: None) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        check_reference(f"vllm:{tmp_path}/nowhere", Privacy())
    with pytest.raises(ModelError, match="privacy settings allow no hub"):
        check_reference("vllm:nobody/no-such-model", Privacy())


def test_names_of_the_catalogue_are_known(installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERCODER_MODELS", str(tmp_path))
    with pytest.raises(ModelError, match="not pulled"):
        check_reference("vllm:smollm2-135m", Privacy())
    with pytest.raises(ModelError, match="not for answering"):
        check_reference("vllm:minilm-l6", Privacy())


def test_it_gives_no_embeddings(tmp_path: Path, installed: None) -> None:
    with pytest.raises(ModelError, match="no embeddings"):
        check_reference(f"vllm:{tmp_path}", Privacy(), use="embedding")


def test_limits_are_read_and_a_wrong_key_is_named() -> None:
    text = 'question = "Why?"\n[[coders]]\nname = "a"\n[limits.vllm]\n'
    assert parse_study(text + "context = 4096\ngpus = 2").limits.vllm == VllmLimits(context=4096, gpus=2)
    with pytest.raises(SettingsError, match="did you mean `context`"):
        parse_study(text + "contxt = 4096")


def test_a_schema_becomes_a_grammar_that_compiles_and_bounds_strings() -> None:
    xgrammar = pytest.importorskip("xgrammar")
    text = grammar_text(coder_schema(2))
    xgrammar.Grammar.from_ebnf(text)
    assert "{0,120}" in text
    assert '\\\\\\"' in text, "quotation marks may be escaped inside a string"


def test_a_schema_that_is_none_is_refused() -> None:
    pytest.importorskip("xgrammar")
    with pytest.raises(ModelError, match="cannot be enforced"):
        grammar_text({"type": "nonsense"})


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (
            "INFO 11-22 13:00:15 [a] Loading\nTraceback (most recent call last):\n  File x\nValueError: no room\n",
            "no room",
        ),
        (
            "(EngineCore pid=1) ERROR 2026-11-22 13:38:41,568 [v] RuntimeError: the cause\n"
            "(EngineCore pid=1) ERROR 2026-11-22 13:38:41,569 [v] RuntimeError: Engine core init failed\n",
            "the cause",
        ),
        ("INFO 2026-11-22 13:00:15,123 [a] one\nINFO 2026-11-22 13:00:16,123 [a] two\n\n", "one / two"),
        ("", ""),
    ],
)
def test_the_end_of_a_log_is_its_last_error_or_its_last_lines(tmp_path: Path, log: str, told: str) -> None:
    file = tmp_path / "vllm.log"
    file.write_text(log, "utf-8")
    said = last_words(file)
    assert said.endswith(told)
    assert "INFO" not in said
    assert "pid=" not in said


def test_a_log_that_is_gone_says_nothing(tmp_path: Path) -> None:
    assert last_words(tmp_path / "gone.log") == ""


def test_the_engines_process_writes_to_its_log_and_asks_no_hub(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    script = "import os, sys; print('out', os.environ['HF_HUB_OFFLINE']); print('err', file=sys.stderr)"
    command = [sys.executable, "-I", "-S", vllm_child.__file__, str(log), sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stdout == done.stderr == b""
    assert sorted(log.read_text("utf-8").split()) == ["1", "err", "out"]


def adapter(rank: int) -> Adapter:
    return Adapter(path=Path(f"rank-{rank}"), base="b", rank=rank, targets=(), digest=f"{rank}")


@pytest.mark.parametrize(
    ("ranks", "cpu", "expected"),
    [
        ([], False, {}),
        ([4], False, {"max_lora_rank": 8, "max_loras": 1}),
        ([16, 24], False, {"max_lora_rank": 32, "max_loras": 2}),
        ([16] * 20, False, {"max_lora_rank": 16, "max_loras": 8}),
        ([16] * 20, True, {"max_lora_rank": 16, "max_loras": 21}),
    ],
)
def test_the_engine_has_room_for_the_adapters_that_are_known(
    ranks: list[int], cpu: bool, expected: dict[str, Any]
) -> None:
    arguments = room_for([adapter(rank) for rank in ranks], cpu=cpu)
    assert {name: arguments[name] for name in expected} == expected
    assert bool(arguments) == bool(ranks) == bool(arguments.get("enable_lora"))


def test_an_adapter_of_too_high_a_rank_is_named() -> None:
    with pytest.raises(ModelError, match="rank 512 at most, and this one has 1000") as error:
        room_for([adapter(8), adapter(1000)], cpu=False)
    assert error.value.where == "rank-1000"


def test_an_adapter_of_another_base_is_refused(tmp_path: Path, installed: None) -> None:
    folder, base = tmp_path / "adapter", tmp_path / "some-base"
    folder.mkdir()
    base.mkdir()
    settings = {"peft_type": "LORA", "base_model_name_or_path": "other", "r": 8, "target_modules": ["up_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(settings), "utf-8")
    (folder / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="trained on other, not on some-base"):
        check_reference(f"vllm:{base}#{folder}", Privacy())
