"""How many segments people should code: simulated calibrations, before anyone codes.

Every coder sees a hidden truth with some chance and guesses with the code's prevalence else. So all coders
give a code equally often, and two of them agree beyond chance (Cohen's kappa) by the product of their chances:
people with each other by the square of theirs. Each simulated sample goes through the rule of `calibrate_code`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from intercoder.core.coding.deduction import CoderValues
from intercoder.core.deductive_settings import Calibration
from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.evals.calibrating.calibration_simulation import Coders, PlanRow, simulate

if TYPE_CHECKING:
    import pandas as pd

Draw: TypeAlias = Literal["random", "enriched"]

SIZES = (40, 60, 100, 150, 200, 300)


class CalibrationPlan(Record):
    """Rows by code and size, with what was assumed."""

    rows: tuple[PlanRow, ...]
    people: int
    people_agreement: float
    model_agreement: float
    draw: Draw
    margin: float
    simulations: int

    def to_frame(self) -> pd.DataFrame:
        """One line a row."""
        import pandas as pd

        return pd.DataFrame([row.model_dump() for row in self.rows])


def observed_prevalence(model: CoderValues, codes: Iterable[str], *, otherwise: float = 0.2) -> dict[str, float]:
    """How often a model gives each code, as an assumption for a plan.

    Args:
        model: What the model decided; `unsure` is left out.
        codes: Ids of the codes.
        otherwise: Assumed for a code about which it decided nothing.

    Returns:
        (yes + 1/2) / (yes + no + 1), so that a code never seen so far is rare, not impossible.
    """
    found = {}
    for code in codes:
        values = list(model.of(code).values())
        yes, no = values.count("yes"), values.count("no")
        found[code] = (yes + 0.5) / (yes + no + 1) if yes + no else otherwise
    return found


def plan(
    prevalence: Mapping[str, float],
    *,
    sizes: Sequence[int] = SIZES,
    people: int = 2,
    people_agreement: float = 0.75,
    model_agreement: float | None = None,
    draw: Draw = "random",
    enriched: float = 0.5,
    population: int | None = None,
    settings: Calibration | None = None,
    simulations: int = 200,
    seed: int = 0,
) -> CalibrationPlan:
    """What samples of several sizes would show, if coders agreed as assumed.

    Args:
        prevalence: Code -> share of segments that it applies to, between 0 and 1.
        sizes: Numbers of segments that people would code.
        people: How many of them code every segment.
        people_agreement: Of people with each other beyond chance (kappa), above 0 and at most 1.
        model_agreement: Of the model with a person beyond chance, 0 to the root of `people_agreement`: a model that
            is always right agrees no better with people. By default as people with each other.
        draw: `random`, or `enriched`: drawn in two strata, by the model's own answers, and weighted.
        enriched: Share of an enriched sample drawn from segments to which the model gave the code.
        population: All segments there are: an enriched sample holds at most those to which the model gave the
            code, and larger samples are left out.
        settings: Margin and thresholds of the rule.
        simulations: Samples simulated for each code and size.
        seed: Of the simulation.

    Returns:
        Rows by code, then size. The standard error of a chance is at most 1 / (2 sqrt(simulations)).

    Raises:
        InputError: An argument is out of its range.
    """
    asked = settings or Calibration()
    with_model = people_agreement if model_agreement is None else model_agreement
    _check(prevalence, sizes, people, people_agreement, with_model, enriched, population, simulations)
    insight = math.sqrt(people_agreement)
    kept = [size for size in sizes if population is None or size <= population]
    rows = []
    for place, (code, share) in enumerate(prevalence.items()):
        coders = Coders(share, insight, with_model / insight, people)
        for size in kept:
            from_yes = _from_yes(size, share, enriched, population) if draw == "enriched" else None
            random = np.random.default_rng([seed, place, size])
            rows.append(simulate(code, coders, size, from_yes, asked, simulations, random))
    return CalibrationPlan(
        rows=tuple(rows),
        people=people,
        people_agreement=people_agreement,
        model_agreement=with_model,
        draw=draw,
        margin=asked.margin,
        simulations=simulations,
    )


def _from_yes(size: int, prevalence: float, enriched: float, population: int | None) -> int:
    wanted = round(size * enriched)
    if population is None:
        return wanted
    there = round(population * prevalence)
    return min(max(wanted, size - (population - there)), there)


def _check(
    prevalence: Mapping[str, float],
    sizes: Sequence[int],
    people: int,
    people_agreement: float,
    model_agreement: float,
    enriched: float,
    population: int | None,
    simulations: int,
) -> None:
    for code, share in prevalence.items():
        _within(0 < share < 1, f"{share} is not between 0 and 1.", f"prevalence of {code}")
    _within(0 < people_agreement <= 1, f"{people_agreement} is not above 0 and at most 1.", "people_agreement")
    highest = math.sqrt(people_agreement)
    _within(
        0 <= model_agreement <= highest + 1e-9,
        f"{model_agreement} is not between 0 and {highest:.3f}, which a model that is always right would reach.",
        "model_agreement",
    )
    _within(0 < enriched < 1, f"{enriched} is not between 0 and 1.", "enriched")
    _within(1 <= people <= 8, f"{people} people cannot be simulated.", "people", "Give 1 to 8.")
    _within(simulations >= 10, f"{simulations} samples are too few.", "simulations", "Ask for 100 or more.")
    _within(bool(sizes) and min(sizes) >= 2, "a sample needs two segments.", "sizes", "Give sizes from 2.")
    _within(
        population is None or min(sizes) <= population,
        f"all sizes are above {population}, the number of segments.",
        "sizes",
        "Give smaller ones.",
    )


def _within(right: bool, message: str, where: str, remedy: str = "Give a number in that range.") -> None:
    if not right:
        raise InputError(message, where=where, remedy=remedy)
