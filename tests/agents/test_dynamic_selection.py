"""When one coder's answers are enough, told by labels whose likeness is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.agents.dynamic_selection import KnownLabels, Need, Sampled, need_of, needs
from intercoder.core.protocols import Vectors


def at(*degrees: float) -> Vectors:
    """Unit vectors at angles, so that cosines can be read off."""
    angles = np.radians(np.array(degrees, np.float64))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32).reshape(len(degrees), 2)


def said(*answers: tuple[float, ...], asked: int | None = None) -> Sampled:
    """Answers as angles of their labels."""
    return Sampled(
        at(*(degree for answer in answers for degree in answer)),
        [place for place, answer in enumerate(answers) for _ in answer],
        asked or len(answers),
        len(answers),
    )


def need(sampled: Sampled, *known: float) -> Need:
    return need_of(sampled, KnownLabels(at(*known)), tau=0.7, near=0.4)


@pytest.mark.parametrize(
    ("sampled", "known", "why"),
    [
        (said((0,), (5,), (10,)), (20,), ""),
        (said((0,), (5,), (90,)), (0,), "differ"),
        (said((0,), (5,), (10,)), (), "new"),
        (said((0,), (5,), (10,)), (90,), "new"),
        (said((0,), (5,), (30,)), (90,), ""),
        (said((), (), ()), (), ""),
        (said((0,), (), (0,)), (0,), "differ"),
        (said((0,), (0,), asked=3), (0,), "missing"),
        (said(asked=3), (0,), "missing"),
        (said((0, 90), (91, 1)), (0, 90), ""),
        (said((0, 90), (1,)), (0, 90), "differ"),
        (said((0, 90), (91, 1)), (0,), "new"),
    ],
    ids=[
        "agreed and known", "one differs", "nothing known", "far from known", "one of them near", "all silent",
        "one silent", "one missing", "all missing", "two codes each", "one code less", "one of two new",
    ],
)  # fmt: skip
def test_why_the_others_are_asked(sampled: Sampled, known: tuple[float, ...], why: Need) -> None:
    assert need(sampled, *known) == why


def test_thresholds_count_from_where_they_are() -> None:
    pair, known = said((0,), (60,)), KnownLabels(at(30))
    assert need_of(pair, known, tau=0.5, near=0.866) == ""
    assert need_of(pair, known, tau=0.5001, near=0.866) == "differ"
    assert need_of(pair, known, tau=0.5, near=0.8661) == "new"


def test_what_was_said_before_is_known_whatever_came_of_it() -> None:
    wave = [said((0,), (90,)), said((3,), (3,)), said((88,), (89,)), said((200,), (200,)), said((200,), (201,))]
    assert needs(wave) == ["differ", "", "", "new", ""]
    assert needs(wave, at(201)) == ["differ", "", "", "", ""]


@given(
    st.lists(st.lists(st.integers(0, 359), min_size=2, max_size=2), max_size=12),
    st.lists(st.integers(0, 359), max_size=4),
)
def test_lower_bars_ask_others_never_more_often(pairs: list[list[int]], codes: list[int]) -> None:
    wave = [said((one,), (other,)) for one, other in pairs]
    strict, lax = needs(wave, at(*codes), tau=0.9, near=0.9), needs(wave, at(*codes), tau=0.2, near=0.1)
    assert all(hard or not easy for hard, easy in zip(strict, lax, strict=True))


def test_many_known_labels_are_as_near_as_few() -> None:
    known = KnownLabels()
    for degree in range(200):
        known.add(at(degree))
    assert known.nearest(at(250)[0]) == round(float(np.cos(np.radians(51))), 4)
