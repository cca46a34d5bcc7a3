"""A classifier's folder: whether it is there already, and how it appears whole."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from intercoder.core.classifiers import CARD, ClassifierCard, read_card
from intercoder.core.errors import InputError
from intercoder.core.identity import digest
from intercoder.llms.classifiers.encoders import HEAD
from intercoder.training.distillation.classifier_readme import write_card


def is_there(out: Path) -> bool:
    """Whether there is a classifier.

    Raises:
        InputError: There is something else of that name.
    """
    if out.exists() and not (out / CARD).is_file():
        raise InputError(
            "there is something of that name already.", where=str(out), remedy="Choose another `--name`."
        )
    return out.exists()


def there_already(out: Path, key: str, *, new: bool, begun: bool) -> ClassifierCard | None:
    """The card of a classifier that was trained on the same in the same way; None where there is something to do.

    Args:
        out: Where it would be.
        key: Of the training.
        new: Whether any classifier that is there is to be replaced.
        begun: Whether this training was begun and not ended: to replace what is there, be it the same.

    Raises:
        InputError: There is something else of that name.
    """
    if not is_there(out) or new or begun:
        return None
    card = read_card(out)
    if card.key == key:
        return card
    raise InputError(
        "there is another classifier of that name.",
        where=str(out),
        remedy="Choose another `--name`, or train it anew with `--new`.",
    )


def fresh(out: Path) -> Path:
    """An empty folder beside the classifier's, which will take its place."""
    new = out.with_name(f".{out.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    return new


def publish(card: ClassifierCard, out: Path, seconds: float) -> ClassifierCard:
    """Give a classifier its place, whole and at once, with its card; its weights lie in the folder of `fresh`."""
    new = out.with_name(f".{out.name}.new")
    published = card.model_copy(update={"digest": _digest(new, card), "seconds": seconds})
    write_card(published, new)
    put_in_place(new, out)
    return published


def put_in_place(new: Path, out: Path) -> None:
    """Let a folder take the place of what may be there."""
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.replace(old)
    new.replace(out)
    shutil.rmtree(old, ignore_errors=True)


def _digest(folder: Path, card: ClassifierCard) -> str:
    """Of all that a probability depends on."""
    files = [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("model.safetensors", HEAD)]
    read = (card.head, card.codes, card.pooling, card.max_length, card.overlap, card.temperature, card.shifts)
    return digest(files, *read)[:12]
