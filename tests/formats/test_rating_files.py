"""Tables of ratings: one rating a row, or one rater a column."""

from pathlib import Path

import pytest

from intercoder.core.errors import InputError
from intercoder.formats.rating_files import read_ratings


def table(folder: Path, text: str) -> Path:
    file = folder / "ratings.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_one_rater_a_column(tmp_path: Path) -> None:
    ratings = read_ratings(table(tmp_path, "unit,ana,ben\nu1,1,2\nu2,,1\n"))
    assert ratings.raters == ("ana", "ben")
    assert ratings.units == ("u1", "u2")
    assert ratings.rows == [[1, 2], [None, 1]]


def test_without_a_column_of_units_all_are_raters(tmp_path: Path) -> None:
    ratings = read_ratings(table(tmp_path, "ana,ben\nyes,no\nno,no\n"))
    assert ratings.units == ("1", "2")
    assert ratings.rows == [["yes", "no"], ["no", "no"]]


def test_one_rating_a_row(tmp_path: Path) -> None:
    file = table(tmp_path, "item,who,says\na,x,1.5\na,y,2\nb,x,1\n")
    ratings = read_ratings(file, "item", "who", "says")
    assert ratings.rows == [[1.5, 2.0], [1.0, None]]


def test_cells_are_numbers_together_or_not_at_all(tmp_path: Path) -> None:
    assert read_ratings(table(tmp_path, "ana,ben\n1,one\n")).rows == [["1", "one"]]


@pytest.mark.parametrize(
    ("text", "options", "message", "where"),
    [
        ("unit,rater,value\na,x,1\na,x,2\n", {}, "has rated unit 'a' before", "row 2"),
        ("unit,rater,value\na,,1\n", {}, "is blank", "row 1, column rater"),
        ("thing,rater,value\na,x,1\n", {}, "which column names the unit", "ratings.csv"),
        ("unit,ana\na,1\n", {}, "has one rater: ana", "ratings.csv"),
        (
            "a,b\n1,1\n1,1.0\n2,x\n",
            {},
            "'1' and '1.0' are one number written in two ways, and 'x' is none",
            "ratings",
        ),
        ("unit,a,b\nu,1,2\nv,NaN,1\n", {}, "'NaN' is no rating", "row 2, column a"),
        ("a,b\n1,2\n", {"unit": "c"}, "has no column 'c'. Its columns are: a, b", "ratings.csv"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, text: str, options: dict[str, str], message: str, where: str
) -> None:
    with pytest.raises(InputError) as error:
        read_ratings(table(tmp_path, text), **options)
    assert message in error.value.message
    assert where in error.value.where


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not exist|no such|There is no"):
        read_ratings(tmp_path / "none.csv")
