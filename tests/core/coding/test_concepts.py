"""Concepts only grow: whatever is merged, no label, example, owner or code is lost."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.core.codebook import Code, CodeExample, Lineage
from intercoder.core.coding.concepts import Concept, absorb, fold, merged_codes, shortest, union

LABELS = st.sampled_from(["Repair", "repair", "re-pair!", "saving money", "Saving  money", "thrift", "", "?!"])
SPACES = st.dictionaries(
    st.sampled_from(["ana", "ben", "caro"]),
    st.dictionaries(LABELS, st.lists(st.sampled_from(["s1", "s2", "s3", "s4"]), max_size=4), max_size=6),
    max_size=3,
)
CODES = {"Repair": ["c1"], "repair": ["c2"], "thrift": ["c3"]}


def held(concepts: Sequence[Concept]) -> dict[str, set[str]]:
    fields = ("alternatives", "examples", "owners", "code_ids")
    return {field: {item for one in concepts for item in getattr(one, field)} for field in fields}


def tied(concepts: Sequence[Concept]) -> set[tuple[str, str]]:
    """Labels with the examples of the concept that they belong to."""
    return {(label, example) for one in concepts for label in one.alternatives for example in one.examples}


@given(SPACES, st.lists(st.lists(st.integers(-1, 3), min_size=30, max_size=30), max_size=4))
def test_merging_never_loses_an_example_a_label_an_owner_or_a_code(
    spaces: dict[str, dict[str, list[str]]], rounds: list[list[int]]
) -> None:
    given_out = {(label, example) for space in spaces.values() for label, ids in space.items() for example in ids}
    concepts = union(spaces, CODES)
    assert given_out <= tied(concepts)
    for clusters in rounds:
        before = held(concepts), tied(concepts)
        groups: dict[int, list[Concept]] = {}
        for place, concept in enumerate(concepts):
            # -1 stays alone.
            groups.setdefault(clusters[place] if clusters[place] >= 0 else -1 - place, []).append(concept)
        concepts = [absorb(group) for group in groups.values()]
        assert held(concepts) == before[0]
        assert before[1] <= tied(concepts)
    labels = [label for concept in concepts for label in concept.alternatives]
    assert sorted(labels) == sorted({label for space in spaces.values() for label in space})
    assert all(len(set(one.examples)) == len(one.examples) for one in concepts)


@given(SPACES)
def test_labels_that_differ_in_case_white_space_or_punctuation_are_one_concept(
    spaces: dict[str, dict[str, list[str]]],
) -> None:
    concepts = union(spaces)
    folded = [{fold(label) for label in concept.alternatives} for concept in concepts]
    assert all(len(one) == 1 for one in folded)
    assert len({min(one) for one in folded}) == len(concepts)


@pytest.mark.parametrize(
    ("label", "other", "same"),
    [
        ("Saving money", "saving  MONEY", True),
        ("re-pair", "re pair", True),
        ("“Repair”.", "repair", True),
        ("caf\u00e9", "cafe\u0301", True),
        ("C++", "C", False),
        ("\u0915\u093f", "\u0915\u0940", False),
        ("???", "!!!", False),
        ("repair", "repairs", False),
    ],
)
def test_what_counts_as_the_same_spelling(label: str, other: str, same: bool) -> None:
    assert (fold(label) == fold(other)) is same


def test_one_concept_has_its_first_label_and_all_owners() -> None:
    (concept,) = union({"ana": {"Repair!": ["s2", "s1"]}, "ben": {"repair": ["s1", "s3"]}}, CODES)
    assert (concept.label, concept.alternatives) == ("Repair!", ("Repair!", "repair"))
    assert concept.examples == ("s2", "s1", "s3")
    assert concept.owners == ("ana", "ben")
    assert concept.code_ids == ("c2",)


def test_the_shorter_label_stays_and_of_equally_short_ones_the_earlier() -> None:
    assert shortest(["longer", "beta", "alfa"]) == 1
    concepts = [Concept(label=label, alternatives=(label,)) for label in ("longer", "beta", "alfa")]
    assert absorb(concepts).label == "beta"
    assert absorb(concepts, keep=0).label == "longer"


def test_a_concepts_id_depends_on_its_labels_alone() -> None:
    one = Concept(label="a", alternatives=("a", "b"), examples=("s1",))
    assert one.id == Concept(label="b", alternatives=("b", "a")).id
    assert one.id != Concept(label="a", alternatives=("a",)).id


def code(id_: str, label: str, *, include: tuple[str, ...] = (), quote: str = "") -> Code:
    examples = (CodeExample(text=quote, segment_id=id_),) if quote else ()
    lineage = Lineage(founded_by=id_, run="inductive-1")
    return Code(id=id_, label=label, definition=f"{label}.", include=include, examples=examples, lineage=lineage)


def test_codes_of_one_concept_become_the_oldest_of_them() -> None:
    codes = [
        code("c1", "repair", quote="q1"),
        code("c2", "thrift"),
        code("c3", "mending", include=("x",), quote="q3"),
    ]
    concepts = [
        Concept(label="fixing", definition="People fix.", alternatives=("mending",), code_ids=("c3", "c1")),
        Concept(label="thrift", alternatives=("thrift",), code_ids=("c2",)),
    ]
    first, second = merged_codes(codes, concepts)
    assert (first.id, first.label, first.definition, first.revision) == ("c1", "fixing", "People fix.", 2)
    assert first.lineage.merged_from == ("c3",)
    assert (first.lineage.renamed_from, first.lineage.run) == ("repair", "inductive-1")
    assert [example.text for example in first.examples] == ["q1", "q3"]
    assert first.include == ("x",)
    assert second == codes[1]


def test_a_code_that_no_concept_holds_stays() -> None:
    codes = [code("c1", "repair")]
    assert merged_codes(codes, [Concept(label="x", alternatives=("x",), code_ids=("gone",))]) == codes
