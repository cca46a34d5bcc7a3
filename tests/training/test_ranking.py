import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from intercoder.core.errors import InputError
from intercoder.evals.labels.selection import RANKED_BY, select
from intercoder.training.ranking import mean_ranks, standings
from intercoder.training.scoring import LIKENESSES, Scored


def scored(values: np.ndarray) -> Scored:
    """Candidates `c0`, `c1` ... from values of shape (candidates, items, measures)."""
    names = [f"c{n}" for n in range(len(values))]
    return Scored(dict(zip(names, values, strict=True)), dict.fromkeys(names, 1.0), dict.fromkeys(names, 0.0), ())


def table(values: np.ndarray) -> pd.DataFrame:
    means = values.mean(axis=1)
    return pd.DataFrame(means, index=[f"c{n}" for n in range(len(values))], columns=list(LIKENESSES))


@st.composite
def measured(draw: st.DrawFn) -> np.ndarray:
    shape = (draw(st.integers(1, 6)), draw(st.integers(1, 8)), len(LIKENESSES))
    values = draw(arrays(float, shape, elements=st.sampled_from([0.0, 0.25, 0.5, 1.0])))
    undefined = draw(st.lists(st.sampled_from(range(len(LIKENESSES))), max_size=2))
    values[:, :, undefined] = math.nan
    return values


@settings(max_examples=60)
@given(measured(), st.integers(1, 4))
def test_candidates_stand_in_the_order_of_the_selection(values: np.ndarray, k: int) -> None:
    found = standings(scored(values), k, resamples=20)
    assert [one.name for one in found] == select(table(values), k=len(values))
    assert [one.place for one in found] == list(range(1, len(values) + 1))
    assert [one.mean_rank for one in found] == sorted(one.mean_rank for one in found)
    assert sum(one.kept for one in found) == pytest.approx(min(k, len(values)))


@settings(max_examples=60)
@given(measured())
def test_mean_ranks_are_those_that_are_selected_by(values: np.ndarray) -> None:
    columns = table(values)[list(RANKED_BY)]
    expected = columns.rank(ascending=False, na_option="bottom").mean(axis=1)
    assert mean_ranks(columns.to_numpy()[None])[0] == pytest.approx(expected.to_numpy())


@settings(max_examples=60)
@given(measured())
def test_a_candidate_that_is_best_on_every_item_stays_in_every_resample(values: np.ndarray) -> None:
    best = np.full((1, *values.shape[1:]), 2.0)
    found = standings(scored(np.concatenate([values, best])), 1, resamples=20)
    assert (found[0].name, found[0].kept) == (f"c{len(values)}", 1.0)


def test_undefined_measures_rank_last_and_have_no_interval() -> None:
    values = np.full((2, 5, len(LIKENESSES)), 0.5)
    values[0, :, LIKENESSES.index("bertscore_f1")] = math.nan
    first, second = standings(scored(values), 1, resamples=20)
    assert (first.name, second.name) == ("c1", "c0")
    assert math.isnan(second.low["bertscore_f1"])
    assert second.low["rouge1"] == second.high["rouge1"] == 0.5


def test_an_interval_holds_the_mean_and_narrows_with_items() -> None:
    random = np.random.default_rng(1)
    few, many = (standings(scored(random.random((1, n, len(LIKENESSES)))), 1)[0] for n in (10, 1000))
    for one in (few, many):
        assert one.low["rouge1"] < one.means["rouge1"] < one.high["rouge1"]
    assert many.high["rouge1"] - many.low["rouge1"] < few.high["rouge1"] - few.low["rouge1"]


def test_none_to_keep_is_refused() -> None:
    with pytest.raises(InputError, match="At least one coder"):
        standings(scored(np.zeros((1, 1, len(LIKENESSES)))), 0)
