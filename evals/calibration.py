"""Calibration: whether a model agrees with people as far as people agree with each other (seed 002, 2.1.2).

For each code two agreements side by side, people with people and the model with people, both as AC1 and as positive
agreement, since a model that never says yes to a rare code has a high AC1 and a positive agreement of 0. The
verdict rests on the interval of their difference. Beyond the seed, which compares by eye.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from intercoder.core.coding.deduction import CoderValues
from intercoder.core.deductive_settings import Calibration
from intercoder.core.record import Record
from intercoder.evals.bootstrap import replicates
from intercoder.evals.calibrating.calibration_answers import (
    UNSURE,
    Answers,
    CodedSample,
    decided,
    read_sample,
    weight_of,
)
from intercoder.evals.calibrating.calibration_pairs import DIFFERENCE, HUMAN_HUMAN, HUMAN_MODEL, PAIRS, PairSums
from intercoder.evals.calibrating.calibration_verdict import CalibrationVerdict, decide, explain, held_against
from intercoder.evals.coefficients.ratings import MISSING, Codes
from intercoder.evals.interval import Estimate, Floats, percentile
from intercoder.evals.weights import worth


class CoderCounts(Record):
    """What one coder answered about the code."""

    coder: str
    yes: int
    no: int
    unsure: int
    unsure_share: float
    """Of the coder's answers, weighted; nan without any."""


class CoderPair(Record):
    """Agreement of two coders on the segments that both decided; those unsure of one of them are left out."""

    first: str
    second: str
    ac1: Estimate
    positive: Estimate


class Compared(Record):
    """Agreement of one kind of pairs: the mean over those for which a statistic is defined."""

    ac1: Estimate
    positive: Estimate
    pairs: tuple[CoderPair, ...]


class CodeCalibration(Record):
    """Human-human and human-model agreement on one code, and what follows. Undefined is nan."""

    people: tuple[CoderCounts, ...]
    model: CoderCounts
    human_human: Compared
    """Undefined, without pairs, where one person coded."""
    human_model: Compared
    difference_ac1: Estimate
    """D: human-model less human-human, in the same resamples."""
    difference_positive: Estimate
    positives: int
    """Segments to which most of the people who decided gave the code, and about which the model decided."""
    verdict: CalibrationVerdict
    reason: str
    """The numbers that the verdict rests on, in a sentence; where weights differ, what the sample is worth."""


def calibrate_code(
    people: Mapping[str, Answers] | Sequence[Answers],
    model: Answers,
    *,
    weights: Sequence[float] | npt.NDArray[np.floating] | None = None,
    settings: Calibration | None = None,
) -> CodeCalibration:
    """Compare a model with people on one code (seed 002, 2.1.2).

    `unsure` is left out pair by pair: a pair's segments are those where both said yes or no. Every interval is a
    percentile interval over resampled segments, all statistics from the same resamples, so that D is paired.

    The verdict, with m the margin: `ready` if the lower bounds of D for AC1 and for positive agreement are at least
    -m and there are positives enough; `revise` if an upper bound is below -m; else `not shown`. Where one person
    decided anything, the bounds of the model's own agreement with that person are held against `lowest_ac1` and
    `lowest_positive` in the same way; positives enough are asked for here too, since few of them make an interval
    that means little.
    A positive is read the strict way: more than half of the people who decided said yes (of two people both), and
    the model decided too. Positives are counted, not weighted.

    Args:
        people: Answers by person, all over the same segments.
        model: The model's answers to those segments, in the same order.
        weights: One over the probability with which each segment was drawn, where the sample was enriched. They
            enter every statistic; the bootstrap draws segments evenly, each with its weight.
        settings: Margin, thresholds, resamples and seed.

    Raises:
        InputError: Nobody coded, lengths differ, an answer is not known or a weight is not a positive number.

    Example:
        >>> calibrate_code({"ana": ["yes"] * 20 + ["no"] * 20}, ["yes"] * 20 + ["no"] * 20).verdict
        'ready'
    """
    asked = settings or Calibration()
    sample = read_sample(people, model, weights)
    people_said, model_said = decided(sample.people), decided(sample.model)
    sums = PairSums(people_said, model_said, sample.weights)
    found = _Found(sums, sample, asked)
    many = int((people_said != MISSING).any(axis=0).sum())
    judged = DIFFERENCE if many > 1 else HUMAN_MODEL
    ac1, positive = found.estimate(judged), found.estimate(judged + 1)
    bounds = held_against(asked, (ac1.low, ac1.high), (positive.low, positive.high), many)
    positives = count_positives(people_said, model_said)
    reason = explain(bounds, positives, asked.fewest_positives, many)
    return CodeCalibration(
        people=tuple(
            _counts(name, sample.people[:, place], sample.weights) for place, name in enumerate(sample.names)
        ),
        model=_counts("model", sample.model, sample.weights),
        human_human=found.compared(HUMAN_HUMAN, of_model=False),
        human_model=found.compared(HUMAN_MODEL, of_model=True),
        difference_ac1=found.estimate(DIFFERENCE),
        difference_positive=found.estimate(DIFFERENCE + 1),
        positives=positives,
        verdict=decide(bounds, positives, asked.fewest_positives),
        reason=reason + _weighing(sample.weights),
    )


