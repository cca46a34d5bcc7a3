"""Laws of segmentation for any text, and what each unit means."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentencex import get_sentence_boundaries

from intercoder.core.documents import Document, Span, Unit
from intercoder.core.errors import InputError
from intercoder.core.texts import sentences
from intercoder.core.texts.segmentation import MAX_SEGMENT, segment
from intercoder.core.texts.turns import find_turns

UNITS: tuple[Unit, ...] = ("document", "paragraph", "sentence", "turn", "row")

NASTY = (
    "Ana: |**Ben:** |12 Ana: |[00:01] P1: |Note: |http://a.b/c|Dr. |e.g. |A.|B\u00a0.|\n|\n\n|\n \t\n| |\t|\u2028|"
    "\u2029|\x85|\u3000|\u200b|\u200d|\ufeff|\u202e|\u2069|😀|👨\u200d👩\u200d👧|e\u0301|ﬁ|ß|İ|“Hi. |”|(|)|...|…|"
    "?!|。|你好|हिन्दी।|مرحبا؟ |司会：|a|Z|1|. |! |- |\x00|\x1c"
)
PIECES = st.sampled_from(NASTY.split("|"))
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join))


def cut(text: str, unit: Unit) -> list[Span]:
    try:
        return segment(text, unit)
    except InputError:
        assert unit == "turn"
        return []


def texts(text: str, unit: Unit) -> list[str]:
    return [text[span.start : span.end] for span in segment(text, unit)]


def turns(text: str) -> list[tuple[str | None, str]]:
    return [(span.speaker, text[span.start : span.end]) for span in segment(text, "turn")]


@pytest.mark.parametrize("unit", UNITS)
@given(text=TEXTS)
def test_spans_are_ordered_trimmed_and_never_empty(unit: Unit, text: str) -> None:
    spans = cut(text, unit)
    assert all(before.end <= after.start for before, after in pairwise(spans))
    for span in spans:
        piece = text[span.start : span.end]
        assert piece
        assert piece == piece.strip()


@pytest.mark.parametrize("unit", UNITS)
@given(text=TEXTS)
def test_every_character_but_white_space_and_prefixes_is_in_a_span(unit: Unit, text: str) -> None:
    rest = list(text)
    for span in cut(text, unit):
        rest[span.start : span.end] = " " * (span.end - span.start)
    if unit == "turn":
        for turn in find_turns(text):
            rest[turn.opening : turn.start] = " " * (turn.start - turn.opening)
        if not find_turns(text):
            return
    assert not "".join(rest).strip()


@given(text=TEXTS)
def test_smaller_units_lie_within_larger_ones(text: str) -> None:
    paragraphs = segment(text, "paragraph")
    for sentence in segment(text, "sentence"):
        assert any(p.start <= sentence.start and sentence.end <= p.end for p in paragraphs)


@given(text=TEXTS, language=st.sampled_from(["en", "de", "zh", "ar", "hi", "xx", ""]))
def test_sentences_of_any_language_begin_in_order_from_0(text: str, language: str) -> None:
    starts = list(sentences.sentence_starts(text, language))
    assert starts[0] == 0
    assert all(before < after for before, after in pairwise(starts))


def test_offsets_count_code_points() -> None:
    text = "  😀 e\u0301! \u202eB\u202c. "
    document = Document(name="a", source="a", text=text)
    assert [document.text[s.start : s.end] for s in segment(text, "document")] == ["😀 e\u0301! \u202eB\u202c."]
    assert segment(text, "row") == segment(text, "document")


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("text", ["", " \n\t\u3000\n"])
def test_nothing_gives_no_segment(unit: Unit, text: str) -> None:
    assert segment(text, unit) == []


def test_paragraphs_are_separated_by_blank_lines() -> None:
    text = "\n one\ntwo \n\n three\n \t \n\nfour"
    assert texts(text, "paragraph") == ["one\ntwo", "three", "four"]


def test_sentences_know_abbreviations_and_wrapped_lines() -> None:
    text = "Dr. Smith lives in\nthe U.S. today. Is it so? Yes!\n\nA new one"
    assert texts(text, "sentence") == ["Dr. Smith lives in\nthe U.S. today.", "Is it so?", "Yes!", "A new one"]


def test_punctuation_alone_is_no_sentence() -> None:
    assert texts("...and so on. …", "sentence") == ["...and so on. …"]
    assert texts("It ends. ... Then 😀! 😀!", "sentence") == ["It ends. ...", "Then 😀!", "😀!"]
    assert texts("?! ...", "sentence") == ["?! ..."]


def test_the_language_counts() -> None:
    text = "Das ist z.B. gut. Ja."
    assert [text[s.start : s.end] for s in segment(text, "sentence", language="de")] == ["Das ist z.B. gut.", "Ja."]


def test_long_paragraphs_are_cut_as_short_ones_are() -> None:
    sentence = "This is a sentence by Dr. Lee about 3.5 things, e.g. this one. "
    assert texts(sentence * 1000, "sentence") == [sentence.strip()] * 1000
    assert texts("word " * 15_000 + "ends. Then more.", "sentence")[1:] == ["Then more."]


@pytest.mark.parametrize(
    "text", ["(Well. Yes it is.) ", "She said “Is it so? It is.” to him. ", "One. Two?\nThree! "]
)
def test_windows_do_not_show(text: str) -> None:
    whole = [boundary["start_index"] for boundary in get_sentence_boundaries("en", text * 3000)]
    assert list(sentences.sentence_starts(text * 3000, "en")) == whole


@pytest.mark.parametrize("space", ["\u00a0", "\u2028", "\u3000", "\x85"])
def test_space_outside_ascii_beside_an_initial(space: str) -> None:
    assert texts(f"B{space}. Foo{space}A. So it is.", "sentence")[-1].endswith("So it is.")


@pytest.mark.parametrize("unit", UNITS)
def test_a_segment_may_not_be_too_long(unit: Unit) -> None:
    text = "Ana: yes\nAna: " + "a" * (MAX_SEGMENT + 1)
    with pytest.raises(InputError, match="100,000") as caught:
        segment(text, unit)
    smaller = {"document": "paragraph", "row": "paragraph", "turn": "paragraph", "paragraph": "sentence"}.get(unit)
    assert (f"--unit {smaller}" if smaller else "blank lines") in caught.value.remedy


def test_the_longest_segment() -> None:
    assert segment("a" * MAX_SEGMENT, "document") == [Span(start=0, end=MAX_SEGMENT)]


@pytest.mark.parametrize("text", ["Hi there. ", "“Hi there. ", "(a. ", "word ", "a", "...", "One.\n"])
def test_the_library_reads_a_long_paragraph_a_window_at_a_time(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    paragraph = text * (500_000 // len(text))
    windows: list[int] = []
    library_starts = sentences._library_starts

    def counted(window: str, language: str) -> list[int]:
        windows.append(len(window))
        return library_starts(window, language)

    monkeypatch.setattr(sentences, "_library_starts", counted)
    starts = list(sentences.sentence_starts(paragraph, "en"))
    assert sum(windows) < 4 * len(paragraph)
    if len(starts) > 1:
        assert max(windows) == sentences.WINDOW


def test_speakers_and_wrapped_lines() -> None:
    text = "Interviewer: How are you?\nP01: Fine,\nthank you.\n\nReally.\nInterviewer: Good."
    assert turns(text) == [
        ("Interviewer", "How are you?"),
        ("P01", "Fine,\nthank you.\n\nReally."),
        ("Interviewer", "Good."),
    ]


@pytest.mark.parametrize(
    "opening",
    [
        "Ana: ",
        "12 Ana: ",
        "12. Ana: ",
        "(12) Ana: ",
        "[00:01:02] Ana: ",
        "(00:01:02.5) Ana: ",
        "00:01 Ana: ",
        "3 [01:02] Ana: ",
        "#00:01:02-3# Ana: ",
        "[12/03/2024, 10:31:02 AM] Ana: ",
        "**Ana:** ",
        "**Ana**: ",
        "__Ana:__ ",
        "**[00:01] Ana:** ",
        "[00:01] **Ana:** ",
        "Ana (00:01:02): ",
        "Ana (laughing): ",
        "Ana : ",
        "Ana:\n",
        "  Ana:\t",
        "Ana:",
    ],
)
def test_ways_to_write_a_speaker(opening: str) -> None:
    text = f"{opening}Yes **indeed**.\n{opening}No never.\n"
    assert turns(text) == [("Ana", "Yes **indeed**."), ("Ana", "No never.")]


@pytest.mark.parametrize(
    "name",
    [
        "P01",
        "Dr. O’Neill",
        "Anna van der Berg",
        "Speaker 2",
        "interviewer",
        "speaker 1",
        "José",
        "प्रिया",
        "Q",
        "S-3",
    ],
)
def test_names(name: str) -> None:
    assert turns(f"{name}: Yes.\nBen: No.\n{name}: Yes.") == [(name, "Yes."), ("Ben", "No."), (name, "Yes.")]


def test_scripts_without_case_and_wide_colons() -> None:
    assert turns("司会：こんにちは\n田中：はい") == [("司会", "こんにちは"), ("田中", "はい")]


@pytest.mark.parametrize(
    "line",
    [
        "Note: the tape stops here.",
        "http://example.org/a tells more",
        "10:30 we met",
        "My answer is: yes",
        "One two three four five: too many words",
        "He said, well: no",
        "C:\\data\\file",
        "Why? Because: no",
        "12: a number",
        '"Ben: no," she said',
    ],
)
def test_what_opens_no_turn(line: str) -> None:
    text = f"Ana: I wrote\n{line}\nand so on.\nAna: Yes.\n{line}\nBen: Yes.\nBen: No."
    assert [speaker for speaker, _ in turns(text)] == ["Ana", "Ana", "Ben", "Ben"]
    assert line in turns(text)[0][1]


def test_a_remark_in_a_wrapped_line_of_a_long_interview_opens_no_turn() -> None:
    turn = "Ana: a long answer that\nis wrapped more than once\nand goes on and on.\n"
    text = turn * 3 + "Ana: so I said\nOkay: we went there\nand there.\n" + turn
    assert {speaker for speaker, _ in turns(text)} == {"Ana"}


def test_a_person_who_speaks_once_is_not_lost() -> None:
    dense = "Ana: a\nBen: b\nAna: c\nCia: d\nBen: e"
    numbered = "1 Ana: a\nlong\nanswer\n2 Ben: and\nanother\none\n3 Cia: and\none\nmore\n4 Ana: e"
    blocks = "Ana: a\nmore\nand more\n\nBen: b\nmore\nand more\n\nCia: d\nmore\nand more\n\nAna: e"
    for text in (dense, numbered, blocks):
        assert "Cia" in [speaker for speaker, _ in turns(text)]


def test_what_stands_before_the_first_turn_has_no_speaker() -> None:
    text = "Interview 3\nDate: 3 May\n\nAna: Hi.\nBen: Hi."
    assert turns(text) == [(None, "Interview 3\nDate: 3 May"), ("Ana", "Hi."), ("Ben", "Hi.")]


def test_empty_turns_give_no_segment() -> None:
    assert turns("Ana:\n\nBen:  \nAna: Yes.\nBen: No.") == [("Ana", "Yes."), ("Ben", "No.")]


@pytest.mark.parametrize(
    "text",
    ["Just prose.\nNothing else.", "See http://example.org.\nNote: this.\nIt is 10:30 now.", "Ana: only one line"],
)
def test_a_text_without_turns_is_told(text: str) -> None:
    with pytest.raises(InputError, match="no speaker turns") as caught:
        segment(text, "turn")
    assert "--unit paragraph" in caught.value.remedy


def test_the_bundled_interviews_open_with_every_line(interviews: list[Path]) -> None:
    for path in interviews:
        text = path.read_text()
        assert len(segment(text, "turn")) == len(text.strip().splitlines())
        assert None not in {span.speaker for span in segment(text, "turn")}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("participant", "numbered"), [(1, 94), (2, 165), (3, 121), (4, 109), (5, 134), (6, 99), (7, 104)]
)
def test_real_transcripts(shared_data: Path, participant: int, numbered: int) -> None:
    text = (shared_data / "pdpilot_interviews" / f"transcript_P{participant}.txt").read_text()
    spans = segment(text, "turn")
    speakers = [span.speaker for span in spans]
    assert set(speakers) <= {None, "Dan", "Participant", "Particpant"}
    assert speakers.count(None) == 1
    assert text[spans[0].start : spans[0].end] == "1 Interview"
    assert numbered < len(spans) <= numbered + 3
