"""What happens when vLLM cannot start, stops, or has no room for what it is asked. Models with random weights."""

import asyncio
import json
import multiprocessing
from pathlib import Path

import psutil
import pytest
from langchain_core.messages import AIMessage

pytest.importorskip("vllm", reason="vLLM is not installed here; `make test-vllm` runs these tests")

from intercoder.core.errors import EndpointStopped, ModelError
from intercoder.core.study import VllmLimits
from intercoder.llms.adapters import read_adapter
from intercoder.llms.vllm.vllm_chat import VllmChatModel
from intercoder.llms.vllm.vllm_engine import PROCESS
from tests.llms import tiny_models
from tests.vllm.adapters import random_adapter
from tests.vllm.serving import PATIENCE

pytestmark = pytest.mark.vllm
SIZES = {"hidden_size": 128, "intermediate_size": 64, "num_hidden_layers": 2, "num_key_value_heads": 4}
LIMITS = VllmLimits(context=512)


@pytest.fixture
def small_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")


def test_an_adapter_may_come_late_and_a_dead_engine_may_be_asked_again(tmp_path: Path, small_cache: None) -> None:
    folder = tiny_models.save(tmp_path / "tiny", **SIZES)
    base = VllmChatModel(path=folder, limits=LIMITS, max_tokens=8)
    said = base.invoke("x").content
    first = _log(base)

    adapter = read_adapter(random_adapter(folder, tmp_path / "adapter", seed=0, strength=0.5))
    adapted = VllmChatModel(path=folder, adapter=adapter, limits=LIMITS, max_tokens=8)
    assert adapted.engine() is base.engine()
    assert adapted.invoke("x").content != said
    assert base.invoke("x").content == said, "the base is asked as before, beside its adapter"
    assert _log(base) != first, "there was no room for the adapter"

    begun: list[psutil.Process] = []

    async def die() -> list[object]:
        asking = [asyncio.create_task(base.ainvoke(f"{number}", max_tokens=400)) for number in range(3)]
        await base.ainvoke("z", max_tokens=1)
        (process,) = [child for child in multiprocessing.active_children() if child.name.startswith(PROCESS)]
        begun.extend(psutil.Process(process.pid).children(recursive=True))
        process.kill()
        return await asyncio.gather(*asking, base.ainvoke("y", max_tokens=400), return_exceptions=True)

    *_, last = outcomes = asyncio.run(die())
    assert isinstance(last, EndpointStopped), outcomes
    # Random weights may have ended an answer before.
    assert all(isinstance(outcome, EndpointStopped | AIMessage) for outcome in outcomes), outcomes
    assert begun, "the engine has workers"
    assert not psutil.wait_procs(begun, timeout=PATIENCE)[1], "they go with it"
    assert str(_logs()[-1]) in str(last)
    with pytest.raises(EndpointStopped):
        base.invoke("x")
    # A run that is resumed makes its models anew.
    again = VllmChatModel(path=folder, limits=LIMITS, max_tokens=8)
    assert again.invoke("x").content == said
    again.engine().close()


def test_too_little_memory_is_told_with_what_to_do(tmp_path: Path, small_cache: None) -> None:
    long = 1 << 20
    folder = tiny_models.save(tmp_path / "wide", **SIZES, head_dim=256, max_position_embeddings=long)
    model = VllmChatModel(path=folder, limits=VllmLimits(context=long))

    async def ask() -> list[object]:
        return await asyncio.gather(*(model.ainvoke("x") for _ in range(3)), return_exceptions=True)

    errors = asyncio.run(ask())
    assert len({id(error) for error in errors}) == 1, "it is started once for all who wait"
    assert isinstance(errors[0], ModelError)
    assert "KV cache" in errors[0].message
    assert "context" in errors[0].remedy


def test_a_model_that_vllm_does_not_know_is_told_in_its_words(tmp_path: Path) -> None:
    folder = tiny_models.save(tmp_path / "strange", **SIZES)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"architectures": ["UnheardOfForCausalLM"]}), "utf-8")
    with pytest.raises(ModelError, match=r"vLLM could not start.*UnheardOf"):
        VllmChatModel(path=folder, limits=LIMITS).invoke("x")


def test_a_base_without_a_chat_template_is_refused_before_it_starts(tmp_path: Path) -> None:
    folder = tiny_models.save(tmp_path / "plain", template=None, **SIZES)
    with pytest.raises(ModelError, match="no chat template"):
        VllmChatModel(path=folder, limits=LIMITS).invoke("x")


def _log(model: VllmChatModel) -> Path:
    started = model.engine()._started
    assert started is not None
    return started.log


def _logs() -> list[Path]:
    from intercoder.llms.vllm.vllm_log import folder_of_logs

    return sorted(folder_of_logs().glob("vllm-tiny-*.log"), key=lambda file: file.stat().st_mtime)
