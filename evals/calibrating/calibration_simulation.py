"""Simulated calibrations of one code: samples drawn, resampled and put to the rule."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

from intercoder.core.deductive_settings import Calibration
from intercoder.core.record import Record
from intercoder.evals.calibrating.calibration_pairs import DIFFERENCE, HUMAN_MODEL, PairSums, pair_statistics
from intercoder.evals.calibrating.calibration_verdict import decide, held_against
from intercoder.evals.coefficients.ratings import Codes
from intercoder.evals.interval import TAIL, Floats

RESAMPLES = 200
"""Of each simulated sample: enough for a chance that is rounded to a few per cent."""


class PlanRow(Record):
    """What a sample of one size would show about one code, on average over simulated samples."""

    code: str
    prevalence: float
    size: int
    positives: float
    """Segments to which most people would give the code; mean."""
    ac1: float
    """The model's true agreement with people under the assumptions."""
    positive: float
    ac1_width: float
    """Median width of the 95% interval of human-model AC1; nan where it is mostly undefined."""
    positive_width: float
    difference_ac1_width: float
    """The same of D; nan with one person."""
    difference_positive_width: float
    ready: float
    """Chance of each verdict, 0 to 1."""
    revise: float
    not_shown: float


class Coders(NamedTuple):
    """Coders who see a hidden truth with some chance, and else guess with the code's prevalence."""

    prevalence: float
    insight: float
    """Probability with which a person sees the truth."""
    model_insight: float
    people: int

    def answers(self) -> Codes:
        """All ways to answer a segment, people first, the model last; shape (ways, people + 1)."""
        return np.array(list(itertools.product((0, 1), repeat=self.people + 1)), np.int64)

    def chances(self, answers: Codes) -> Floats:
        """Probability of each way; shape (ways,)."""
        insights = np.array([*[self.insight] * self.people, self.model_insight])
        total = np.zeros(len(answers))
        for truth, share in ((1, self.prevalence), (0, 1 - self.prevalence)):
            yes = insights * truth + (1 - insights) * self.prevalence
            total += share * np.where(answers == 1, yes, 1 - yes).prod(axis=1)
        return total

    def agreement(self) -> Floats:
        """True AC1 and positive agreement of the model with a person; shape (2,)."""
        spread = self.prevalence * (1 - self.prevalence)
        both = self.prevalence**2 + spread * self.insight * self.model_insight
        return pair_statistics(np.array([both, 2 * (self.prevalence - both), 1.0]))


def simulate(
    code: str,
    coders: Coders,
    size: int,
    from_yes: int | None,
    settings: Calibration,
    simulations: int,
    random: np.random.Generator,
) -> PlanRow:
    """What samples of one size would show.

    Args:
        code: The code.
        coders: How people and the model answer.
        size: Segments in a sample.
        from_yes: How many of them are drawn from those to which the model gave the code; None for an even draw.
        settings: Margin and thresholds.
        simulations: Samples.
        random: Source of chance.
    """
    answers = coders.answers()
    times, weights = _samples(coders, answers, size, from_yes, simulations, random)
    sums = PairSums(answers[:, :-1], answers[:, -1], weights)
    drawn = random.multinomial(size, times[:, None, :] / size, size=(simulations, RESAMPLES))
    intervals = _intervals(sums.values(drawn @ sums.features)[..., : DIFFERENCE + 2])
    judged = DIFFERENCE if coders.people > 1 else HUMAN_MODEL
    positive = 2 * answers[:, :-1].sum(axis=1) > coders.people
    positives = times @ positive
    verdicts = [
        decide(
            held_against(settings, _pair(bounds[judged]), _pair(bounds[judged + 1]), coders.people),
            int(count),
            settings.fewest_positives,
        )
        for bounds, count in zip(intervals, positives, strict=True)
    ]
    widths = [_median(intervals[:, column, 1] - intervals[:, column, 0]) for column in range(HUMAN_MODEL, 6)]
    ac1, positive_agreement = coders.agreement()
    return PlanRow(
        code=code,
        prevalence=coders.prevalence,
        size=size,
        positives=float(positives.mean()),
        ac1=float(ac1),
        positive=float(positive_agreement),
        ac1_width=widths[0],
        positive_width=widths[1],
        difference_ac1_width=widths[2],
        difference_positive_width=widths[3],
        ready=verdicts.count("ready") / simulations,
        revise=verdicts.count("revise") / simulations,
        not_shown=verdicts.count("not shown") / simulations,
    )


def _samples(
    coders: Coders, answers: Codes, size: int, from_yes: int | None, simulations: int, random: np.random.Generator
) -> tuple[Codes, Floats]:
    """How often each way to answer occurs, shape (simulations, ways), and the weight of each way."""
    chances = coders.chances(answers)
    if from_yes is None:
        return random.multinomial(size, chances, size=simulations), np.ones(len(answers))
    given = answers[:, -1] == 1
    times = np.zeros((simulations, len(answers)), np.int64)
    weights = np.ones(len(answers))
    for stratum, count in ((given, from_yes), (~given, size - from_yes)):
        share = chances[stratum].sum()
        times[:, stratum] = random.multinomial(count, chances[stratum] / share, size=simulations)
        weights[stratum] = share * size / max(count, 1)
    return times, weights


def _intervals(drawn: Floats) -> Floats:
    """Percentile intervals, undefined resamples left out; (simulations, resamples, k) to (simulations, k, 2)."""
    ordered = np.sort(drawn, axis=1)
    last = np.isfinite(drawn).sum(axis=1) - 1
    bounds = []
    for quantile in (TAIL / 100, 1 - TAIL / 100):
        place = np.maximum(last, 0) * quantile
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(last, 0))
        low = np.take_along_axis(ordered, below[:, None], axis=1)[:, 0]
        high = np.take_along_axis(ordered, above[:, None], axis=1)[:, 0]
        bounds.append(low + (place - below) * (high - low))
    return np.stack(bounds, axis=-1)


def _pair(bounds: Floats) -> tuple[float, float]:
    return float(bounds[0]), float(bounds[1])


def _median(values: Floats) -> float:
    """The middle, where undefined ones count as widest; nan if they are in the majority."""
    middle = float(np.median(np.where(np.isnan(values), np.inf, values)))
    return middle if math.isfinite(middle) else math.nan
