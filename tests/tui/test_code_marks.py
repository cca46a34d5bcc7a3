"""The mark of a code is its own: whatever happens to others, it stays."""

import pytest

from intercoder.core.codebook import Code, Codebook
from intercoder.tui.code_marks import COLOURS, SIGNS, code_marks

CODES = tuple(Code(id=f"c_{place}", label=f"code {place}") for place in range(40))


def book(*codes: Code) -> Codebook:
    return Codebook(version=1, codes=codes)


@pytest.mark.parametrize("gone", range(len(CODES)))
def test_no_mark_changes_when_codes_come_and_go(gone: int) -> None:
    before = code_marks(book(*CODES))
    dropped = [code for code in CODES if code is not CODES[gone]]
    parts = [Code(id=f"{CODES[gone].id}-{place}", label="part") for place in range(3)]
    for after in (dropped, [*parts, *dropped], dropped[::-1], CODES[gone:]):
        marks = code_marks(book(*after))
        assert all(marks[code.id].markup == before[code.id].markup for code in CODES if code in after)


def test_marks_differ_in_sign_and_colour_apart() -> None:
    marks = code_marks(book(*CODES))
    assert {mark.plain for mark in marks.values()} == set(SIGNS)
    assert len({mark.markup for mark in marks.values()}) > 30
    own = CODES[0].model_copy(update={"colour": "#123456"})
    assert "#123456" in code_marks(book(own))[own.id].markup
    assert code_marks(book(own))[own.id].plain == marks[own.id].plain
    assert len(COLOURS) == 10
