from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intercoder.core.agent_settings import CoderSettings, Sampling
from intercoder.core.errors import InputError
from intercoder.training.candidates import NAME_LENGTH, candidates, placed, read_shots, ways

SAMPLING = Sampling()


def test_models_are_crossed_with_ways_of_asking_them_cheapest_first() -> None:
    asked = ways(["expert_angle", "simplified_task"], [2, 0, 2], ["full_stop"])
    found = candidates([("embedded:a", asked), ("embedded:b", asked)], SAMPLING)
    assert [one.name for one in found] == [
        "a-expert_angle-0",
        "a-simplified_task-0",
        "a-expert_angle-2",
        "a-simplified_task-2",
        "b-expert_angle-0",
        "b-simplified_task-0",
        "b-expert_angle-2",
        "b-simplified_task-2",
    ]
    assert [one.adaptation for one in found[:4]] == ["zero-shot", "zero-shot", "few-shot", "few-shot"]


def test_an_adapter_gives_its_name() -> None:
    (one,) = candidates([("hf:/m/base#/study/adapters/care", ways(["p"], [0], ["line_break"]))], SAMPLING)
    assert (one.name, one.adaptation) == ("care-p-0-br", "LoRA")


def test_the_same_candidate_twice_is_one_and_unlike_ones_never_share_a_name() -> None:
    asked = ways(["p"], [0], ["full_stop"])
    found = candidates([("hf:/one/m", asked), ("hf:/two/m", asked), ("hf:/one/m", asked)], SAMPLING)
    assert [one.coder.model for one in found] == ["hf:/one/m", "hf:/two/m"]
    assert len({one.name for one in found}) == 2


def test_a_name_that_is_taken_is_not_given_again() -> None:
    (one,) = candidates([("hf:m", ways(["p"], [0], ["full_stop"]))], SAMPLING, taken=["m-p-0"])
    assert one.name.startswith("m-p-0-")


@settings(max_examples=60)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=1, unique=True),
    st.lists(st.sampled_from(["a", "b" * 70, "c d", "e/f"]), min_size=1, unique=True),
)
def test_any_model_and_prompt_gives_names_that_settings_take(models: list[str], prompts: list[str]) -> None:
    references = [f"openai:{name}@http://127.0.0.1:1/v1" for name in models]
    asked = ways(prompts, [0, 5], ["full_stop", "line_break"])
    found = candidates([(one, asked) for one in references], SAMPLING)
    assert len({one.name for one in found}) == len(found) == len(set(references)) * len(asked)
    assert all(len(one.name) <= NAME_LENGTH for one in found)
    assert all(CoderSettings.model_validate(one.coder.model_dump()) == one.coder for one in found)


@pytest.mark.parametrize(("text", "numbers"), [("0-2", [0, 1, 2]), ("3", [3]), ("4, 0,2-3", [0, 2, 3, 4])])
def test_shots_are_read(text: str, numbers: list[int]) -> None:
    assert read_shots(text) == numbers


@pytest.mark.parametrize("text", ["", "6", "0-9", "2-1", "few", "-1", "1-"])
def test_shots_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="numbers of worked examples"):
        read_shots(text)


def test_an_adapter_in_the_study_is_named_relative_to_it(tmp_path: Path) -> None:
    study = tmp_path / "study"
    inside, outside = study / "adapters" / "care", tmp_path / "care"
    assert placed(f"hf:m#{inside}", study) == "hf:m#adapters/care"
    assert placed(f"hf:m#{outside}", study) == f"hf:m#{outside}"
    assert placed("hf:m", study) == "hf:m"
    assert placed("openai:m#1@http://127.0.0.1/v1", study) == "openai:m#1@http://127.0.0.1/v1"
