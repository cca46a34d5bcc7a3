"""Samples in which rare codes are not rare: stratified by what a run of the model said."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.engine import Engine

from intercoder.core.coding.deduction import CoderValues
from intercoder.core.errors import InputError
from intercoder.core.texts.sampling import draw, draw_evenly
from intercoder.stores.corpus.samples import Drawn, Scope, draw_scope
from intercoder.stores.runs.deductions import final_values
from intercoder.stores.runs.runs import list_runs

GRAPHS = ("codevelop", "deductive", "final")
"""Graphs whose answers a sample may be drawn by."""
SHARE = 0.3
"""Of a sample, drawn from segments to which the model gave a code. With much more, what it missed would stand in
few segments of great weight, and count too seldom."""
MARK = "model:"
"""What stands before the run's name where an attribute's stands in other samples."""


def draw_enriched(engine: Engine, study_id: str, scope: Scope) -> tuple[Drawn, Scope]:
    """Draw a sample in which segments to which the model gave a code are more frequent than they are.

    Three tenths are drawn from these, evenly over strata: of each the rarest code given to it. The others come from
    segments to which the model gave none. It is drawn from the segments of the scope that the latest run with
    enough of them coded.

    Args:
        engine: The study's database.
        study_id: The study.
        scope: What to draw from, its size and seed.

    Returns:
        The sample, weighted by how rarely its strata were drawn from; and the scope, which names the run.

    Raises:
        InputError: No run coded enough of the segments, or there are more strata than segments are asked for.
    """
    wanted = scope.sample or 0
    reached = draw_scope(engine, study_id, scope.model_copy(update={"sample": None, "stratify": ""})).rows
    most = 0
    for run in reversed(list_runs(engine, study_id)):
        if run.graph not in GRAPHS or run.status == "undone":
            continue
        values = final_values(engine, study_id, run)
        coded = {segment_id for of_code in values.values.values() for segment_id in of_code}
        rows = [row for row in reached if row.segment_id in coded]
        most = max(most, len(rows))
        if len(rows) >= max(wanted, 1):
            ids = [row.segment_id for row in rows]
            places, weights = _draw(ids, wanted, scope.seed, rarest_yes(ids, values))
            drawn = Drawn([rows[place] for place in places], len(rows), weights)
            return drawn, scope.model_copy(update={"stratify": f"{MARK}{run.id}"})
    raise InputError(
        f"the model coded {most:,} of these segments in one run, and {wanted:,} are asked for.",
        where="--enriched",
        remedy="Let it code more first (`intercoder run final STUDY -n 1000`), or draw without --enriched.",
    )


def _draw(ids: Sequence[str], n: int, seed: int, strata: Sequence[str]) -> tuple[list[int], list[float]]:
    """Places and weights: a share evenly from the strata of codes, the rest from segments without any."""
    given = [place for place, stratum in enumerate(strata) if stratum]
    others = [place for place, stratum in enumerate(strata) if not stratum]
    codes = len({strata[place] for place in given})
    from_given = min(len(given), max(codes, round(SHARE * n), n - len(others)))
    parts = []
    if from_given:
        parts.append(
            (
                given,
                *draw_evenly(
                    [ids[place] for place in given],
                    from_given,
                    seed=seed,
                    strata=[strata[place] for place in given],
                ),
            )
        )
    if n > from_given:
        drawn = draw([ids[place] for place in others], n - from_given, seed=seed)
        parts.append((others, drawn, [len(others) / len(drawn)] * len(drawn)))
    weighted = {
        of[place]: weight for of, drawn, weights in parts for place, weight in zip(drawn, weights, strict=True)
    }
    places = sorted(weighted)
    return places, [weighted[place] for place in places]


def rarest_yes(ids: Sequence[str], answers: CoderValues) -> list[str]:
    """For each segment the id of the rarest code given to it, or an empty one; of equally rare codes the first."""
    wanted = set(ids)
    given = {
        code_id: {segment_id for segment_id, value in of_code.items() if value == "yes" and segment_id in wanted}
        for code_id, of_code in answers.values.items()
    }
    stratum: dict[str, str] = {}
    for code_id in sorted(given, key=lambda code_id: len(given[code_id])):
        for segment_id in given[code_id]:
            stratum.setdefault(segment_id, code_id)
    return [stratum.get(segment_id, "") for segment_id in ids]
