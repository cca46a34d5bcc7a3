"""What the final coding says of all texts: shares, shares corrected by what people said, codes together.

Seed 002, 2.1.3; the corrected shares go beyond it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from intercoder.core.coding.deduction import CoderValues, SegmentValues
from intercoder.core.decisions import Value
from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.evals.calibrating.calibration_answers import weight_of
from intercoder.evals.estimates import Cooccurrence, cooccurrence, prediction_powered, proportion
from intercoder.evals.interval import Estimate, bare

FEWEST_LABELS = 2
"""Segments that people and the model must both have coded for a corrected share."""
PREDICTIONS: dict[str, float] = {"yes": 1.0, "no": 0.0, "unsure": 0.5}
"""An unsure model predicts halfway: a prediction may be any number, and it is neither a Yes nor a No."""


class CodeEstimate(Record):
    """How often one code applies. Undefined is nan."""

    code_id: str
    yes: int
    no: int
    unsure: int
    unsure_share: float
    """Of all answers; 0 to 1."""
    share: Estimate
    """Yes of Yes and No, with Wilson's interval, by the coder's own standard."""
    corrected: Estimate
    """The share that people would find, from all the model's answers and people's on a sample."""


class FinalEstimates(Record):
    """All codes of a final coding."""

    segments: int
    """Coded segments."""
    population: int | None
    """Segments that they were drawn from; None where that is not known."""
    codes: tuple[CodeEstimate, ...]
    together: Cooccurrence
    """Codes that were given to the same segments; unsure is not given."""


class AnswerSums:
    """Final answers added up: how often each code got which answer. By id it holds only those on labelled segments.

    Args:
        codes: Ids of the codes that are counted.
        labelled: Segments whose answers are kept.
    """

    def __init__(self, codes: Iterable[str], labelled: Collection[str]) -> None:
        self.counts: dict[str, Counter[Value]] = {code: Counter() for code in codes}
        """Code id -> answer -> segments."""
        self.kept: dict[str, dict[str, Value]] = {code: {} for code in self.counts}
        """Code id -> segment id -> answer, of labelled segments."""
        self._labelled = labelled

    def counting(self, segments: Iterable[SegmentValues]) -> Iterator[list[str]]:
        """Count answers as they pass.

        Returns:
            For each segment with an answer about any of the codes those that got a Yes.
        """
        for segment_id, values in segments:
            answers = [(code, values[code]) for code in self.counts if code in values]
            for code, value in answers:
                self.counts[code][value] += 1
            if segment_id in self._labelled:
                for code, value in answers:
                    self.kept[code][segment_id] = value
            if answers:
                yield [code for code, value in answers if value == "yes"]


def final_estimates(
    final: CoderValues | Iterable[SegmentValues],
    codes: Iterable[str],
    *,
    population: int | None = None,
    people: Sequence[CoderValues] = (),
    model: CoderValues | None = None,
    weights: Mapping[str, float] | None = None,
) -> FinalEstimates:
    """Estimate how often each code applies, and which codes come together.

    Args:
        final: The final answers; or each segment's once, in any order, of which only those are held in memory that
            people coded, too.
        codes: Ids of the codes, in the order of the result.
        population: Segments of the study, where `final` is of a random sample of them or of all.
        people: What people decided about the calibration sample.
        model: The model's answers to the calibration sample, where `final` does not hold them.
        weights: Segment id -> one over the probability with which it was drawn for calibration, if not evenly.

    Raises:
        InputError: More segments were coded than there are, or a segment that people coded has no weight.
    """
    wanted = list(codes)
    sums = AnswerSums(wanted, {segment for one in people for values in one.values.values() for segment in values})
    segments = _by_segment(final, wanted) if isinstance(final, CoderValues) else final
    together = cooccurrence(sums.counting(segments))
    found = tuple(
        _estimate(
            code,
            sums.counts[code],
            sums.kept[code],
            population=population,
            people=[person.of(code) for person in people],
            model=model.of(code) if model else None,
            weights=weights,
        )
        for code in wanted
    )
    return FinalEstimates(segments=together.n, population=population, codes=found, together=together)


def estimate_code(
    code_id: str,
    final: Mapping[str, Value],
    *,
    population: int | None = None,
    people: Collection[Mapping[str, Value]] = (),
    model: Mapping[str, Value] | None = None,
    weights: Mapping[str, float] | None = None,
) -> CodeEstimate:
    """How often one code applies.

    The share is of segments that got a Yes or a No. `unsure` is left out of it and counted; of a finite population
    as many are taken to be undecided as in the sample, so that with every segment coded the interval has no width.

    The corrected share (`evals.estimates.prediction_powered`) is of the segments that people can decide: a
    segment's label is what most of the people said who said Yes or No; ties, and segments that nobody decided, are
    no labels. An unsure model predicts 1/2. Without weights the labelled segments stand for a random draw, and the
    model's answers on all others are the rest; with weights the rest is all of its answers.

    Args:
        code_id: The code.
        final: Segment id -> final answer.
        population: As for `final_estimates`.
        people: Each person's answers by segment.
        model: The model's answers by segment where people coded; by default those in `final`.
        weights: As for `final_estimates`.

    Raises:
        InputError: As `final_estimates`.
    """
    counts = Counter(final.values())
    return _estimate(code_id, counts, final, population=population, people=people, model=model, weights=weights)


def _by_segment(final: CoderValues, codes: Sequence[str]) -> Iterator[SegmentValues]:
    for segment in dict.fromkeys(segment for code in codes for segment in final.of(code)):
        yield segment, {code: final.of(code)[segment] for code in codes if segment in final.of(code)}


def _estimate(
    code_id: str,
    counts: Counter[Value],
    kept: Mapping[str, Value],
    *,
    population: int | None,
    people: Collection[Mapping[str, Value]],
    model: Mapping[str, Value] | None,
    weights: Mapping[str, float] | None,
) -> CodeEstimate:
    """As `estimate_code`, of how often each answer was given, and which was where people coded."""
    n, yes, no, unsure = counts.total(), counts["yes"], counts["no"], counts["unsure"]
    if population is not None and population < n:
        raise InputError(
            f"{n:,} segments were coded of {population:,}.",
            where=code_id,
            remedy="Give the number of all segments.",
        )
    decided = None if population is None or not n else round(population * (yes + no) / n)
    return CodeEstimate(
        code_id=code_id,
        yes=yes,
        no=no,
        unsure=unsure,
        unsure_share=unsure / n if n else math.nan,
        share=proportion(yes, yes + no, population=decided),
        corrected=_corrected(counts, kept, people, model, weights),
    )


def majority(people: Iterable[Mapping[str, Value]]) -> dict[str, bool]:
    """What most people said of each segment, among those who said Yes or No.

    Returns:
        Segment id -> whether the code applies; a tie is left out, and so is a segment that nobody decided.
    """
    balance: dict[str, int] = {}
    for answers in people:
        for segment, value in answers.items():
            balance[segment] = balance.get(segment, 0) + (value == "yes") - (value == "no")
    return {segment: votes > 0 for segment, votes in balance.items() if votes}


def _corrected(
    counts: Counter[Value],
    kept: Mapping[str, Value],
    people: Iterable[Mapping[str, Value]],
    model: Mapping[str, Value] | None,
    weights: Mapping[str, float] | None,
) -> Estimate:
    predicted = {**(model or {}), **kept}
    labels = {segment: label for segment, label in majority(people).items() if segment in predicted}
    rest = counts.copy()
    if weights is None:
        rest.subtract(kept[segment] for segment in labels if segment in kept)
    if len(labels) < FEWEST_LABELS or rest.total() < FEWEST_LABELS:
        return bare(math.nan, len(labels), "prediction_powered")
    return prediction_powered(
        [float(label) for label in labels.values()],
        [PREDICTIONS[predicted[segment]] for segment in labels],
        {PREDICTIONS[value]: times for value, times in rest.items()},
        weights=None if weights is None else [weight_of(weights, segment) for segment in labels],
    )
