"""Answers that cannot leave their schema."""

import json
import random

import pytest

from intercoder.core.errors import ModelError
from intercoder.llms.embedded.grammar import GrammarMaker, RowGrammar, mask
from tests.llms.tiny_models import answer_schema, is_compact, tokenizer

torch = pytest.importorskip("torch")
xgrammar = pytest.importorskip("xgrammar")
WORDS = tokenizer()
NOT_ASCII = [number for word, number in WORDS.get_vocab().items() if len(word) == 1 and not word.isascii()]
SCHEMAS: list[dict[str, object]] = [
    answer_schema(label=5, reason=8),
    {
        "type": "object",
        "properties": {
            "codes": {"type": "array", "minItems": 0, "maxItems": 2, "items": answer_schema(label=3)},
            "role": {"enum": ["coder", "moderator"]},
        },
        "required": ["codes", "role"],
        "additionalProperties": False,
    },
    {"type": "object", "properties": {"x": {"type": "boolean"}}, "required": ["x"], "additionalProperties": False},
]


@pytest.fixture(scope="module")
def maker() -> GrammarMaker:
    return GrammarMaker(WORDS, len(WORDS), [WORDS.eos_token_id])


def written(maker: GrammarMaker, schemas: list[dict[str, object] | None], seed: int) -> list[str]:
    """Answers of random tokens, each row held to its own schema."""
    grammars = [None if schema is None else RowGrammar(maker.compile(schema)) for schema in schemas]
    rows: list[list[int]] = [[] for _ in schemas]
    open_rows = list(range(len(schemas)))
    generator = torch.Generator().manual_seed(seed)
    for _ in range(200):
        logits = torch.randn(len(open_rows), len(WORDS), generator=generator)
        logits[:, NOT_ASCII] -= 100  # Random bytes make no characters.
        mask(logits, [grammars[row] for row in open_rows])
        for row, token in zip(list(open_rows), logits.argmax(-1).tolist(), strict=True):
            grammar = grammars[row]
            rows[row].append(token)
            if (grammar is not None and grammar.accept(token)) or (grammar is None and len(rows[row]) == 10):
                open_rows.remove(row)
        if not open_rows:
            break
    return [WORDS.decode(row, skip_special_tokens=True) for row in rows]


def fits(answer: object, schema: dict[str, object]) -> bool:
    """Enough of JSON Schema for the schemas above."""
    if "enum" in schema:
        return answer in schema["enum"]  # type: ignore[operator]
    kind = {"object": dict, "array": list, "string": str, "boolean": bool}[str(schema["type"])]
    if not isinstance(answer, kind):
        return False
    if isinstance(answer, dict):
        properties: dict[str, dict[str, object]] = schema["properties"]  # type: ignore[assignment]
        return list(answer) == list(properties) and all(fits(answer[key], properties[key]) for key in answer)
    if isinstance(answer, list):
        return len(answer) <= schema["maxItems"] and all(fits(item, schema["items"]) for item in answer)  # type: ignore[operator,arg-type]
    return not isinstance(answer, str) or len(answer) <= schema["maxLength"]  # type: ignore[operator]


@pytest.mark.parametrize("seed", range(5))
def test_rows_of_one_batch_keep_each_to_its_own_schema(maker: GrammarMaker, seed: int) -> None:
    order = random.Random(seed).sample([*SCHEMAS, None], 4)
    for text, schema in zip(written(maker, order, seed), order, strict=True):
        if schema is not None:
            assert fits(json.loads(text), schema)
            assert is_compact(text)


