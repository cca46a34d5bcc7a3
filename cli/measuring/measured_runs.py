"""The run that is measured, and the options that name it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from intercoder.evals.report.inductive.comparison import Embed
    from intercoder.evals.report.inductive.contents import Contents

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


@contextmanager
def measured_run(directory: Path, run: str, reference: Path | None) -> Iterator[tuple[Contents, Embed]]:
    """A run with people's codings, and the study's embeddings.

    Raises:
        InputError: The reference is neither a file nor a coder of the run.
    """
    from intercoder.cli.coding.running import open_quietly
    from intercoder.cli.measuring.embeddings import study_embeddings
    from intercoder.core.errors import InputError
    from intercoder.evals.report.inductive.contents import gather
    from intercoder.formats.coding_files import read_codings
    from intercoder.stores.runs.export import export_run

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
