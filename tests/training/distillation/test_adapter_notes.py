"""Adapters that learnt from people's codes, in a distillation that measures on such codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from intercoder.core.adapters import CARD, DataCard
from intercoder.core.classifiers import text_key
from intercoder.training.distillation.adapter_notes import adapter_notes
from intercoder.training.distillation.distillation_settings import read_settings
from intercoder.training.distillation.material import Material, prepare
from tests.llms.test_adapters import adapter_in
from tests.training.distillation.studies import SETTINGS, make_study


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    return adapter_in(tmp_path / "ours")


def material_of(adapter: Path, tmp_path: Path, *words: str) -> Material:
    settings = SETTINGS.replace("scripted:words", f"hf:/models/tiny#{adapter}")
    return prepare(make_study(tmp_path / "study", settings=settings), [], read_settings(None, words))


def tell(adapter: Path, **learnt: Any) -> None:
    counts = dict.fromkeys(("pairs", "documents", "training", "held_out"), 1)
    data = DataCard(source="x", digest="", dropped={}, **counts, **{"learnt_documents": ("d_other",), **learnt})
    (adapter / CARD).write_text(json.dumps({"name": "ours", "data": data.model_dump(mode="json")}), "utf-8")


def test_an_adapter_that_learnt_from_something_else_is_no_matter(adapter: Path, tmp_path: Path) -> None:
    material = material_of(adapter, tmp_path)
    tell(adapter, learnt_documents=tuple(one.segment.document_id for one in material.parts.training))
    assert list(adapter_notes(material, writes=True, filters=False)) == []


def test_what_an_adapter_learnt_from_and_is_measured_on_is_told(adapter: Path, tmp_path: Path) -> None:
    material = material_of(adapter, tmp_path)
    parts = material.parts
    tell(
        adapter,
        learnt_documents=("d_other", parts.development[0].segment.document_id),
        learnt_texts=tuple(text_key(one.segment.text) for one in parts.held_out[:2]),
    )
    (note,) = adapter_notes(material, writes=True, filters=False)
    assert "`ours` learnt from 3 segments of the development and held-out parts: all figures may" in note
    (note,) = adapter_notes(material, writes=False, filters=False)
    assert "figures of the language model and the cascade may" in note


def test_an_adapter_of_which_nobody_can_tell_is_named(adapter: Path, tmp_path: Path) -> None:
    (note,) = adapter_notes(material_of(adapter, tmp_path), writes=True, filters=False)
    assert "What the adapter `ours` learnt from is not known" in note


def test_an_adapter_that_only_filters_touches_all_that_learn(adapter: Path, tmp_path: Path) -> None:
    settings = SETTINGS.replace("[synthesizer]", '[synthesizer]\nmodel = "scripted:words"')
    coder = f'[[deductive.coders]]\nname = "reader"\nmodel = "hf:/models/tiny#{adapter}"\n'
    material = prepare(make_study(tmp_path / "study", settings=settings + coder), [], read_settings(None, ()))
    tell(adapter, learnt_documents=(material.parts.held_out[0].segment.document_id,))
    (note,) = adapter_notes(material, writes=True, filters=True)
    assert ": all figures may" in note
    (note,) = adapter_notes(material, writes=True, filters=False)
    assert "figures of the language model and the cascade may" in note
