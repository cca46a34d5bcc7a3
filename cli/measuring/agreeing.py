"""`agreement`: how far coders of a run, or raters of a table, say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intercoder.cli.frames import CsvOption, Line, interval, print_lines
from intercoder.cli.measuring.measured_runs import ReferenceOption, RunOption, measured_run
from intercoder.cli.studies.studies import JsonOption

if TYPE_CHECKING:
    import pandas as pd

    from intercoder.evals.agreement import Estimate, PerCode
    from intercoder.evals.report.inductive.contents import Contents
    from intercoder.formats.rating_files import Ratings

STATISTICS = ("percent", "ac1", "brennan_prediger", "fleiss", "conger", "krippendorff")
FOR_TWO = ("cohen", "scott")


class WeightsChoice(StrEnum):
    """Partial credit for near misses of ordered categories."""

    identity = "identity"
    linear = "linear"
    quadratic = "quadratic"


class LevelChoice(StrEnum):
    """Level of measurement, for Krippendorff's alpha."""

    nominal = "nominal"
    ordinal = "ordinal"
    interval = "interval"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("agreement")(agreement)


def agreement(
    place: Annotated[Path, typer.Argument(metavar="STUDY|FILE.csv", help="A study, or a table of ratings.")],
    unit: Annotated[str, typer.Option("--unit", help="FILE: column that names the unit.")] = "",
    rater: Annotated[str, typer.Option("--rater", help="FILE: column of raters, if each row is one rating.")] = "",
    value: Annotated[str, typer.Option("--value", help="FILE: column of ratings, likewise.")] = "",
    categories: Annotated[
        str,
        typer.Option(
            "--categories", metavar="A,B,C", help="FILE: all categories, lowest first; unused ones count."
        ),
    ] = "",
    weights: Annotated[WeightsChoice, typer.Option(help="FILE: partial credit.")] = WeightsChoice.identity,
    level: Annotated[LevelChoice, typer.Option(help="FILE: for Krippendorff's alpha.")] = LevelChoice.nominal,
    reference: ReferenceOption = None,
    run: RunOption = "",
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """How far coders agree: in a study code by code, in a table of ratings by every statistic.

    A table has a column for each rater, or the columns unit, rater and value. No study is needed for it.

    Example: `intercoder agreement ratings.csv --unit item`
    """
    if place.is_dir():
        with measured_run(place, run, reference) as (contents, _):
            _check_readers(contents, place)
            _print_per_code(contents, json=json, csv=csv)
        return
    from intercoder.formats.rating_files import like, read_ratings

    ratings = read_ratings(place, unit, rater, value)
    declared = like(categories.split(","), ratings.rows) if categories else None
    print_lines(_statistics(ratings, weights.value, level.value, declared), json=json, csv=csv)
    if len(ratings.raters) > 2 and not csv:
        print_lines(_pairs(ratings, weights.value, declared), json=json, title="Pairs of raters, AC1")
    if not json and not csv:
        print(f"{len(ratings.units):,} units, {len(ratings.raters)} raters: {', '.join(ratings.raters)}.")


def _check_readers(contents: Contents, place: Path) -> None:
    """Two coders, or a word on where the one is compared with people.

    Raises:
        StudyError: A run of given codes has fewer than two coders, people included.
    """
    from intercoder.core.errors import StudyError

    names = [one.name for one in contents.team]
    if not contents.coded.deductive or len(names) > 1:
        return
    told = f"one coder, {names[0]}" if names else "no coder, only patterns"
    raise StudyError(
        f"`{contents.coded.id}` has {told}; agreement is between two or more.",
        remedy=f"Hold it against people who coded by hand: `intercoder calibrate {place}`.",
    )


def _print_per_code(contents: Contents, *, json: bool, csv: bool) -> None:
    from intercoder.evals.report.inductive.comparison import agreement_per_code

    found = agreement_per_code(contents.comparison)
    print_lines(_codes(found, whole=json or csv), json=json, csv=csv)
    if json or csv:
        return
    same = len(contents.comparison.counts_as)
    overlap = found.jaccard
    print(
        f"{contents.run.id}: {overlap.n:,} segments, coders {', '.join(found.raters)}. Overlap of their codes "
        f"(Jaccard): {overlap.value:.2f}, 95% interval {interval(overlap.low, overlap.high)}."
    )
    print(
        f"{same:,} labels count as the code that they are most like (cosine {contents.comparison.tau:g} or more) "
        "or were merged with."
    )


def _codes(found: PerCode, *, whole: bool) -> Iterator[Line]:
    for one in found.codes:
        ac1, positive = one.agreement, one.positive
        bounds: Line = (
            {"low": ac1.low, "high": ac1.high, "se": ac1.se}
            if whole
            else {"95% interval": interval(ac1.low, ac1.high)}
        )
        counts = dict(zip(found.raters, one.counts, strict=True))
        yield {
            "code": one.code,
            "AC1": ac1.value,
            **bounds,
            "positive": positive.value,
            "percent": one.percent,
            **counts,
        }


def _statistics(
    ratings: Ratings, weights: str, level: str, categories: Sequence[int | float | str] | None
) -> Iterator[Line]:
    from intercoder.evals.agreement import agreement as measure

    table = _named(ratings)
    names = (*STATISTICS, *(FOR_TWO if len(ratings.raters) == 2 else ()))
    for name in names:
        if name == "krippendorff":
            found = measure(table, "krippendorff", level=level, categories=categories)  # type: ignore[arg-type]
        else:
            found = measure(table, name, weights=weights, categories=categories)  # type: ignore[arg-type]
        yield _estimate({"statistic": found.statistic}, found)


def _named(ratings: Ratings) -> pd.DataFrame:
    """The ratings with the names of units and raters, which errors tell."""
    import pandas as pd

    return pd.DataFrame(ratings.rows, index=list(ratings.units), columns=list(ratings.raters), dtype=object)


def _pairs(ratings: Ratings, weights: str, categories: Sequence[int | float | str] | None) -> Iterator[Line]:
    from intercoder.evals.agreement import pairwise

    for pair in pairwise(_named(ratings), "ac1", weights=weights, categories=categories).pairs:  # type: ignore[arg-type]
        yield _estimate({"first": pair.first, "second": pair.second}, pair.agreement)


def _estimate(names: dict[str, str], found: Estimate) -> Line:
    return {**names, "value": found.value, "se": found.se, "low": found.low, "high": found.high, "n": found.n}