def calibrate(
    people: Sequence[CoderValues],
    model: CoderValues,
    codes: Iterable[str],
    *,
    weights: Mapping[str, float] | None = None,
    settings: Calibration | None = None,
) -> dict[str, CodeCalibration]:
    """`calibrate_code` for each code, over the segments that any person coded for it.

    Args:
        people: What each person decided.
        model: What the model decided; segments that no person coded are left out.
        codes: Ids of the codes. One that nobody coded is left out of the result.
        weights: Segment id -> weight.
        settings: As for `calibrate_code`.

    Raises:
        InputError: As `calibrate_code`, or a segment has no weight.
    """
    found = {}
    for code in codes:
        by_person = {person.name: person.of(code) for person in people}
        segments = list(dict.fromkeys(segment for values in by_person.values() for segment in values))
        if not segments:
            continue
        found[code] = calibrate_code(
            {name: [values.get(segment) for segment in segments] for name, values in by_person.items()},
            [model.of(code).get(segment) for segment in segments],
            weights=None if weights is None else [weight_of(weights, segment) for segment in segments],
            settings=settings,
        )
    return found


def count_positives(people: Codes, model: Codes) -> int:
    """Segments to which most of the people who decided said yes, and about which the model decided.

    Args:
        people: 1 yes, 0 no, -1 neither; shape (segments, people).
        model: The same; shape (segments,).
    """
    yes, no = (people == 1).sum(axis=1), (people == 0).sum(axis=1)
    return int(((yes > no) & (model != MISSING)).sum())


class _Found:
    """Values and resamples of all statistics of a sample."""

    def __init__(self, sums: PairSums, sample: CodedSample, settings: Calibration) -> None:
        kinds = np.column_stack([decided(sample.people), decided(sample.model), sample.weights])
        entering = sums.answered.any(axis=1)
        _, first, times = np.unique(kinds[entering], axis=0, return_index=True, return_counts=True)
        features = sums.features[entering][first]
        self._sums, self._names = sums, (*sample.names, "model")
        self._value = sums.values(times @ features)
        n_boot, seed = settings.resamples, settings.seed
        self._drawn = (
            replicates(features, times, sums.values, n_boot, seed)
            if len(times)
            else np.full((0, len(self._value)), math.nan)
        )
        among, with_model = sums.used
        self._used = (among, among, with_model, with_model, int(entering.sum()), int(entering.sum()))

    def estimate(self, column: int) -> Estimate:
        """One of the columns of `PairSums.values`."""
        pair = (column - PAIRS) // 2
        n = self._used[column] if column < PAIRS else int(self._sums.answered[:, pair].sum())
        name = "positive_agreement" if column % 2 else "ac1"
        return percentile(float(self._value[column]), self._drawn[:, column], n, name)

    def compared(self, column: int, *, of_model: bool) -> Compared:
        """Means at `column` and the next one, with the pairs they are over."""
        last = len(self._names) - 1
        pairs = [place for place, (_, other) in enumerate(self._sums.pairs) if (other == last) == of_model]
        return Compared(
            ac1=self.estimate(column), positive=self.estimate(column + 1), pairs=tuple(map(self._pair, pairs))
        )

    def _pair(self, place: int) -> CoderPair:
        one, other = self._sums.pairs[place]
        column = PAIRS + 2 * place
        return CoderPair(
            first=self._names[one],
            second=self._names[other],
            ac1=self.estimate(column),
            positive=self.estimate(column + 1),
        )


def _weighing(weights: Floats) -> str:
    """How many evenly drawn segments the weighted ones are worth (Kish 1965); nothing where weights are equal."""
    if not len(weights) or weights.min() == weights.max():
        return ""
    return f" The sample is weighted: {len(weights)} segments weigh like {worth(weights):.0f} drawn evenly."


def _counts(name: str, codes: Codes, weights: Floats) -> CoderCounts:
    answered = weights[codes != MISSING].sum()
    return CoderCounts(
        coder=name,
        yes=int((codes == 1).sum()),
        no=int((codes == 0).sum()),
        unsure=int((codes == UNSURE).sum()),
        unsure_share=float(weights[codes == UNSURE].sum() / answered) if answered else math.nan,
    )
