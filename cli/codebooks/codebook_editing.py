"""A text in the person's own editor: nothing they type is lost, whatever is wrong with it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from intercoder.core.errors import InputError

Read = TypeVar("Read")

EDITORS = ("sensible-editor", "nano", "vim", "vi", "notepad")
"""What is tried where neither VISUAL nor EDITOR is set and a person is there."""


def edit_until_read(
    text: str, read: Callable[[Path], Read], again: Callable[[], bool], name: str = "codebook.yaml"
) -> Read | None:
    """Let a person edit a copy until it can be read.

    Args:
        text: What they begin with.
        read: Takes the copy in.
        again: Asks them whether they want to go on editing after an error; the error is printed before.
        name: Name of the copy.

    Returns:
        What became of it; None if they saved no change.

    Raises:
        InputError: The copy cannot be read and they gave up; the remedy says where it lies.
    """
    from intercoder.cli.output import print_error

    copy = Path(tempfile.mkdtemp(prefix="intercoder-")) / name
    copy.write_text(text, encoding="utf-8")
    while True:
        try:
            open_editor(copy)
            if copy.read_text(encoding="utf-8", errors="surrogateescape") == text:
                change = None
                break
            change = read(copy)
            break
        except InputError as error:
            kept = InputError(error.message, where=error.where, remedy=f"{error.remedy} Your text is kept: {copy}")
            print_error(kept)
            if not again():
                sys.exit(error.exit_code)
        except BaseException:
            print(f"Your text is kept: {copy}", file=sys.stderr)
            raise
    shutil.rmtree(copy.parent, ignore_errors=True)
    return change


def open_editor(file: Path) -> None:
    """Open a file in the person's editor and wait until it is closed.

    Raises:
        InputError: There is no editor, or it ended with an error.
    """
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not command and sys.stdin.isatty():
        command = next(filter(shutil.which, EDITORS), "")
    if not command:
        raise InputError("there is no editor.", where="EDITOR", remedy="Set it, such as `export EDITOR=nano`.")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InputError(f"`{command}` is no command: {error}.", where="EDITOR", remedy="Mend it.") from None
    try:
        done = subprocess.run([*words, str(file)], check=False)
    except OSError as error:
        raise InputError(
            f"the editor `{command}` cannot be started: {error.strerror}.",
            where="EDITOR",
            remedy="Set VISUAL or EDITOR to one that is there.",
        ) from None
    if done.returncode:
        raise InputError(
            f"the editor `{command}` ended with {done.returncode}.", where=str(file), remedy="Try again."
        )
