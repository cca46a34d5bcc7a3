"""The ensemble benchmark measures as the project's own metrics do, and loses no text."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

import pytest

from benchmarks.ensemble_figures import figures_page
from benchmarks.ensemble_measures import Judges, difference, estimates, measure
from benchmarks.ensemble_systems import dynamic, heard, in_hindsight, labels_of, refined, ruled
from benchmarks.ensemble_texts import Item, TextSet
from intercoder.core.decisions import Answer, Suggestion
from intercoder.core.documents import Document, whole
from intercoder.core.protocols import Vectors
from intercoder.core.texts.quotes import locate
from intercoder.evals.labels.composite import absolute, composite
from intercoder.llms.embeddings import HashingEmbedder

REFERENCES = (("pride in mending", "saving money"), ("loss of shops",), ("fear of damage",))
SYSTEMS = {
    "near": ["pride in mending things", "loss of the shops", "fear"],
    "far": ["machines", "some old town that has no shop any more", "fear of damage"],
}


def embed(texts: Sequence[str]) -> Vectors:
    return asyncio.run(HashingEmbedder().embed(list(texts)))


class NoSynonyms:
    """A WordNet that knows no word."""

    def synsets(self, word: str) -> list[str]:
        return []


JUDGES = Judges(embed, None, None, NoSynonyms())


def item(text: str, *references: str) -> Item:
    return Item(whole(Document(name="t", source="t", text=text)), references)


def answer(coder: str, label: str, item: Item) -> Answer:
    given = (Suggestion(label=label, quote=locate(item.segment.text, item.segment.text, 0)),) if label else ()
    return Answer(coder=coder, suggestions=given)


ITEMS = [item("I mend my radio and I am proud.", "pride"), item("The last shop closed.", "loss of shops")]


def said_by(**labels: Sequence[str]) -> dict[str, dict[str, Answer]]:
    """Coder -> its answers; an empty label is "nothing to code"."""
    return {
        coder: {one.segment.id: answer(coder, label, one) for one, label in zip(ITEMS, given, strict=True)}
        for coder, given in labels.items()
    }


def test_figures_are_those_of_the_projects_metrics() -> None:
    found = estimates(measure(SYSTEMS, REFERENCES, JUDGES), n_boot=50)
    table = composite(SYSTEMS, REFERENCES, embed=embed, wordnet=NoSynonyms())
    for name, labels in SYSTEMS.items():
        for column in ("cosine", "meteor", "length", "jsd", "composite"):
            assert found[name][column].value == pytest.approx(table.loc[name, column])
        expected = absolute(labels, REFERENCES, embed=embed, wordnet=NoSynonyms())
        assert found[name]["absolute"].value == pytest.approx(expected)
        assert found[name]["cosine"].low <= found[name]["cosine"].value <= found[name]["cosine"].high


def test_a_text_without_a_label_counts_as_a_miss() -> None:
    sample = measure({"all": SYSTEMS["near"], "one": [SYSTEMS["near"][0], "", ""]}, REFERENCES, JUDGES)
    found = estimates(sample, n_boot=50)
    assert found["one"]["cosine"].value == pytest.approx(sample.systems["all"].means[0, 0] / 3)
    assert (found["one"]["given"].value, found["one"]["length"].value) == (pytest.approx(1 / 3), 4)
    assert (sample.systems["one"].unique, sample.unique) == (1, 4)


def test_differences_are_of_the_same_texts() -> None:
    sample = measure(SYSTEMS, REFERENCES, JUDGES)
    cosines = [sample.systems[name].means[:, 0].mean() for name in ("near", "far")]
    assert difference(sample, "near", "far", "cosine").value == pytest.approx(cosines[0] - cosines[1])
    assert difference(sample, "near", "near", "cosine") == (0, 0, 0)


def test_most_coders_without_a_code_leave_a_text_without() -> None:
    said = heard(said_by(a=["pride", "shops"], b=["proud of a radio", ""], c=["pride", ""]), ITEMS, embed)
    assert [one.silent for one in said] == [0, 2]
    assert ruled(said, g=0) == ["pride", ""]
    assert in_hindsight(said, ITEMS, embed) == ["pride", "shops"]


def test_a_failed_answer_is_no_label() -> None:
    assert labels_of({ITEMS[0].segment.id: None, ITEMS[1].segment.id: answer("a", "x", ITEMS[1])}, ITEMS) == [
        "",
        "x",
    ]


def test_refinement_reuses_older_codes_and_leaves_gaps() -> None:
    labels = ["mending radios", "", "mending a radio", "shops"]
    assert refined(labels, [0.3] * 4, embed) == ["mending radios", "", "mending radios", "shops"]
    assert refined(labels, [1.0] * 4, embed) == labels


def test_others_are_asked_only_where_the_first_is_not_sure() -> None:
    few = heard(said_by(one=["pride", "shops"], again=["pride", "towns"]), ITEMS, embed)
    everyone = heard(said_by(one=["pride", "shops"], other=["radio", "closed shop"]), ITEMS, embed)
    labels, unsure = dynamic(few, everyone, 0.9, asked=2, near=-math.inf)
    assert unsure == [False, True]
    assert labels == ["pride", ruled(everyone)[1]]
    assert dynamic(few, everyone, 0.9, asked=3, near=-math.inf)[1] == [True, True]
    assert dynamic(few, everyone, 0.9, asked=2, near=0.4)[1] == [True, True]


def test_a_set_has_a_page_of_figures() -> None:
    texts = TextSet("two", "Why do people repair?", (), tuple(ITEMS))
    systems = {
        "reader one": ["pride", "shops"],
        "reader two": ["mending", "loss"],
        "both: medoid": ["pride", "loss"],
    }
    page = figures_page(texts, ITEMS, systems, "both: medoid", embed)
    assert all(name in page for name in ("reader one", "reader two"))
