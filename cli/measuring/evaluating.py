"""`evaluate` and `rating-form`: quality of labels, against what people coded and by how people rate them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intercoder.cli.frames import CsvOption, Line, print_lines
from intercoder.cli.measuring.measured_runs import ReferenceOption, RunOption, measured_run
from intercoder.cli.studies.studies import JsonOption, StudyArgument

if TYPE_CHECKING:
    import pandas as pd

    from intercoder.evals.labels.human_ratings import RatedItem
    from intercoder.evals.report.inductive.contents import Contents

FORM_SEGMENTS = 10
"""Segments of a rating form; seed 000, section 5.2 gave raters ten."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("evaluate")(evaluate)
    app.command("rating-form")(rating_form)


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
    from intercoder.evals.report.inductive.quality_figures import items

    if reference is None:
        raise InputError(
            "quality is measured against what people coded.",
            where="--reference",
            remedy="Name a table of codings (coder, code, document, start, end), or one of the run's coders.",
        )
    with measured_run(directory, run, reference) as (contents, embed):
        people = [one for one in contents.comparison.said if one.role == "human" or one.name == str(reference)]
        systems = [one for one in contents.comparison.said if one not in people]
        found = items(systems, people, [segment.id for segment in contents.segments])
        if not found.references:
            raise InputError(
                "there is no segment that people coded and all systems gave a label to.",
                where="--reference",
                remedy="Look at `intercoder status` for failed answers, or code more segments.",
            )
        table = scores(
            found.systems, found.references, model=bertscore or encoder_folder(contents.study.embedding.model)
        )
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
    from intercoder.cli.studies.exporting import spare_the_study
    from intercoder.core.shown import counted
    from intercoder.formats.rating_forms import GUIDELINES, write_form
    from intercoder.formats.whole_files import whole_file
    from intercoder.stores.study_folder import open_study

    guidelines = out.with_suffix(".md")
    for file in (out, guidelines):
        spare_the_study(open_study(directory), file)
    with measured_run(directory, run, None) as (contents, _):
        items = _form_items(contents, n)
    with whole_file(out) as stream:
        count = write_form(((item.id, item.text, item.label) for item in items), stream)
    with whole_file(guidelines) as stream:
        stream.write(GUIDELINES)
    print(f"{out}: {counted(count, 'code')} to rate. Guidelines: {guidelines}")
    print(f"Read it back with: intercoder evaluate {directory} --reference FILE --ratings {out}")


def _form_items(contents: Contents, n: int) -> list[RatedItem]:
    from intercoder.evals.labels.human_ratings import rating_items

    systems = [one for one in contents.comparison.said if one.role != "human"]
    return rating_items(systems, contents.segments, n)


def _rated(contents: Contents, forms: Sequence[Path]) -> pd.Series[float] | None:
    """Mean rating of each system from forms that people filled in; None without any.

    Raises:
        InputError: A form has an item that is not of this run.
    """
    from intercoder.core.errors import InputError
    from intercoder.evals.labels.human_ratings import mean_ratings
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


def encoder_folder(reference: str) -> Path | None:
    """The folder of the study's own embeddings; None where they have none, so that BERTScore stays undefined."""
    from intercoder.llms.fetching.catalogue import find, is_pulled, model_path
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
