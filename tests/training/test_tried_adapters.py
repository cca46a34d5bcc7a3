import tomllib
from pathlib import Path

import pytest

from intercoder.core.adapters import DataCard
from intercoder.core.agent_settings import CoderSettings
from intercoder.core.errors import InputError, ModelError
from intercoder.core.study import Privacy, Study
from intercoder.training.candidates import Way
from intercoder.training.card import Card, Losses, read_card, write_card
from intercoder.training.development_items import draw_items
from intercoder.training.selection_source import Source
from intercoder.training.settings import LoraSettings
from intercoder.training.tried_adapters import tried_adapter
from intercoder.training.wanted_candidates import find_candidates
from tests.llms.test_adapters import adapter_in, base_in
from tests.training.selecting import items, source

LEARNT = (items()[0].segment.document_id,)


@pytest.fixture
def base(tmp_path: Path) -> str:
    return f"hf:{base_in(tmp_path / 'tiny')}"


@pytest.fixture
def adapter(tmp_path: Path, base: str) -> Path:
    """An adapter with a card."""
    folder = adapter_in(tmp_path / "adapters" / "care")
    data = DataCard(
        source="x", digest="", pairs=4, documents=4, dropped={}, training=1, held_out=3, learnt_documents=LEARNT
    )
    card = Card.model_validate(
        dict.fromkeys(("prompt_hash", "question", "key", "stopped", "dtype"), "")
        | dict.fromkeys(("max_codes", "steps", "kept_step", "trainable", "seconds"), 1)
        | {"name": "care", "base": base, "prompt": "simplified_task", "shots": 1, "ending": "line_break"}
        | {"data": data, "settings": LoraSettings(), "losses": Losses(), "versions": {}}
    )
    write_card(card, folder)
    return folder


def test_a_card_tells_base_way_of_asking_and_what_was_seen(adapter: Path, base: str) -> None:
    found = tried_adapter(adapter, ["scripted:words"], Privacy())
    assert found.reference == f"{base}#{adapter}"
    assert found.way == Way(prompt="simplified_task", shots=1, ending="line_break")
    assert found.seen == frozenset(LEARNT)


def test_a_model_that_is_named_comes_before_the_cards_base(adapter: Path, tmp_path: Path) -> None:
    other = f"hf:{base_in(tmp_path / 'elsewhere' / 'tiny')}"
    assert tried_adapter(adapter, [other], Privacy()).reference == f"{other}#{adapter}"


def test_lines_for_study_toml_hold_any_name_of_a_base(adapter: Path) -> None:
    card = read_card(adapter)
    assert card is not None
    odd = card.model_copy(update={"base": 'hf:C:\\models\\my "own"'})
    written = tomllib.loads("\n".join(odd.coder_lines(Path("adapters/care"))))["coders"][0]
    assert written["model"] == 'hf:C:\\models\\my "own"#adapters/care'


def test_without_a_card_nothing_is_told(adapter: Path, base: str) -> None:
    (adapter / "card.json").unlink()
    assert tried_adapter(adapter, [base], Privacy())[1:] == (None, None)
    with pytest.raises(ModelError, match="no model in this process is named"):
        tried_adapter(adapter, ["scripted:words"], Privacy())


def test_an_adapter_of_another_base_is_refused_by_name(adapter: Path, tmp_path: Path) -> None:
    (adapter / "card.json").unlink()
    with pytest.raises(ModelError, match="trained on tiny, not on other"):
        tried_adapter(adapter, [f"hf:{base_in(tmp_path / 'other')}"], Privacy())


def test_a_card_that_cannot_be_read_is_told(adapter: Path) -> None:
    (adapter / "card.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="card cannot be read"):
        tried_adapter(adapter, [], Privacy())


def test_an_adapter_is_asked_as_it_was_trained_and_its_documents_are_spared(adapter: Path) -> None:
    found = find_candidates(
        source(), adapters=[adapter], models=["scripted:words"], prompts="expert_angle", shots="0"
    )
    assert [(one.name, one.adaptation) for one in found.candidates] == [
        ("words-expert_angle-0", "zero-shot"),
        ("care-simplified_task-1-br", "LoRA"),
    ]
    assert found.spared == frozenset(LEARNT)
    assert found.notes == ()


def test_documents_that_were_seen_elsewhere_tell_nothing_of_those_here(adapter: Path) -> None:
    other = source({"I never met this text.": "nothing"})
    found = find_candidates(other, adapters=[adapter], models=["scripted:words"], shots="0")
    assert "cannot be told" in found.notes[0]


def test_a_text_that_was_seen_is_spared_in_other_documents_too() -> None:
    learnt, other, *_ = items()
    segment = learnt.segment.model_copy(
        update={"id": "s_9", "document_id": "d_9", "text": learnt.segment.text.upper()}
    )
    again = learnt.model_copy(update={"segment": segment})
    assert draw_items([learnt, other, again], None, seed=0, spared=set(LEARNT)) == [other]


def test_an_adapter_without_a_card_is_asked_in_all_ways_and_doubted(adapter: Path, base: str) -> None:
    (adapter / "card.json").unlink()
    found = find_candidates(source(), adapters=[adapter], models=[base], prompts="expert_angle", shots="0-1")
    assert [one.name for one in found.candidates][2:] == ["care-expert_angle-0", "care-expert_angle-1"]
    assert found.spared == frozenset()
    assert "cannot be told" in found.notes[0]


def test_a_studys_own_adapters_are_tried_where_none_is_named(adapter: Path, base: str) -> None:
    given = source()
    study = Study(id="s", question="Why?", coders=(CoderSettings(name="x", model=f"{base}#{adapter}"),))
    found = find_candidates(Source(study, given.pairs, given.engine, given.log), shots="0")
    assert [one.coder.model for one in found.candidates] == [base, f"{base}#{adapter}"]
