"""Models from a folder: what tells one from another."""

from pathlib import Path

import pytest

from intercoder.llms.embedded.embedded import EmbeddedChatModel
from tests.llms.test_adapters import adapter_in

pytest.importorskip("safetensors")


def test_models_that_differ_in_their_adapter_alone_share_no_cached_answer(tmp_path: Path) -> None:
    one, other = (adapter_in(tmp_path / name, value=value) for name, value in (("a", 0.5), ("b", 0.25)))
    models = [EmbeddedChatModel(path=tmp_path / "base", adapter=adapter) for adapter in (None, one, other)]
    assert len({model._get_llm_string() for model in models}) == 3
