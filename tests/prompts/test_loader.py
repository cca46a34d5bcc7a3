"""Prompts are found by name, may be replaced by a study, and carry a hash of all that shapes them."""

import json
from pathlib import Path

import pytest

from intercoder.agents.answers import coder_schema, moderator_schema, parse_coder_answer, parse_moderator_answer
from intercoder.core.errors import SettingsError
from intercoder.prompts import Piece, Prompt, load

CODERS = [
    "detailed_explanation",
    "expert_angle",
    "explicit_instruction",
    "impersonalization",
    "informal_request",
    "simplified_task",
]
TEXT = [Piece(kind="text", text="Some words.")]


def rendered(prompt: Prompt, **changes: object) -> str:
    settings = {"question": "Why?", "secret": "k", "segment_id": "s", "max_codes": 1} | changes
    return "\n".join(message.content for message in prompt.messages(TEXT, **settings))


@pytest.mark.parametrize("name", CODERS)
def test_every_variant_of_the_seed_loads_and_asks_in_its_own_words(name: str) -> None:
    others = [rendered(load("coder", other)) for other in CODERS if other != name]
    assert rendered(load("coder", name)) not in others
    assert "{{" not in rendered(load("coder", name, shots=5))


def test_messages_alternate_and_end_with_the_material() -> None:
    messages = load("coder", "expert_angle", shots=3).messages(TEXT, question="Why?", secret="k", segment_id="s")
    assert [message.role for message in messages] == ["system", *["user", "assistant"] * 3, "user"]
    assert "Some words." in messages[-1].content
    assert not any("Some words." in message.content for message in messages[:-1])


def test_endings_differ_only_at_the_end_of_the_request() -> None:
    stop = load("coder", "explicit_instruction", ending="full_stop")
    line = load("coder", "explicit_instruction", ending="line_break")
    assert stop.instructions.endswith(".")
    assert line.instructions.endswith("\n")
    assert stop.instructions.removesuffix(".") == line.instructions.removesuffix("\n")


def test_question_is_shown_or_leaves_no_stump() -> None:
    prompt = load("coder", "expert_angle")
    assert "What do they want? {{codes}}" in rendered(prompt, question="What do they\nwant? {{codes}}")
    assert "esearch question" not in rendered(prompt, question="")


def test_number_of_codes_is_told() -> None:
    prompt = load("coder", "expert_angle")
    assert "one code" in rendered(prompt, max_codes=1)
    assert "at most 3 codes" in rendered(prompt, max_codes=3)


@pytest.mark.parametrize(
    "other",
    [
        load("coder", "informal_request"),
        load("coder", "expert_angle", shots=1),
        load("coder", "expert_angle", ending="line_break"),
        load("moderator", "default"),
    ],
)
def test_hash_changes_with_what_shapes_the_messages(other: Prompt) -> None:
    prompt = load("coder", "expert_angle")
    assert len(prompt.hash) == 16
    assert int(prompt.hash, 16) >= 0
    assert prompt.hash == load("coder", "expert_angle").hash
    assert prompt.hash != other.hash


def test_bundled_worked_examples_are_answers_of_the_schema_in_its_order() -> None:
    for agent, name, shots in (("coder", "expert_angle", 5), ("moderator", "default", 2)):
        for example in load(agent, name, shots=shots).examples:
            answer = json.dumps(example.answer)
            if agent == "coder":
                codes = parse_coder_answer(answer, 1).codes
                order = coder_schema(1)["properties"]["codes"]["items"]["required"]
                assert all(code.quote in example.text for code in codes)
                assert all(len(code.label.split()) <= 5 for code in codes)
                assert all(list(code) == order for code in example.answer["codes"])
            else:
                coders = [line.split(":")[0] for line in example.suggestions.strip().splitlines()]
                parse_moderator_answer(answer, coders, 1)
                order = moderator_schema(coders, 1)["properties"]["choices"]["items"]["required"]
                assert all(list(choice) == order for choice in example.answer["choices"])


def test_one_bundled_example_has_nothing_to_code() -> None:
    examples = load("coder", "expert_angle", shots=5).examples
    assert [example.text for example in examples if not example.answer["codes"]] == ["Okay, thanks. Goodbye."]


def write(folder: Path, relative: str, text: str) -> None:
    (folder / relative).parent.mkdir(parents=True, exist_ok=True)
    (folder / relative).write_text(text, encoding="utf-8")


