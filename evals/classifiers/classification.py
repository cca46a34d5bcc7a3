"""A classifier against people: macro-F1, Cohen's kappa and AC1 where people decided about some codes only.

People's codes are partial: who coded a segment for one code has said nothing of the others. So each pair of a
segment and a code that both decided is one decision, intervals resample segments with all their decisions (or
groups of segments), and what nobody decided enters nothing. Statistics that are undefined are nan; a mean over
codes is over the defined ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from intercoder.core.classifier_results import (
    Bounded,
    CodeFigures,
    Head,
    MeasuredCode,
    SystemFigures,
    SystemKind,
)
from intercoder.core.errors import InputError
from intercoder.evals.bootstrap import replicates
from intercoder.evals.coefficients.confusion import (
    Tables,
    ac1,
    among,
    beside,
    defined_mean,
    f1,
    kappa,
    one_against_rest,
    percent,
    squares,
    votes,
)
from intercoder.evals.coefficients.ratings import MISSING, Codes
from intercoder.evals.groups import lone, summed
from intercoder.evals.interval import Estimate, Floats, percentile, student
from intercoder.evals.weights import segment_weights

Targets: TypeAlias = Mapping[str, bool]
"""Code id -> whether it applies; a code that was not decided about is no key."""
MACRO_F1, KAPPA, AC1, AGREEMENT, OVERALL = 0, 1, 2, 3, 4
"""Columns of the statistics over all codes; then F1, kappa and AC1 of each code."""
RESAMPLES = 2_000


class Asked(NamedTuple):
    """What systems are measured on, and how."""

    codes: Sequence[MeasuredCode]
    head: Head
    n_boot: int = RESAMPLES
    """Resamples of the intervals; 0 for none."""
    seed: int = 0
    groups: Sequence[str] = ()
    """For each segment what is resampled whole, such as its document; nothing where each is by itself."""
    weights: Sequence[float] | None = None
    """For each segment one over the probability with which it was drawn, up to a factor; None where all count
    alike. Weights enter every statistic; what is counted, such as decisions, is not weighted."""


def classified(
    people: Sequence[Targets],
    said: Sequence[Targets],
    asked: Asked,
    *,
    system: SystemKind,
    name: str,
    trained_on: int = 0,
    synthetic: int = 0,
) -> SystemFigures:
    """Measure what a system said against people's codes (seed 001; methods: seed 002, eq. 1 to 4).

    Args:
        people: For each segment what people decided.
        said: For each segment what the system decided; a code without an answer is left out.
        asked: Codes, head and resamples.
        system: Which system it is.
        name: How it is called.
        trained_on: Segments it learnt from.
        synthetic: Written ones among them.

    Raises:
        InputError: Not as many segments on either side.
    """
    found = with_each_person({"people": people}, said, asked, system=system, name=name)
    return found.model_copy(update={"trained_on": trained_on, "synthetic": synthetic})


def with_each_person(
    people: Mapping[str, Sequence[Targets]],
    said: Sequence[Targets],
    asked: Asked,
    *,
    system: SystemKind,
    name: str,
) -> SystemFigures:
    """As `classified`, but against each person for themselves, as people are held against one another.

    Where several people coded a segment each counts in equal parts, so that the segment counts once.
    """
    ours = classes(said, asked)
    theirs = [_as_long(classes(one, asked), ours) for one in people.values()]
    return _figures(beside(votes(theirs, size_of(asked)), ours), asked, system, name)


def among_people(
    people: Mapping[str, Sequence[Targets]], asked: Asked, *, name: str = "people, pair by pair"
) -> SystemFigures:
    """People against one another: the agreement beyond which no system can be told from a person.

    Every pair of people who coded a segment counts in equal parts and both ways round, so that the segment counts
    once and it does not matter whom a table names first. Kappa is Scott's pi then.

    Args:
        people: By person, for each segment what they decided; nothing where they did not code it.
        asked: Codes, head and resamples.
        name: How it is called.
    """
    said = [classes(one, asked) for one in people.values()]
    said = [_as_long(one, said[0]) for one in said]
    return _figures(among(votes(said, size_of(asked))), asked, "people", name)


def classes(said: Sequence[Targets], asked: Asked) -> Codes:
    """What was said as numbers; shape (segments, questions), -1 where nothing was.

    A question is a code, answered 1 or 0; an exclusive book is one question, answered with the place of the code.
    """
    ids = [code.code_id for code in asked.codes]
    if asked.head == "one_of_k":
        chosen = ([place for place, code_id in enumerate(ids) if one.get(code_id)] for one in said)
        return np.array([[places[0] if len(places) == 1 else MISSING] for places in chosen], np.int64).reshape(
            -1, 1
        )
    rows = [[int(one[code_id]) if code_id in one else MISSING for code_id in ids] for one in said]
    return np.array(rows, np.int64).reshape(-1, len(ids))


def over_seeds(values: Sequence[float]) -> Bounded:
    """Mean over seeds with a t interval; over the defined values, and without bounds for a single one."""
    defined = np.array([value for value in values if math.isfinite(value)])
    if not len(defined):
        return Bounded()
    spread = float(defined.var(ddof=1)) / len(defined) if len(defined) > 1 else math.nan
    return bounded(student(float(defined.mean()), spread, len(defined), "mean"))


def bounded(estimate: Estimate) -> Bounded:
    """An estimate as it is kept in files."""
    return Bounded(value=estimate.value, low=estimate.low, high=estimate.high, n=estimate.n)


def statistics(tables: Floats, head: Head) -> Floats:
    """All statistics from sums.

    Macro-F1 is the mean over classes of one question, and over codes, of their yes, where there are several
    questions. Kappa and AC1 are those of the one question, or means over questions.

    Args:
        tables: Shape (..., questions, classes, classes).
        head: What is answered.

    Returns:
        Shape (..., `OVERALL` + 3 * codes).
    """
    of_codes = one_against_rest(tables[..., 0, :, :]) if head == "one_of_k" else tables
    yes = f1(of_codes)[..., 1]
    overall = [
        defined_mean(yes if head == "multi_label" else f1(tables[..., 0, :, :])),
        defined_mean(kappa(tables)),
        defined_mean(ac1(tables)),
        percent(tables),
    ]
    each = np.stack([yes, kappa(of_codes), ac1(of_codes)], axis=-1)
    return np.concatenate([np.stack(overall, axis=-1), each.reshape(*each.shape[:-2], -1)], axis=-1)


def measure(tables: Tables, asked: Asked) -> list[Bounded]:
    """All statistics with their intervals over segments or their groups, in the order of `statistics`."""
    size, questions = size_of(asked), tables.decided.shape[1]
    kept = np.asarray(tables.decided.any(axis=1))
    weights = segment_weights(asked.weights, len(kept))
    units = summed(tables.features * weights[:, None, None], asked.groups, kept)
    distinct, times = np.unique(units.reshape(-1, questions * size * size), axis=0, return_counts=True)

    def value(totals: Floats) -> Floats:
        return statistics(squares(totals.reshape(*totals.shape[:-1], questions, size * size)), asked.head)

    values = value(times @ distinct)
    drawn = np.empty((0, len(values)))
    if asked.n_boot and len(units) and not lone(units, kept):
        drawn = replicates(distinct, times, value, asked.n_boot, asked.seed)
    found = [percentile(one, column, len(units), "") for one, column in zip(values.tolist(), drawn.T, strict=True)]
    return [bounded(one) for one in found]


def size_of(asked: Asked) -> int:
    """Number of classes of a question."""
    return len(asked.codes) if asked.head == "one_of_k" else 2


def _as_long(one: Codes, other: Codes) -> Codes:
    if one.shape != other.shape:
        raise InputError(
            f"there are {len(one)} segments on one side and {len(other)} on the other.",
            where="said",
            remedy="Give an entry for each segment, empty where nothing was said.",
        )
    return one


def _figures(tables: Tables, asked: Asked, system: SystemKind, name: str) -> SystemFigures:
    found = measure(tables, asked)
    each = list(zip(*(found[OVERALL + place :: 3] for place in range(3)), strict=True))
    positives = _positives(tables, asked.head)
    return SystemFigures(
        system=system,
        name=name,
        macro_f1=found[MACRO_F1],
        kappa=found[KAPPA],
        ac1=found[AC1],
        agreement=found[AGREEMENT],
        codes=tuple(
            CodeFigures(code_id=code.code_id, label=code.label, positives=count, f1=f1, kappa=kappa, ac1=ac1)
            for code, count, (f1, kappa, ac1) in zip(asked.codes, positives, each, strict=True)
        ),
        decisions=int(tables.decided.sum()),
        asked=int(tables.asked.sum()),
    )


def _positives(tables: Tables, head: Head) -> list[int]:
    """For each code the segments to which the first gave it; parts of segments where several pairs count."""
    given = squares(tables.features).sum(axis=(0, -1))
    counts = given[0] if head == "one_of_k" else given[:, 1]
    return [round(count) for count in counts.tolist()]
