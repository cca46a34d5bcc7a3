"""`code-space`: what each coder adds to what the team found."""

from __future__ import annotations

import typer

from intercoder.cli.frames import CsvOption, print_lines
from intercoder.cli.measuring.measured_runs import ReferenceOption, RunOption, measured_run
from intercoder.cli.studies.studies import JsonOption, StudyArgument


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("code-space")(code_space)


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
    from intercoder.evals.report.inductive.code_index import index
    from intercoder.evals.report.inductive.space_figures import NO_TEAM, measured

    with measured_run(directory, run, reference) as (contents, embed):
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
