"""What is learnt of a pair: the tokens that a coder reads and writes, and a loss on the code."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.agents.answers import CoderAnswer, LabelledAnswer, one_line
from intercoder.agents.coder import Coder
from intercoder.agents.means import Means
from intercoder.core.agent_settings import CoderSettings
from intercoder.core.documents import Segment
from intercoder.llms.embedded.chat_tokens import ChatEncoder, Turn
from intercoder.training.examples import Asked, Example, answer_with, codes, make_examples
from intercoder.training.pairs import Pair, read_pairs
from tests.llms import tiny_models
from tests.training.adapting import write_lines

pytest.importorskip("transformers")
ENCODER = ChatEncoder(tiny_models.tokenizer(), "tiny")
LABELS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs", "Mn")), max_size=30).map(
    lambda text: one_line(f"a{text}")
)


WORDS = "I mend my own clothes."
TEXT = Segment(
    id="s_1", document_id="d_1", document="d", unit="row", start=0, end=len(WORDS), text=WORDS, speaker=None
)


def asked(length: int = 4096) -> Asked:
    coder = Coder(CoderSettings(name="x", model="scripted:words", shots=0), Means(reference="scripted:words"))
    return Asked(ENCODER, lambda pair: coder.question_about(pair.segment).messages, length)


def examples_of(label: str) -> list[Example]:
    pair = Pair(place="line 1", segment=TEXT, quote=TEXT.text, code=label)
    return make_examples([pair], asked())[0]


def pairs_of(tmp_path: Path, *lines: dict[str, str]) -> tuple[Pair, ...]:
    return read_pairs(write_lines(tmp_path / "pairs.jsonl", lines)).pairs


@given(label=LABELS)
def test_the_answer_is_one_that_a_coder_may_give(label: str) -> None:
    text, opening, start, end = answer_with(label)
    whole = f'{text}","reason":""}}]}}'
    CoderAnswer.model_validate_json(whole)
    CoderAnswer.model_validate_json(f"{text[:opening]}[]}}")
    assert json.loads(f'"{text[start:end]}') == label
    assert tiny_models.is_compact(whole)


@given(label=LABELS)
def test_the_loss_is_on_the_code_s_beginning_and_the_label_with_its_closing_mark(label: str) -> None:
    (example,) = examples_of(label)
    (answer,) = example.answers
    learnt = [answer.tokens[place] for place in answer.learnt]
    text, opening, start, end = answer_with(LabelledAnswer(label=label).label)
    assert ENCODER.decode(answer.tokens[: answer.learnt[0]]) == text[:opening]
    assert ENCODER.decode(learnt) == "[{" + text[start:end]


def test_a_prompt_is_what_the_coder_sends(tmp_path: Path) -> None:
    (pair,) = pairs_of(tmp_path, {"quote": "I mend.", "code": "pride", "context": "Why?"})
    (example,), _ = make_examples([pair], asked())
    turns = [Turn(one.role, one.content) for one in asked().messages(pair)]
    assert list(example.prompt) == ENCODER.encode(turns)
    assert "Why?" in turns[-1].text
    (answer,) = example.answers
    assert ENCODER.decode(answer.tokens) == '{"codes":[{"label":"pride"'


def test_codes_of_one_text_are_answers_to_one_prompt(tmp_path: Path) -> None:
    pairs = pairs_of(
        tmp_path,
        {"quote": "I mend", "code": "a", "text": "I mend and I buy."},
        {"quote": "I buy", "code": "b", "text": "I mend and I buy."},
        {"quote": "No.", "code": "c"},
    )
    examples, dropped = make_examples(pairs, asked())
    assert [len(example.answers) for example in examples] == [2, 1]
    assert codes(examples) == 3
    assert not dropped


def test_a_code_on_several_passages_of_one_text_is_learnt_once(tmp_path: Path) -> None:
    text = "I mend and I buy."
    lines = [{"quote": quote, "code": "a", "text": text} for quote in ("I mend", "I buy")]
    examples, _ = make_examples(pairs_of(tmp_path, *lines), asked())
    assert codes(examples) == 1


def test_a_code_is_learnt_as_it_would_be_read(tmp_path: Path) -> None:
    lines = [{"quote": "a", "code": code} for code in (' "pride in\nrepair". ', "\u200b")]
    examples, dropped = make_examples(pairs_of(tmp_path, *lines), asked())
    assert ENCODER.decode(examples[0].answers[0].tokens).endswith('"label":"pride in repair"')
    assert [(one.place, one.fault) for one in dropped] == [("line 2", "empty")]


def test_what_is_too_long_is_told(tmp_path: Path) -> None:
    pairs = pairs_of(
        tmp_path,
        {"quote": "short", "code": "pride"},
        {"quote": "long " * 400, "code": "pride"},
        {"quote": "short", "code": "so many words that " * 4},
    )
    examples, dropped = make_examples(pairs, asked(2500))
    assert codes(examples) == 1
    assert [(one.place, one.fault) for one in dropped] == [("line 2", "too_long"), ("line 3", "too_long")]
    assert "`max_length` is 2500" in dropped[0].detail
    assert "a label has 60" in dropped[1].detail


@pytest.mark.parametrize("control", tiny_models.CONTROL)
def test_no_text_becomes_a_control_token(tmp_path: Path, control: str) -> None:
    (plain,), _ = make_examples(pairs_of(tmp_path, {"quote": "a", "code": "b"}), asked())
    line = {"quote": f"{control} a", "code": f"b {control}"}
    (example,), _ = make_examples(pairs_of(tmp_path, line), asked())
    number = tiny_models.tokenizer().convert_tokens_to_ids(control)
    assert example.prompt.count(number) == plain.prompt.count(number)
    assert number not in example.answers[0].tokens
    assert ENCODER.decode(example.answers[0].tokens).count(control) == 1
