"""Comparing coders: code spaces, presence tables, passages placed on segments."""

from intercoder.core.coding.codings import CodedPassage, Coder, code_spaces, coding_table, place_passages
from intercoder.core.documents import Segment

SEGMENTS = [
    Segment(id="s1", document_id="d", document="a.txt", unit="turn", start=0, end=10, text="0123456789"),
    Segment(id="s2", document_id="d", document="a.txt", unit="turn", start=12, end=20, text="23456789"),
    Segment(id="s3", document_id="e", document="b.txt", unit="turn", start=0, end=5, text="01234"),
]
ANA = Coder(name="ana", role="human", labels={"s1": ("cost", "time"), "s2": ("cost",), "s3": ()})
BEN = Coder(name="ben", role="coder", labels={"s1": ("time",), "s2": ()})


def test_a_code_space_lists_the_segments_of_each_label() -> None:
    assert code_spaces([ANA, BEN]) == {"ana": {"cost": ["s1", "s2"], "time": ["s1"]}, "ben": {"time": ["s1"]}}


def test_a_table_tells_what_was_not_given_from_what_was_not_read() -> None:
    assert coding_table([ANA, BEN]) == (
        ["s1", "s2", "s3"],
        [[("cost", "time"), ("time",)], [("cost",), ()], [(), None]],
    )


def test_labels_that_become_one_concept_stand_once() -> None:
    assert ANA.renamed({"cost": "effort", "time": "effort"}).labels["s1"] == ("effort",)


def test_a_passage_counts_for_every_segment_it_overlaps() -> None:
    passages = [
        CodedPassage(coder="ana", label="cost", document="a.txt", start=9, end=13),
        CodedPassage(coder="ana", label="time", document="a.txt", start=10, end=12),
        CodedPassage(coder="ben", label="whole", document="b.txt"),
        CodedPassage(coder="ben", label="named", segment_id="s2"),
        CodedPassage(coder="ben", label="elsewhere", document="c.txt"),
    ]
    ana, ben = place_passages(passages, SEGMENTS)
    assert ana.labels == {"s1": ("cost",), "s2": ("cost",)}
    assert ben.labels == {"s3": ("whole",), "s1": (), "s2": ("named",)}
    assert {ana.role, ben.role} == {"human"}


def test_nothing_to_code_is_read_all_the_same() -> None:
    (ana,) = place_passages([CodedPassage(coder="ana", label="", segment_id="s3")], SEGMENTS)
    assert ana.labels == {"s3": ()}
