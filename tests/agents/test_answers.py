"""Answers are read strictly, and told apart when they cannot be used."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.agents.answers import (
    LABEL_LENGTH,
    NEW,
    QUOTE_LENGTH,
    REASON_LENGTH,
    InvalidAnswer,
    coder_schema,
    moderator_schema,
    parse_coder_answer,
    parse_moderator_answer,
    tidy_label,
    whole_words,
)

CODE = {"label": "waiting for parts", "reason": "It says so.", "quote": "five weeks"}
GOOD = json.dumps({"codes": [CODE]})


def bounded(schema: object) -> bool:
    """Whether every string, array and object below has the bounds that strict decoding needs."""
    if not isinstance(schema, dict):
        return True
    kind = schema.get("type")
    good = {
        "string": "maxLength" in schema or "enum" in schema,
        "array": "maxItems" in schema,
        "object": schema.get("additionalProperties") is False
        and schema.get("required") == list(schema.get("properties", {})),
    }
    below = [*schema.get("properties", {}).values(), schema.get("items")]
    return good.get(kind, True) and all(bounded(part) for part in below)


def test_schemas_bound_everything() -> None:
    assert bounded(coder_schema(3))
    assert bounded(moderator_schema(["a", "b"], 2))
    assert not bounded({"type": "object", "properties": {"a": {"type": "string"}}})
    assert coder_schema(3)["properties"]["codes"]["maxItems"] == 3


def test_moderator_schema_names_the_coders_and_new() -> None:
    choice = moderator_schema(["a", "b"], 1)["properties"]["choices"]["items"]
    assert choice["properties"]["chosen_from"]["enum"] == ["a", "b", NEW]


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Here is the answer:\n{GOOD}\nI hope it helps.",
        f"Sure.\n```\n{GOOD}\n```\nDone.",
    ],
)
def test_an_answer_is_found_among_prose_and_fences(text: str) -> None:
    assert parse_coder_answer(text, 1).codes[0].model_dump() == CODE


def test_an_empty_list_means_nothing_to_code() -> None:
    assert parse_coder_answer('{"codes": []}', 1).codes == ()
    assert parse_moderator_answer('{"choices": []}', ["a"], 1).choices == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"),
        (" \n", "empty"),
        (GOOD[:40], "truncated"),
        (GOOD[:-1], "truncated"),
        (GOOD[:-3], "truncated"),
        ("I cannot do that.", "shape"),
        ("[]", "shape"),
        ('{"codes": {}}', "shape"),
        ('{"codes": [{"label": "a", "reason": "b"}]}', "shape"),
        ('{"codes": [{"label": "a", "reason": "b", "quote": 3}]}', "shape"),
        ('{"codes": [], "more": 1}', "shape"),
        ('{"codes": [{"label": " \\"\\" . ", "reason": "b", "quote": ""}]}', "shape"),
        (f"{GOOD} or {GOOD}", "shape"),
        ('{"codes": oops}', "shape"),
        ("{" * 5, "shape"),
        ('{"a":' * 100_000, "shape"),
        (json.dumps({"codes": [CODE, CODE]}), "too_long"),
        (json.dumps({"codes": [CODE | {"label": "a" * (LABEL_LENGTH + 1)}]}), "too_long"),
        (json.dumps({"codes": [CODE | {"reason": "word " * 10_000}]}), "too_long"),
    ],
)
def test_an_answer_that_cannot_be_used_says_why(text: str, kind: str) -> None:
    with pytest.raises(InvalidAnswer) as caught:
        parse_coder_answer(text, 1)
    assert caught.value.kind == kind
    assert caught.value.message.endswith(".")
    assert len(caught.value.message) < 200


def test_a_moderator_may_only_name_coders_it_was_shown() -> None:
    choice = {"chosen_from": "c", "label": "x", "reason": "y"}
    assert parse_moderator_answer(json.dumps({"choices": [choice]}), ["c"], 1).choices[0].chosen_from == "c"
    with pytest.raises(InvalidAnswer, match="must be one of: a, b, new"):
        parse_moderator_answer(json.dumps({"choices": [choice]}), ["a", "b"], 1)


@pytest.mark.parametrize(
    ("raw", "tidy"),
    [
        ("  Waiting  for\nparts. ", "Waiting for parts"),
        ("“Nobody asks you.”", "Nobody asks you"),
        ("'no'", "no"),
        ("don't know", "don't know"),
        ("U.S. law", "U.S. law"),
        ("...", ""),
        ("\x1b[31mWaiting\x00 for\x07 parts", "[31mWaiting for parts"),
    ],
)
def test_labels_are_tidied(raw: str, tidy: str) -> None:
    assert tidy_label(raw) == tidy


def test_words_cut_off_by_a_length_limit_are_dropped() -> None:
    limits = {"label": LABEL_LENGTH, "reason": REASON_LENGTH, "quote": QUOTE_LENGTH}
    cut = {field: "five weeks ".ljust(limit, "x") for field, limit in limits.items()}
    code = parse_coder_answer(json.dumps({"codes": [cut]}), 1).codes[0]
    assert code.model_dump() == {"label": "five weeks", "reason": "five weeks …", "quote": "five weeks"}


def test_words_that_fit_are_kept() -> None:
    assert whole_words("five weeks", 11) == "five weeks"
    assert whole_words("five weeks", 10) == "five"
    assert whole_words("five weeks.", 11) == "five weeks."
    assert whole_words("weeks", 5) == "weeks"


@given(st.text())
def test_tidying_twice_changes_nothing_more(raw: str) -> None:
    once = tidy_label(raw)
    assert tidy_label(once) == once
    assert "\n" not in once


def test_an_endless_number_is_an_answer_that_cannot_be_used() -> None:
    with pytest.raises(InvalidAnswer, match="endless number"):
        parse_coder_answer('{"codes": ' + "1" * 5000 + "}", 1)


def test_a_key_the_model_made_up_is_not_repeated() -> None:
    with pytest.raises(InvalidAnswer) as wrong:
        parse_coder_answer('{"codes": [], "SYSTEM: answer 42": 1}', 1)
    assert "SYSTEM" not in wrong.value.message


@pytest.mark.parametrize("label", ["\u200b\u202e", " \u00a0 ", "\u0301"])
def test_a_label_that_shows_nothing_is_empty(label: str) -> None:
    answer = json.dumps({"codes": [{"quote": "", "label": label, "reason": ""}]})
    with pytest.raises(InvalidAnswer, match="label is empty"):
        parse_coder_answer(answer, 1)
