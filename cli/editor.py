"""Letting a person change a text in the editor of their choice."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from intercoder.core.errors import InputError

VARIABLES = ("VISUAL", "EDITOR")
USUAL = ("sensible-editor", "nano", "vi")


def edit_text(text: str, name: str, instead: str) -> str:
    """The text as a person leaves it in their editor.

    Args:
        text: The text.
        name: Name of the file that the editor shows, which also tells it the kind of text.
        instead: What can be done without an editor, one sentence.

    Raises:
        InputError: There is no editor, it fails, or what it leaves is not UTF-8.
    """
    command = _editor(instead)
    with tempfile.TemporaryDirectory(prefix="intercoder-") as folder:
        file = Path(folder) / name
        file.write_text(text, encoding="utf-8", newline="\n")
        try:
            ended = subprocess.run([*command, str(file)], check=False).returncode
        except OSError as error:
            raise InputError(
                f"the editor `{command[0]}` cannot be run: {error.strerror}.", where="EDITOR", remedy=instead
            ) from None
        if ended:
            raise InputError(
                f"the editor `{command[0]}` ended with {ended}; nothing was read.", where="EDITOR", remedy=instead
            )
        try:
            return file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise InputError("the edited text is not UTF-8.", remedy="Save it as UTF-8.") from None
        except OSError as error:
            raise InputError(f"the edited text is gone: {error.strerror}.", remedy=instead) from None


def _editor(instead: str) -> list[str]:
    """The command of the editor: what the environment names, else a usual one where somebody is at the keyboard."""
    for variable in VARIABLES:
        try:
            words = shlex.split(os.environ.get(variable, ""))
        except ValueError as error:
            raise InputError(
                f"the variable {variable} is no command: {error}.", where=variable, remedy="Mend it."
            ) from None
        if words:
            return words
    found = next(filter(None, map(shutil.which, USUAL)), None) if sys.stdin.isatty() else None
    if found is None:
        raise InputError("no editor is known.", where="EDITOR", remedy=f"Set EDITOR to one; or {instead}")
    return [found]
