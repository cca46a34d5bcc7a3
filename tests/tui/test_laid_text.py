from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from intercoder.core.shown import shown_safely
from intercoder.tui.laid_text import TAB, LaidText

HOSTILE = "\x1b[2J\u202eabc\u200b [bold]x[/] 漢字かな مرحبا 👩‍👩‍👧 e\u0301\n\tend"
TEXTS = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from(" \n\t\x1b\r\u202e\u200b\u200d\ufe0f\u0301漢字אب👩🇩🇪abcdef"),
    ),
    max_size=60,
)
WIDTHS = st.integers(1, 40)


@given(text=TEXTS, width=WIDTHS)
@example(text=HOSTILE, width=12)
@example(text="a\r\nb", width=5)
@example(text="", width=5)
@example(text="\n\n", width=1)
def test_every_code_point_is_on_one_line_and_leads_back(text: str, width: int) -> None:
    laid = LaidText(text, width)
    assert "".join(text[piece.start : piece.end] for piece in laid.pieces) == text
    assert [placed.piece for line in laid.lines for placed in line] == list(range(len(laid.pieces)))
    for offset in range(len(text) + 1):
        index = laid.piece_at(offset)
        assert laid.offset(index) <= offset
        assert index == len(laid.pieces) or offset < laid.pieces[index].end
    for index in range(len(laid.pieces) + 1):
        x, y = laid.place(index)
        assert 0 <= y < len(laid.lines)
        assert 0 <= x <= width


@given(text=TEXTS, width=st.integers(8, 40))
@example(text=HOSTILE, width=12)
def test_what_is_shown_is_the_escaped_text_and_fits(text: str, width: int) -> None:
    laid = LaidText(text, width)
    wanted = shown_safely(text).replace("\t", TAB).replace("\n", "")
    seen = "".join(piece.shown for piece in laid.pieces)
    if "…" not in seen.replace("…" * text.count("…"), ""):
        assert seen == wanted
    for line in laid.lines:
        cells = sum(laid.pieces[one.piece].cells for one in line if not laid.pieces[one.piece].shown.isspace())
        assert cells <= width
        for one in line:
            if not laid.pieces[one.piece].shown.isspace():
                assert one.x + laid.pieces[one.piece].cells <= width


@given(text=TEXTS, width=st.integers(8, 40))
@example(text="\U000e00800", width=8)
def test_a_cell_leads_to_the_piece_that_is_drawn_there(text: str, width: int) -> None:
    laid = LaidText(text, width)
    for y, line in enumerate(laid.lines):
        for one in line:
            if laid.pieces[one.piece].cells and not laid.pieces[one.piece].shown.isspace():
                assert laid.hit(one.x, y) == one.piece
                assert laid.hit(one.x + laid.pieces[one.piece].cells - 1, y) == one.piece
                assert laid.place(one.piece) == (one.x, y)


def test_letters_with_marks_and_wide_characters_are_one_piece() -> None:
    laid = LaidText("e\u0301漢👩\u200d👧x\x1b", 20)
    assert [(piece.end - piece.start, piece.cells) for piece in laid.pieces] == [
        (2, 1),
        (1, 2),
        (3, cell_len("👩\u200d👧")),
        (1, 1),
        (1, 6),
    ]
    assert laid.pieces[-1].shown == "\\u001b"


def test_words_are_gone_to_and_ended() -> None:
    laid = LaidText("It can't, ok?", 40)
    assert laid.next_word(0) == 3
    assert laid.word_end(0) == 2
    assert laid.last_word(10) == 3
    assert laid.word_around(11) == (10, 12)
    assert laid.word_around(2) == (2, 3)
    assert laid.next_word(10) == len(laid.pieces)
    assert LaidText("", 5).word_around(0) == (0, 0)
