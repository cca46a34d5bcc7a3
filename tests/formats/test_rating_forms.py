"""The form on which people rate labels."""

import io
from pathlib import Path

import pytest

from intercoder.core.errors import InputError
from intercoder.formats.rating_forms import read_form, write_form


def test_a_form_is_written_blank_and_read_back(tmp_path: Path) -> None:
    out = io.StringIO()
    assert write_form([("a1", "A text, with a comma.", "label"), ("b2", "=SUM(1)", "=label")], out) == 2
    assert "'=SUM(1)" in out.getvalue()
    file = tmp_path / "form.csv"
    file.write_text(out.getvalue().replace("label,\n", "label,4\n", 1), encoding="utf-8")
    assert read_form(file) == {"a1": 4.0}


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("item,text\na,b\n", "has no column 'rating'", "form.csv"),
        ("item,rating\na,6\n", "the rating is '6'", "row 1"),
        ("item,rating\na,good\n", "the rating is 'good'", "row 1"),
        ("item,rating\na,1\na,2\n", "stands twice", "row 2"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, message: str, where: str) -> None:
    file = tmp_path / "form.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_form(file)
    assert message in error.value.message
    assert where in error.value.where
