"""People's and a model's answers about one code, read into arrays or refused with a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from intercoder.core.decisions import Value
from intercoder.core.errors import InputError
from intercoder.evals.coefficients.ratings import MISSING, Codes
from intercoder.evals.interval import Floats
from intercoder.evals.weights import segment_weights

Answers: TypeAlias = Sequence[Value | None]
"""One coder's answers about one code, a segment each: `yes`, `no`, `unsure`, or None where there is none."""

UNSURE = 2
_READ: dict[str | None, int] = {"yes": 1, "no": 0, "unsure": UNSURE, None: MISSING}


class CodedSample(NamedTuple):
    """A calibration sample of one code, read and checked."""

    names: tuple[str, ...]
    people: Codes
    """1 yes, 0 no, 2 unsure, -1 none; shape (segments, people)."""
    model: Codes
    weights: Floats


def read_sample(
    people: Mapping[str, Answers] | Sequence[Answers],
    model: Answers,
    weights: Sequence[float] | npt.NDArray[np.floating] | None,
) -> CodedSample:
    """Read the answers of people and a model; arguments as for `calibrate_code`.

    Raises:
        InputError: Nobody coded, lengths differ, an answer is not known or a weight is not a positive number.
    """
    if not isinstance(people, Mapping):
        people = {f"person {number}": answers for number, answers in enumerate(people, 1)}
    if not people:
        raise InputError("nobody coded.", where="people", remedy="Give the answers of one person or more.")
    read_model = _codes(model, "model", len(model))
    read_people = [_codes(answers, name, len(model)) for name, answers in people.items()]
    counted = segment_weights(weights, len(model))
    return CodedSample(tuple(people), np.column_stack(read_people), read_model, counted)


def _codes(answers: Answers, name: str, segments: int) -> Codes:
    if len(answers) != segments:
        raise InputError(
            f"there are {len(answers)} answers, and {segments} of the model.",
            where=name,
            remedy="Give every coder one answer a segment, None where there is none.",
        )
    for place, answer in enumerate(answers, 1):
        if answer not in _READ:
            raise InputError(
                f"{answer!r} is not an answer.",
                where=f"{name}, segment {place}",
                remedy="Use yes, no, unsure, or None where there is none.",
            )
    return np.array([_READ[answer] for answer in answers], np.int64)


def decided(codes: Codes) -> Codes:
    """The same answers, where unsure becomes none."""
    return np.where(codes == UNSURE, MISSING, codes)


def weight_of(weights: Mapping[str, float], segment: str) -> float:
    """The weight of a segment.

    Raises:
        InputError: It has none.
    """
    if segment not in weights:
        raise InputError(
            "the segment has no weight.", where=segment, remedy="Give all segments of the sample one, or none."
        )
    return weights[segment]
