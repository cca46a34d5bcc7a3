"""Which texts are too much like others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.core.protocols import Vectors
from intercoder.training.distillation.likeness import Alike, triples

WORDS = ("glue", "saves", "the", "kettle", "and", "money", "too")
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join)


def unit(*numbers: float) -> Vectors:
    row = np.array(numbers, np.float32)
    return row / np.linalg.norm(row)


def vectors(texts: list[str]) -> Vectors:
    """How often each word stands in a text, as unit rows."""
    rows = [unit(*(text.split().count(word) for word in WORDS)) for text in texts]
    return np.stack(rows) if rows else np.zeros((0, len(WORDS)), np.float32)


def sifted(texts: list[str], alike: Alike) -> list[bool]:
    """Which texts are kept, in order."""
    kept = []
    for text, vector in zip(texts, vectors(texts), strict=True):
        new = alike.find(text, vector) is None
        if new:
            alike.add([str(len(kept))], [text], vector[None])
        kept.append(new)
    return kept


def fresh() -> Alike:
    return Alike(words_shared=0.5, cosine=0.95)


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("Glue saves the kettle!", {("glue", "saves", "the"), ("saves", "the", "kettle")}),
        ("GLUE, saves", {("glue", "saves")}),
        ("ｇｌｕｅ", {("glue",)}),
        ("👍", {("👍",)}),
        ("", {("",)}),
    ],
)
def test_texts_are_compared_by_runs_of_three_words(text: str, runs: set[tuple[str, ...]]) -> None:
    assert triples(text) == runs


def test_a_text_that_shares_half_its_triples_is_alike_and_says_with_which() -> None:
    alike = fresh()
    alike.add(["a", "b"], ["one two three four", "five six seven eight"], np.eye(2, dtype=np.float32))
    far = unit(1, -1)
    found = alike.find("zero one two three", far)
    assert found is not None
    assert (found.id, found.by_words, found.likeness) == ("a", True, 0.5)
    assert alike.find("minus zero one two three", far) is None
    assert alike.find("five six seven", far) is not None


def test_a_text_of_the_same_meaning_is_alike() -> None:
    alike = fresh()
    alike.add(["a", "b"], ["one two three", "four five six"], np.stack([unit(1, 0), unit(1, 1)]))
    found = alike.find("other words here", unit(1, 0.3))
    assert found is not None
    assert (found.id, found.by_words, found.likeness) == ("a", False, round(1 / 1.09**0.5, 4))
    assert alike.find("other words here", unit(0, 1)) is None
    assert Alike(words_shared=0.5, cosine=0.95).find("anything", unit(1, 0)) is None


def test_short_texts_are_alike_by_words_only_if_they_are_the_same() -> None:
    alike = fresh()
    alike.add(["a"], ["Harmful."], unit(1, 0)[None])
    assert alike.find("harmful", unit(0, 1)) is not None
    assert alike.find("not harmful", unit(0, 1)) is None


@given(st.lists(TEXTS, max_size=12), st.lists(TEXTS, max_size=12))
def test_what_is_kept_of_the_first_texts_does_not_depend_on_later_ones(first: list[str], more: list[str]) -> None:
    assert sifted(first + more, fresh())[: len(first)] == sifted(first, fresh())


@given(st.lists(TEXTS, max_size=15))
def test_no_text_is_kept_twice_and_kept_ones_are_not_alike(texts: list[str]) -> None:
    kept = [text for text, new in zip(texts, sifted(texts, fresh()), strict=True) if new]
    assert len(set(kept)) == len(kept)
    assert sifted(kept, fresh()) == [True] * len(kept)
    rows = vectors(kept)
    assert (np.triu(rows @ rows.T, 1) < 0.95).all()


@given(st.lists(TEXTS, min_size=1, max_size=15), st.data())
def test_known_texts_are_found_whatever_else_is_known(texts: list[str], data: st.DataObject) -> None:
    alike = fresh()
    alike.add([str(n) for n in range(len(texts))], texts, vectors(texts))
    assert len(alike) == len(texts)
    text = data.draw(st.sampled_from(texts))
    found = alike.find(text.upper(), vectors([text])[0])
    assert found is not None
    assert (found.likeness, triples(texts[int(found.id)]) >= triples(text)) == (1.0, True)