@pytest.mark.parametrize("most", [100, 120, 121, 200, 250, 600])
def test_long_strings_end_at_their_bound(maker: GrammarMaker, most: int) -> None:
    schema = {
        **answer_schema(text=most),
        "properties": {"text": {"type": "string", "minLength": 1, "maxLength": most}},
    }

    def accepted(text: str) -> bool:
        grammar = RowGrammar(maker.compile(schema))
        try:
            return [
                grammar.accept(token) for token in WORDS.encode(json.dumps({"text": text}, separators=(",", ":")))
            ][-1]
        except RuntimeError:
            return False

    assert all(accepted("x" * length) for length in {1, 99, 100, most - 1, most} if length <= most)
    assert accepted('say "so" ' * (most // 9))
    assert not accepted("x" * (most + 1))
    assert not accepted("")


def test_a_string_cannot_hold_a_raw_control_character(maker: GrammarMaker) -> None:
    logits = torch.zeros(1, len(WORDS))
    grammar = RowGrammar(maker.compile(SCHEMAS[0]))
    for token in WORDS.encode('{"label":"a', add_special_tokens=False):
        grammar.accept(token)
    mask(logits, [grammar])
    for text in ("\n", "\t", "\0", "\x1f", "\n\n"):
        (token,) = WORDS.encode(text, add_special_tokens=False)
        assert logits[0, token] == float("-inf"), text


@pytest.mark.parametrize(
    ("text", "held"),
    [
        (r'{"label":"a\"b","reason":""}', True),
        (r'{"label":"\n\t\\\"\/","reason":"x"}', True),
        (r'{"label":"\n\t\\\"\/1","reason":"x"}', False),
        (r'{"label":"12345","reason":"12345678"}', True),
        (r'{"label":"123456","reason":"x"}', False),
        (r'{"label":"éé🎲שa","reason":"x"}', True),
        (r'{"label":"\ud800","reason":"x"}', False),
        (r'{"label": "a","reason":"x"}', False),
        (r'{"reason":"x","label":"a"}', False),
        (r'{"label":"a"}', False),
    ],
)
def test_what_an_answer_may_hold(maker: GrammarMaker, text: str, held: bool) -> None:
    """Lengths count characters, however they are written."""
    matcher = xgrammar.GrammarMatcher(maker.compile(SCHEMAS[0]))
    assert (matcher.accept_string(text) and matcher.is_completed()) is held


def test_a_string_may_have_a_least_length(maker: GrammarMaker) -> None:
    schema = {"type": "object", "properties": {"x": {"type": "string", "minLength": 2}}, "required": ["x"]}
    for text, held in (('{"x":"a"}', False), ('{"x":"ab"}', True), ('{"x":"' + "ab" * 100 + '"}', True)):
        assert xgrammar.GrammarMatcher(maker.compile(schema)).accept_string(text) is held


def test_a_complete_answer_needs_no_stop_token(maker: GrammarMaker) -> None:
    grammar = RowGrammar(maker.compile(SCHEMAS[2]))
    steps = [grammar.accept(token) for token in WORDS.encode('{"x":true}', add_special_tokens=False)]
    assert steps[-1] is True
    assert not any(steps[:-1])


def test_an_answer_that_could_go_on_is_not_complete(maker: GrammarMaker) -> None:
    grammar = RowGrammar(maker.compile({"type": "integer"}))
    assert [grammar.accept(token) for token in WORDS.encode("12", add_special_tokens=False)] == [False, False]
    assert grammar.accept(WORDS.eos_token_id) is True


def test_rows_without_grammar_are_left_alone() -> None:
    logits = torch.randn(2, len(WORDS))
    before = logits.clone()
    mask(logits, [None, None])
    assert torch.equal(logits, before)


def test_control_tokens_cannot_come_inside_an_answer(maker: GrammarMaker) -> None:
    logits = torch.zeros(1, len(WORDS))
    grammar = RowGrammar(maker.compile(SCHEMAS[0]))
    for token in WORDS.encode('{"label":"a', add_special_tokens=False):
        grammar.accept(token)
    mask(logits, [grammar])
    control = [number for number, token in WORDS.added_tokens_decoder.items() if token.special]
    assert len(control) == 3
    assert all(logits[0, number] == float("-inf") for number in control)
    assert logits[0, WORDS.convert_tokens_to_ids("the")] == 0


def test_one_schema_is_compiled_once(maker: GrammarMaker) -> None:
    assert maker.compile(SCHEMAS[0]) is maker.compile(json.loads(json.dumps(SCHEMAS[0])))


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"$ref": "#/missing"}])
def test_a_schema_that_cannot_be_enforced_is_an_error(maker: GrammarMaker, schema: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="cannot be enforced"):
        maker.compile(schema)
