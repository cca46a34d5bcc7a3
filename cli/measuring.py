"""`agreement`, `evaluate` and `code-space`: numbers, each of which leads back to decisions of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intercoder.cli.frames import CsvOption, Line, interval, print_lines
from intercoder.cli.studies import JsonOption, StudyArgument

if TYPE_CHECKING:
    import pandas as pd

    from intercoder.evals.agreement import Estimate, PerCode
    from intercoder.evals.human_ratings import RatedItem
    from intercoder.evals.report.comparison import Embed
    from intercoder.evals.report.contents import Contents
    from intercoder.formats.rating_files import Ratings

STATISTICS = ("percent", "ac1", "brennan_prediger", "fleiss", "conger", "krippendorff")
FOR_TWO = ("cohen", "scott")
FORM_SEGMENTS = 10
"""Segments of a rating form; seed 000, section 5.2 gave raters ten."""

ReferenceOption = Annotated[
    Path | None,
    typer.Option(
        "--reference",
        "-r",
        metavar="FILE|CODER",
        help="People's codings as a table (coder, code, document, start, end), or the name of a coder of the run.",
    ),
]
RunOption = Annotated[str, typer.Option("--run", help="Which run; the latest by default.")]


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
    """Add the commands."""
    app.command("agreement")(agreement)
    app.command("evaluate")(evaluate)
    app.command("code-space")(code_space)
    app.command("rating-form")(rating_form)


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
        with _contents(place, run, reference) as (contents, _):
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


def evaluate(
    directory: StudyArgument,
    reference: ReferenceOption = None,
    run: RunOption = "",
    bertscore: Annotated[
        Path | None,
        typer.Option(
            "--bertscore", metavar="FOLDER", help="Encoder for BERTScore; by default the study's embeddings."
        ),
    ] = None,
    ratings: Annotated[
        list[Path] | None,
        typer.Option(
            "--ratings", metavar="FORM", help="A form that a person filled in; several times for several."
        ),
    ] = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """Quality of labels against people's codes, for each coder, each moderator and the ensemble.

    Example: `intercoder evaluate repair --reference codings.csv`
    """
    from intercoder.core.errors import InputError
    from intercoder.evals.quality import composite, scores
    from intercoder.evals.report.quality_figures import items

    if reference is None:
        raise InputError(
            "quality is measured against what people coded.",
            where="--reference",
            remedy="Name a table of codings (coder, code, document, start, end), or one of the run's coders.",
        )
    with _contents(directory, run, reference) as (contents, embed):
        people = [one for one in contents.comparison.said if one.role == "human" or one.name == str(reference)]
        systems = [one for one in contents.comparison.said if one not in people]
        found = items(systems, people, [segment.id for segment in contents.segments])
        if not found.references:
            raise InputError(
                "there is no segment that people coded and all systems gave a label to.",
                where="--reference",
                remedy="Look at `intercoder status` for failed answers, or code more segments.",
            )
        table = scores(found.systems, found.references, model=bertscore or _encoder(contents.study.embedding.model))
        if len(found.systems) > 1:
            table = table.join(
                composite(found.systems, found.references, embed=embed)[["composite", "cosine", "meteor", "jsd"]]
            )
        rated = _rated(contents, ratings or [])
    print_lines(_frame(table, "system"), json=json, csv=csv)
    if rated is not None:
        print_lines(_validated(table, rated), json=json, csv=csv, title="Do metrics rank systems as people do?")
    if not json and not csv:
        print(
            f"{contents.run.id}: {len(found.references):,} of {len(contents.segments):,} segments, those that "
            f"{', '.join(one.name for one in people)} coded and every system gave a label to (its first counts)."
        )
        print(
            "The composite compares the systems of this table with one another. evals/README.md explains columns."
        )


def rating_form(
    directory: StudyArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The form, a csv file; guidelines stand beside it.")],
    n: Annotated[int, typer.Option("-n", min=1, help="Segments to rate.")] = FORM_SEGMENTS,
    run: RunOption = "",
) -> None:
    """A form on which people rate labels from 1 to 5 without knowing whose they are. Give each rater a copy.

    Example: `intercoder rating-form repair form.csv -n 10`
    """
    from intercoder.cli.exporting import spare_the_study
    from intercoder.core.shown import counted
    from intercoder.formats.rating_forms import GUIDELINES, write_form
    from intercoder.formats.whole_files import whole_file
    from intercoder.stores.study_folder import open_study

    guidelines = out.with_suffix(".md")
    for file in (out, guidelines):
        spare_the_study(open_study(directory), file)
    with _contents(directory, run, None) as (contents, _):
        items = _form_items(contents, n)
    with whole_file(out) as stream:
        count = write_form(((item.id, item.text, item.label) for item in items), stream)
    with whole_file(guidelines) as stream:
        stream.write(GUIDELINES)
    print(f"{out}: {counted(count, 'code')} to rate. Guidelines: {guidelines}")
    print(f"Read it back with: intercoder evaluate {directory} --reference FILE --ratings {out}")


def code_space(
    directory: StudyArgument,
    reference: ReferenceOption = None,
    run: RunOption = "",
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """What each coder adds to what the team found: coverage, overlap, novelty, divergence; and what to look at.

    Example: `intercoder code-space repair --reference codings.csv`
    """
    from intercoder.evals.report.code_index import index
    from intercoder.evals.report.space_figures import NO_TEAM, measured

    with _contents(directory, run, reference) as (contents, embed):
        spaces = measured(contents, index(contents), embed)
    if not spaces.metrics:
        from intercoder.core.errors import StudyError

        raise StudyError(NO_TEAM, remedy="Add a coder to study.toml, or people's codings with --reference.")
    print_lines(({"coder": name, **one.model_dump()} for name, one in spaces.metrics.items()), json=json, csv=csv)
    if json or csv:
        return
    print(
        f"{contents.run.id}: {len(spaces.labels):,} codes. Neighbors are those within cosine distance "
        f"{spaces.threshold:g}."
    )
    for flag in spaces.flags:
        evidence = ", ".join(
            f"{one.metric} {one.value:.2f} ({one.direction}; median {one.median:.2f})" for one in flag.evidence
        )
        print(f"Look at {flag.coder}: it may be {flag.suspicion}. {evidence}.")


@contextmanager
def _contents(directory: Path, run: str, reference: Path | None) -> Iterator[tuple[Contents, Embed]]:
    """A run with people's codings, and the study's embeddings.

    Raises:
        InputError: The reference is neither a file nor a coder of the run.
    """
    from intercoder.cli.embeddings import study_embeddings
    from intercoder.cli.running import open_quietly
    from intercoder.core.errors import InputError
    from intercoder.evals.report.contents import gather
    from intercoder.formats.coding_files import read_codings
    from intercoder.stores.export import export_run

    folder = open_quietly(directory)
    passages = read_codings(reference) if reference is not None and reference.is_file() else []
    with study_embeddings(folder) as embed:
        contents = gather(folder, export_run(folder, run), embed, passages)
        names = [coder.name for coder in contents.comparison.said]
        if reference is not None and not passages and str(reference) not in names:
            raise InputError(
                f"{str(reference)!r} is neither a file nor a coder.",
                where="--reference",
                remedy=f"Coders of {contents.run.id}: {', '.join(names)}.",
            )
        yield contents, embed
    folder.close()


def _form_items(contents: Contents, n: int) -> list[RatedItem]:
    from intercoder.evals.human_ratings import rating_items

    systems = [one for one in contents.comparison.said if one.role != "human"]
    return rating_items(systems, contents.segments, n)


def _rated(contents: Contents, forms: Sequence[Path]) -> pd.Series[float] | None:
    """Mean rating of each system from forms that people filled in; None without any.

    Raises:
        InputError: A form has an item that is not of this run.
    """
    from intercoder.core.errors import InputError
    from intercoder.evals.human_ratings import mean_ratings
    from intercoder.formats.rating_forms import read_form

    if not forms:
        return None
    items = _form_items(contents, len(contents.segments))
    known = {item.id for item in items}
    given = [read_form(form) for form in forms]
    for form, ratings in zip(forms, given, strict=True):
        strange = sorted(set(ratings) - known)
        if strange:
            raise InputError(
                f"item {strange[0]!r} is not of {contents.run.id}.",
                where=str(form),
                remedy="Name the run that the form was written for with --run.",
            )
    return mean_ratings(items, given)


def _validated(table: pd.DataFrame, rated: pd.Series[float]) -> Iterator[Line]:
    from intercoder.evals.quality import validate

    found = validate(table, rated[table.index])
    for metric in table.columns:
        rho, p, n = (float(part["rating"].to_dict()[metric]) for part in found)
        yield {"metric": str(metric), "Spearman": rho, "p": p, "systems": int(n)}


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
    from intercoder.evals.report.comparison import agreement_per_code

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


def _encoder(reference: str) -> Path | None:
    """The folder of the study's own embeddings; None where they have none, so that BERTScore stays undefined."""
    from intercoder.llms.catalogue import find, is_pulled, model_path
    from intercoder.llms.references import parse_reference

    parsed = parse_reference(reference)
    if parsed.backend == "embedded" and is_pulled(find(parsed.name)):
        return model_path(parsed.name)
    return Path(parsed.name) if parsed.backend == "hf" and Path(parsed.name).is_dir() else None


def _frame(table: object, first: str) -> Iterable[Line]:
    import pandas as pd

    assert isinstance(table, pd.DataFrame)
    return [
        {first: str(name), **{str(key): value for key, value in row.items()}}
        for name, row in table.to_dict("index").items()
    ]
