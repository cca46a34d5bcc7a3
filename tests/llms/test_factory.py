import json
import re
from pathlib import Path
from typing import Any

import pytest
from langchain_openai.chat_models.base import BaseChatOpenAI

from intercoder.core.agent_settings import Sampling
from intercoder.core.errors import ModelError
from intercoder.core.study import Limits, Privacy
from intercoder.llms import factory
from intercoder.llms.embedded.embedded import EmbeddedChatModel
from intercoder.llms.factory import chat_model, check_reference, embedder
from intercoder.llms.fetching.catalogue import MARKER, find
from intercoder.llms.scripted import ScriptedChatModel


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty models directory and an empty hub cache."""
    monkeypatch.setenv("INTERCODER_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "models"


def pulled(models: Path, name: str) -> Path:
    folder = models / name
    folder.mkdir(parents=True)
    (folder / MARKER).write_text(json.dumps({"name": name, "sha256": find(name).sha256}))
    return folder


def make(reference: str, **privacy: bool) -> Any:
    return chat_model(
        reference,
        sampling=Sampling(temperature=0.2, top_p=0.9, max_tokens=33),
        limits=Limits(concurrency=5),
        privacy=Privacy(**privacy),
        api_key_env="TEST_KEY",
    )


def refusal(reference: str, use: Any = "chat", **options: Any) -> str:
    with pytest.raises(ModelError) as caught:
        check_reference(reference, Privacy(), use=use, **options)
    return str(caught.value)


def test_scripted_models_are_made_without_anything() -> None:
    model = make("scripted:flaky")
    assert isinstance(model, ScriptedChatModel)
    assert model.script == "flaky"


def test_endpoints_are_made_with_the_settings() -> None:
    model = make("openai:m@http://127.0.0.1:1/v1")
    assert isinstance(model, BaseChatOpenAI)
    assert (model.model_name, model.openai_api_base) == ("m", "http://127.0.0.1:1/v1")
    assert (model.temperature, model.top_p, model.max_tokens, model.max_retries) == (0.2, 0.9, 33, 4)


def test_embedded_models_are_found_where_they_were_pulled(models: Path) -> None:
    folder = pulled(models, "smollm2-135m")
    model = make("embedded:smollm2-135m")
    assert isinstance(model, EmbeddedChatModel)
    assert (model.path, model.name) == (folder, "smollm2-135m")
    assert (model.temperature, model.top_p, model.max_tokens) == (0.2, 0.9, 33)


def test_local_folders_need_no_pulling(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    assert make(f"hf:{tmp_path / 'weights'}").path == tmp_path / "weights"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("nonsense:a", "There is no backend"),
        ("embedded:smollm", "Did you mean smollm2-135m?"),
        ("embedded:smollm2-135m", "intercoder models pull smollm2-135m"),
        ("embedded:minilm-l6", "a model for embeddings, not for answering"),
        ("hf:/no/such/folder", "There is no such folder"),
        ("hf:./nowhere", "There is no such folder"),
        ("hf:org/model", "not on this machine"),
        ("hf:org/model", "allow_remote = true"),
        ("hf:not a name!", "hub"),
        ("openai:gpt-4o", "refused"),
        ("openai:m@http://10.0.0.1/v1", "allow_remote = true"),
        ("scripted:verses", "Scripts here are: words, broken, flaky"),
    ],
)
def test_what_is_wrong_is_known_without_loading_or_calling(reference: str, expected: str) -> None:
    assert expected in refusal(reference)
    with pytest.raises(ModelError, match=re.escape(expected)):
        make(reference)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("embedded:qwen2.5-coder-0.5b", "a model for answering, not for embeddings"),
        ("embedded:minilm-l6", "intercoder models pull minilm-l6"),
        ("openai:text-embedding-3-small@http://127.0.0.1:1/v1", "Endpoints give no embeddings"),
        ("scripted:words", "Scripts here are: hashing"),
        ("hf:/no/such/folder", "There is no such folder"),
    ],
)
def test_embeddings_are_checked_in_the_same_way(reference: str, expected: str) -> None:
    assert expected in refusal(reference, use="embedding")
    with pytest.raises(ModelError, match=re.escape(expected)):
        embedder(reference, privacy=Privacy())


def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled(models, "smollm2-135m")
    monkeypatch.setattr(factory, "find_spec", lambda name: None if name == "xgrammar" else object())
    message = refusal("embedded:smollm2-135m")
    assert "xgrammar" in message
    assert "pip install 'intercoder[embedded]'" in message


def test_the_key_of_a_remote_endpoint_is_looked_for_where_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_KEY", raising=False)
    remote, privacy = "openai:gpt-4o", Privacy(allow_remote=True)
    assert check_reference(remote, privacy).remote
    with pytest.raises(ModelError, match="TEST_KEY"):
        check_reference(remote, privacy, api_key_env="TEST_KEY")
    monkeypatch.setenv("TEST_KEY", "k")
    assert check_reference(remote, privacy, api_key_env="TEST_KEY").name == "gpt-4o"


def test_checking_fetches_nothing_from_the_hub_even_where_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *args, **options: pytest.fail("it did"))
    assert check_reference("hf:org/model", Privacy(allow_remote=True)).name == "org/model"


def test_the_hub_is_asked_for_weights_only_and_only_where_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def snapshot_download(name: str, **options: Any) -> str:
        asked.append({"name": name, **options})
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    assert make("hf:org/model", allow_remote=True).path == tmp_path
    assert asked[-1]["local_files_only"] is False
    assert make("hf:org/model").path == tmp_path
    assert asked[-1]["local_files_only"] is True
    assert not any(pattern.endswith((".bin", ".py", ".pt", "*")) for pattern in asked[-1]["allow_patterns"])


def test_embedders_are_shared_and_named_after_their_reference(models: Path, tmp_path: Path) -> None:
    pulled(models, "minilm-l6")
    for reference in ("scripted:hashing", "embedded:minilm-l6", f"hf:{tmp_path}"):
        one, other = (embedder(reference, privacy=Privacy()) for _ in range(2))
        assert one is other
        assert one.name == reference
