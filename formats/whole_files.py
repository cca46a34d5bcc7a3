"""Writing a file so that a reader sees the old content or the new, never a part."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO, TextIO

from intercoder.core.errors import InputError


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Open a UTF-8 text file for writing; it gets its name when everything is written.

    Folders above it are made. If writing fails nothing is left, and a file of that name stays as it was. What is
    there but no regular file (`/dev/stdout`, a pipe) is written to directly.

    Args:
        path: The file; a link is followed.

    Raises:
        InputError: It is a directory, or cannot be written.
    """
    with _replaced(path, partial(Path.open, mode="w", encoding="utf-8", newline="")) as stream:
        yield stream


@contextmanager
def whole_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing bytes; as `whole_file` in all else.

    Raises:
        InputError: It is a directory, or cannot be written.
    """
    with _replaced(path, partial(Path.open, mode="wb")) as stream:
        yield stream


@contextmanager
def _replaced(path: Path, opened: Callable[[Path], IO[Any]]) -> Iterator[Any]:
    if path.is_dir():
        raise InputError("this is a directory.", where=str(path), remedy="Name the file to write.")
    target = path.resolve()
    if path.exists() and not path.is_file():
        with opened(path) as stream:
            yield stream
        return
    beside = target.with_name(f".{target.name}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened(beside) as stream:
            yield stream
        beside.replace(target)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise InputError(
            f"the file cannot be written: {error.strerror or error}.",
            where=str(path),
            remedy="Free some space or name another disk." if full else "Name a file in a folder you may write to.",
        ) from error
    finally:
        _remove(beside)


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError:
        return  # it could not be made either