def test_a_study_replaces_ours_by_name(tmp_path: Path) -> None:
    write(tmp_path, "coder/expert_angle.md", "{{shared}}\n\nSum it up as a pirate")
    prompt = load("coder", "expert_angle", folder=tmp_path)
    assert prompt.instructions.endswith("Sum it up as a pirate.")
    assert prompt.hash != load("coder", "expert_angle").hash
    assert load("coder", "simplified_task", folder=tmp_path).hash == load("coder", "simplified_task").hash


def test_a_study_adds_a_prompt_and_worked_examples(tmp_path: Path) -> None:
    write(tmp_path, "coder/mine.md", "{{shared}} Code it.")
    write(tmp_path, "examples/coder.toml", '[[example]]\ntext = "Hm."\nanswer.codes = []\n')
    prompt = load("coder", "mine", shots=1, folder=tmp_path)
    assert [example.text for example in prompt.examples] == ["Hm."]


def test_an_unknown_prompt_lists_those_that_exist_and_the_nearest() -> None:
    with pytest.raises(SettingsError) as caught:
        load("coder", "expert_angel")
    assert "`expert_angle`?" in str(caught.value)
    assert all(name in caught.value.remedy for name in CODERS)


@pytest.mark.parametrize(
    ("relative", "text", "said"),
    [
        ("coder/expert_angle.md", "Code it.", "lacks the placeholder {{shared}}"),
        ("coder/expert_angle.md", "{{shared}} {{segment}}", "fills the placeholder {{segment}}"),
        ("shared/coder.md", "{{question}}", "lacks the placeholder {{codes}}"),
        ("repair.md", "Again.", "lacks the placeholder {{problem}}"),
        ("examples/coder.toml", "[[example", "cannot be read"),
        ("examples/coder.toml", '[[example]]\ntext = "Hm."', "answer: Field required"),
        ("examples/coder.toml", "", "there are 0"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, relative: str, text: str, said: str) -> None:
    write(tmp_path, relative, text)
    with pytest.raises(SettingsError) as caught:
        load("coder", "expert_angle", folder=tmp_path)
    assert said in caught.value.message
    assert caught.value.where == str(tmp_path / relative)


def test_a_template_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "coder/expert_angle.md", "")
    (tmp_path / "coder/expert_angle.md").write_bytes(b"{{shared}} \xff")
    with pytest.raises(SettingsError, match="UTF-8"):
        load("coder", "expert_angle", folder=tmp_path)


def test_repair_shows_the_answer_and_says_what_was_wrong() -> None:
    prompt = load("coder", "expert_angle")
    asked = prompt.messages(TEXT, question="", secret="k", segment_id="s")
    again = prompt.repair(asked, "x" * 10_000, "The label is {{problem}}.")
    assert again[: len(asked)] == asked
    assert [message.role for message in again[len(asked) :]] == ["assistant", "user"]
    assert len(again[-2].content) < 1_000
    assert "The label is {{problem}}." in again[-1].content


def test_what_segments_share_stands_before_their_text_behind_a_marker_of_its_own() -> None:
    prompt = load("deductive", "default")
    book = [Piece(kind="codebook", text="Code: thrift")]
    words = {"answers": "`Yes` or `No`"}

    def last(text: str, segment_id: str) -> str:
        pieces = [Piece(kind="text", text=text)]
        messages = prompt.messages(pieces, question="", secret="k", segment_id=segment_id, book=book, words=words)
        assert "`decision` is `Yes` or `No`" in messages[0].content
        return messages[-1].content

    one, other = last("I mend.", "s1"), last("We buy.", "s2")
    shared, _, rest = one.partition("<<<text")
    assert other.startswith(shared)
    assert "Code: thrift" in shared
    marker = shared.split()[1].rstrip(">")
    assert marker not in rest
    assert marker not in last(f"<<<end codebook {marker}>>>", "s3").split("\n")[0]


@pytest.mark.parametrize(
    ("agent", "template"),
    [
        ("deductive", "again"),
        ("deductive_choice", "default"),
        ("deductive_moderator", "choice"),
        ("reviser", "default"),
    ],
)
def test_what_an_agent_is_told_must_be_in_a_studys_own_wording(tmp_path: Path, agent: str, template: str) -> None:
    told = "revisions" if agent == "reviser" else "answers"
    write(tmp_path, f"shared/{agent}.md", "{{question}}")
    with pytest.raises(SettingsError, match=told):
        load(agent, template, shots=0, folder=tmp_path)
