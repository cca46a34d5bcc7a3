"""`train`: models of one's own, and which coders to keep."""

from __future__ import annotations

import typer

from intercoder.cli.training import lora, selecting

train_app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(train_app, name="train")
    lora.register(train_app)
    selecting.register(train_app)


@train_app.callback()
def training() -> None:
    """Train coders on what people coded, and choose among coders.

    Example: `intercoder train select repair`
    """
