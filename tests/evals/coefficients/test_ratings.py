"""Tables of ratings that cannot be used are refused, naming the place."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from intercoder.core.errors import InputError
from intercoder.evals.agreement import agreement
from intercoder.evals.coefficients.ratings import read_ratings

NAN = float("nan")


@pytest.mark.parametrize(
    ("ratings", "categories", "where", "what"),
    [
        ([[1, 2], [1, 3]], [1, 2], "row 2, rater 2", "3 is not one of the categories 1, 2"),
        ([["a"], ["b"]], None, "ratings", "single rater"),
        ([["a", None], ["b", None]], None, "ratings", "single rater"),
        ([["a", None], [None, "b"]], None, "ratings", "no unit was rated by two"),
        ([["a", "a"], ["b", NAN]], None, "row 2, rater 2", "nan"),
        ([["a", "a"], ["b", "  "]], None, "row 2, rater 2", "blank"),
        ([[1, 1], [2, "1"]], None, "row 2, rater 2", "'1' is text, but 1 (ratings, row 1, rater 1) is a number"),
        ([[True, False], [1, 0]], None, "row 2, rater 1", "true or false"),
        ([["1", "2"]], [1, 2], "row 1, rater 1", "'1' is text, but the category 1 is a number"),
        ([[1, 2]], [1, "2"], "categories", "mixed types"),
        ([[1, 2]], [1, 2, 1], "categories", "twice"),
        ([[1, 2]], [], "categories", "none"),
        ([[1, 2]], "12", "categories", "one text"),
        ([["a", "b"], ["a"]], None, "row 2", "1 cells, the first row has 2"),
        ([[{"a"}, {"b"}]], None, "row 1, rater 1", "set is not a category"),
        ([[1.0, float("inf")]], None, "row 1, rater 2", "infinite"),
        ([1, 2], None, "ratings", "not a table"),
        ("ab", None, "ratings", "not a table"),
        (["ab", "cd"], None, "ratings", "not a table"),
        ([], None, "ratings", "no ratings"),
        ([[None, None]], None, "ratings", "nobody rated"),
    ],
)
def test_bad_input_names_its_place(ratings: Any, categories: Any, where: str, what: str) -> None:
    with pytest.raises(InputError) as refused:
        agreement(ratings, "ac1", categories=categories)
    assert where in refused.value.where
    assert what in refused.value.message
    assert refused.value.remedy


def test_a_frame_is_named_by_its_own_labels() -> None:
    frame = pd.DataFrame({"ana": ["x", "y"], "ben": ["x", ""]}, index=["G001", "G002"])
    with pytest.raises(InputError) as refused:
        agreement(frame, "ac1")
    assert refused.value.where == "ratings, row 'G002', ben"


def test_columns_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="two columns are called 'ana'"):
        agreement(pd.DataFrame([[1, 2], [2, 2]], columns=["ana", "ana"]), "ac1")


@pytest.mark.parametrize(
    "ratings",
    [
        np.array([[1, 2], [2, np.nan], [1, 1]]),
        np.array([[1, 2], [2, None], [1, 1]], dtype=object),
        pd.DataFrame({"a": [1, 2, 1], "b": [2, None, 1]}),
        pd.DataFrame({"a": [1, 2, 1], "b": [2, pd.NA, 1]}, dtype="Int64"),
        [(1, 2), (2, None), (1, 1)],
        [np.array([1, 2]), np.array([2, None]), np.array([1, 1])],
    ],
    ids=["float array", "object array", "frame", "frame of nullable integers", "tuples", "list of arrays"],
)
def test_one_table_in_many_shapes(ratings: Any) -> None:
    assert read_ratings(ratings, [1, 2]).codes.tolist() == [[0, 1], [1, -1], [0, 0]]


def test_text_frames_with_missing_cells() -> None:
    frame = pd.DataFrame({"ana": ["x", "y", None], "ben": ["x", None, "y"]})
    table = read_ratings(frame)
    assert table.raters == ("ana", "ben")
    assert table.codes.tolist() == [[0, 0], [1, -1], [-1, 1]]


def test_true_and_false_are_found_as_one_and_zero() -> None:
    assert read_ratings([[True, False]], [0, 1]).codes.tolist() == [[1, 0]]
    assert read_ratings([[1, 0]], [False, True]).codes.tolist() == [[1, 0]]
    assert read_ratings(np.array([[True, False]])).categories == (False, True)


def test_categories_found_are_sorted_by_value() -> None:
    assert read_ratings([[10, 9], [2, 10]]).categories == (2, 9, 10)


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ({"statistic": "kappa"}, "statistic"),
        ({"statistic": "ac1", "weights": "cubic"}, "weights"),
        ({"statistic": "ac1", "interval": "exact"}, "interval"),
        ({"statistic": "ac1", "level": "ordinal"}, "level"),
        ({"statistic": "krippendorff", "level": "ratio"}, "level"),
        ({"statistic": "krippendorff", "weights": "linear"}, "weights"),
        ({"statistic": "krippendorff", "level": "interval"}, "level"),
        ({"statistic": "krippendorff", "level": "ordinal"}, "categories"),
        ({"statistic": "ac2", "weights": "linear"}, "categories"),
        ({"statistic": "cohen"}, "statistic"),
        ({"statistic": "scott"}, "statistic"),
        ({"statistic": "ac1", "interval": "bootstrap", "n_boot": 1}, "n_boot"),
        ({"statistic": "ac1", "interval": "bootstrap", "seed": -1}, "seed"),
    ],
)
def test_arguments_that_do_not_go_together(arguments: dict[str, Any], where: str) -> None:
    with pytest.raises(InputError) as refused:
        agreement([["lo", "hi", "mid"], ["lo", "lo", "mid"]], **arguments)
    assert refused.value.where == where
