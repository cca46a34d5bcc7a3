"""A base and its adapter as one ordinary checkpoint."""

from __future__ import annotations

import shutil
from pathlib import Path

from intercoder.core.errors import InputError
from intercoder.core.study import Privacy
from intercoder.llms.embedded.adapted import merged
from intercoder.llms.embedded.loading import load_weights, load_words
from intercoder.llms.factory import weights_folder
from intercoder.llms.references import parse_reference


def merge(reference: str, out: Path, privacy: Privacy | None = None) -> None:
    """Write a model with its adapter merged into its weights, with tokenizer and chat template.

    Weights keep the type of the base's, to which the sums are rounded.

    Args:
        reference: A model with an adapter, such as `embedded:NAME#path/to/adapter`.
        out: The folder to write; appears when it is whole.
        privacy: What may leave the machine; nothing by default.

    Raises:
        InputError: The reference names no adapter, or there is something at `out`.
        ModelError: The model or its adapter cannot be used.
    """
    found = parse_reference(reference)
    if not found.adapter:
        raise InputError(
            "there is no adapter to merge.", where=reference, remedy="Name it behind the model: MODEL#ADAPTER."
        )
    if out.exists():
        raise InputError("there is something here already.", where=str(out), remedy="Name a new folder.")
    folder = weights_folder(reference, privacy or Privacy())
    tokenizer, _ = load_words(folder)
    model = merged(load_weights(folder, "auto"), Path(found.adapter).expanduser())
    new = out.with_name(f".{out.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    model.save_pretrained(new)
    tokenizer.save_pretrained(new)
    new.replace(out)
