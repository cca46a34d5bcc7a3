"""`distill`: a small classifier that codes as people did, learnt from their codes and from written segments."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from intercoder.cli.frames import CsvOption
from intercoder.cli.studies.studies import JsonOption, StudyArgument
from intercoder.cli.training.classifier_use import UseChoice, check_usable, use_it
from intercoder.cli.training.selecting import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intercoder.training.distillation.distillation_settings import DistillationSettings
    from intercoder.training.distillation.material import Material


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("distill")(distill)


def distill(
    directory: StudyArgument,
    code: Annotated[
        list[str] | None, typer.Option("--code", help="A code to learn, by its label; may be repeated.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Learn all codes of the codebook.")] = False,
    name: Annotated[str, typer.Option("--name", help="Name of the classifier; by default the code's.")] = "",
    sample: Annotated[
        str, typer.Option("--sample", help="Only what people coded of this sample, with its weights; else all.")
    ] = "",
    by: Annotated[
        str | None, typer.Option("--by", help="Attribute whose values are kept together; else documents are.")
    ] = None,
    settings: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE.toml", help="All numbers of a distillation.")
    ] = None,
    given: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting; may be repeated.")
    ] = None,
    share: Annotated[
        float | None, typer.Option(min=0, max=0.999, help="Share of written segments in the training set.")
    ] = None,
    total: Annotated[
        int | None, typer.Option(min=0, help="Size of the training set; 0: all that people coded, and the share.")
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(min=0, max=2, help="Of the synthesizer; study.toml says it else.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", "-s", min=0, help="Of draw, writing and training.")] = None,
    filter_: Annotated[
        int | None,
        typer.Option("--filter", min=0, max=20, help="How often a label must be repeated; 0: no filter."),
    ] = None,
    target: Annotated[
        float | None, typer.Option(min=0.01, max=1, help="Agreement that the cascade's bound is chosen for.")
    ] = None,
    encoder: Annotated[str | None, typer.Option(help="The model to fine-tune: embedded:NAME or hf:PATH.")] = None,
    use: Annotated[
        UseChoice, typer.Option("--use", help="Put the classifier into study.toml in place of its coders.")
    ] = UseChoice.no,
    grid: Annotated[
        bool, typer.Option("--grid", help="Try shares, sizes, temperatures, filters and seeds.")
    ] = False,
    new: Annotated[bool, typer.Option("--new", help="Distill anew, whatever there is of that name.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done; calls nothing.")] = False,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """Write segments with the study's model, and train a small classifier on them and on what people coded.

    It is measured on documents that it never saw, beside its baselines and the language model, and is then a coder
    of the study, `classifier:NAME`. Stopped in the middle, the same command goes on. With --grid it tries many
    training sets and prints a table.

    Example: `intercoder distill repair --code thrift`
    """
    from intercoder.cli.coding.running import open_quietly
    from intercoder.training.distillation.distillation_settings import read_settings
    from intercoder.training.distillation.material import prepare

    _check_which(code or (), everything=everything)
    wanted = read_settings(
        settings,
        given or (),
        {
            "by": by,
            "share": share,
            "total": total,
            "temperature": temperature,
            "seed": seed,
            "filter": filter_,
            "target": target,
            "encoder": encoder,
        },
    )
    folder = open_quietly(directory)
    material = prepare(folder, code or (), wanted, sample)
    called = _name(name, material)
    if grid:
        _check_grid(use, wanted)
        _grid(material, called, new=new, dry_run=dry_run, json=json, csv=csv)
        return
    if use is not UseChoice.no:
        check_usable(material, called, use)
    _one(material, called, use, new=new, dry_run=dry_run, json=json, csv=csv)


def _one(material: Material, name: str, use: UseChoice, *, new: bool, dry_run: bool, json: bool, csv: bool) -> None:
    from intercoder.cli.training.distilling_progress import listener
    from intercoder.training.distillation.distilling import distill as distill_classifier
    from intercoder.training.distillation.distilling import numbers_of

    numbers_of(material)
    if dry_run:
        from intercoder.cli.training.distilling_plan import print_dry_run

        print_dry_run(material, json=json)
        return
    from intercoder.cli.training.distilling_results import print_distilled

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with listener(json=json) as listen:
            made = distill_classifier(material, name, new=new, listen=listen)
    except KeyboardInterrupt:
        _stopped(new=new)
    print_distilled(material, made, json=json, csv=csv)
    if use is not UseChoice.no:
        use_it(material.folder, name, use, sys.stderr if json or csv else sys.stdout)
    elif not json and not csv:
        from intercoder.cli.training.distilling_results import print_use

        print_use(material, name)


def _grid(material: Material, name: str, *, new: bool, dry_run: bool, json: bool, csv: bool) -> None:
    from intercoder.cli.training.distilling_progress import listener
    from intercoder.cli.training.distilling_results import print_cell, print_grid
    from intercoder.training.distillation.grid import run_grid

    if dry_run:
        from intercoder.cli.training.distilling_plan import print_dry_run

        print_dry_run(material, json=json, grid=True)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    worked = []
    try:
        with listener(json=json) as listen:
            for one in run_grid(material, name, new=new, listen=listen):
                worked.append(one)
                print_cell(one, json=json)
    except KeyboardInterrupt:
        _stopped(new=new)
    if print_grid(material, name, worked, json=json, csv=csv):
        sys.exit(1)


def _stopped(*, new: bool) -> NoReturn:
    again = "run the same command again without --new" if new else "run the same command again"
    print(f"Stopped. What is done is kept: {again} to go on.", file=sys.stderr)
    sys.exit(INTERRUPTED)


def _check_which(codes: Sequence[str], *, everything: bool) -> None:
    from intercoder.core.errors import InputError

    if bool(codes) == everything:
        raise InputError("say what to learn.", remedy='Give `--code "LABEL"`, or `--all` for the whole codebook.')


def _check_grid(use: UseChoice, settings: DistillationSettings) -> None:
    from intercoder.core.errors import InputError

    if use is not UseChoice.no:
        raise InputError(
            "a grid keeps figures and no classifier.", where="--use", remedy="Distill one cell without --grid."
        )
    given = settings.model_fields_set & {"share", "total", "temperature", "filter", "seed"}
    if given:
        name = sorted(given)[0]
        plural = {"share": "shares", "total": "totals", "filter": "filters"}.get(name, f"{name}s")
        raise InputError(
            "this is of a single distillation, and a grid has many.",
            where=f"--{name}",
            remedy=f"Write it as `--set grid.{plural}=[...]`.",
        )


def _name(name: str, material: Material) -> str:
    """The classifier's name: as given, or made of its code's label.

    Raises:
        InputError: It cannot be the name of a folder.
    """
    from intercoder.stores.corpus.named_samples import check_name

    if not name:
        label = material.codes[0].label if len(material.codes) == 1 else "codebook"
        shown = "".join(mark if mark.isalnum() or mark in "_.-" else "-" for mark in label)
        name = shown.strip("-_.")[:64] or "code"
    check_name(name, "classifier")
    return name
