"""Labels rated by people who do not know whose they are."""

import math

import pandas as pd
import pytest

from intercoder.core.coding.codings import Coder
from intercoder.core.documents import Segment
from intercoder.evals.labels.human_ratings import mean_ratings, rating_items
from intercoder.evals.quality import validate

SEGMENTS = [
    Segment(id=f"s{n}", document_id="d", document="a.txt", unit="turn", start=n, end=n + 1, text=f"text {n}")
    for n in range(6)
]
ANA = Coder(name="ana", role="coder", labels={f"s{n}": (f"label {n}",) for n in range(6)})
BEN = Coder(
    name="ben", role="coder", labels={f"s{n}": (f"Label  {n}" if n % 2 else f"other {n}",) for n in range(5)}
)


def test_like_labels_are_one_item_and_only_shared_segments_are_rated() -> None:
    items = rating_items([ANA, BEN], SEGMENTS, 10)
    assert [item.segment_id for item in items] == ["s0", "s0", "s1", "s2", "s2", "s3", "s4", "s4"]
    assert [item.systems for item in items if item.segment_id == "s1"] == [("ana", "ben")]
    assert len({item.id for item in items}) == len(items)


def test_a_draw_is_the_same_each_time_and_part_of_the_whole() -> None:
    few = rating_items([ANA, BEN], SEGMENTS, 2, seed=1)
    assert few == rating_items([ANA, BEN], SEGMENTS, 2, seed=1)
    assert len({item.segment_id for item in few}) == 2
    assert {item.id for item in few} <= {item.id for item in rating_items([ANA, BEN], SEGMENTS, 6)}


def test_a_systems_rating_is_the_mean_over_items_of_the_mean_over_raters() -> None:
    items = rating_items([ANA, BEN], SEGMENTS[:2], 2)
    by_label = {item.label: item.id for item in items}
    raters = [{by_label["label 0"]: 5.0, by_label["other 0"]: 1.0}, {by_label["label 0"]: 3.0}]
    means = mean_ratings(items, raters)
    assert means["ana"] == pytest.approx(4.0)
    assert means["ben"] == pytest.approx(1.0)
    assert math.isnan(mean_ratings(items, [])["ana"])


def test_ratings_are_held_against_metrics() -> None:
    metrics = pd.DataFrame({"composite": [0.1, 0.5, 0.9]}, index=["a", "b", "c"])
    found = validate(metrics, pd.Series([1.0, 2.5, 4.0], index=["a", "b", "c"], name="rating"))
    assert found.rho.loc["composite", "rating"] == pytest.approx(1.0)
