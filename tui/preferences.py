"""What a person likes to find again: the theme. Kept beside their other settings, not in a study."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from intercoder.core.record import Record
from intercoder.tui.theme import DARK, THEMES


class Preferences(Record):
    """How the UI looks for one person on this machine."""

    theme: str = DARK.name


def preferences_file() -> Path:
    """Where they are kept."""
    import platformdirs

    return platformdirs.user_config_path("intercoder") / "review.json"


def read_preferences(file: Path | None) -> Preferences:
    """The preferences; the usual ones where there are none or they cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        if file is not None:
            found = Preferences.model_validate(json.loads(file.read_text(encoding="utf-8")))
            return found if found.theme in {theme.name for theme in THEMES} else Preferences()
    return Preferences()


def write_preferences(file: Path | None, preferences: Preferences) -> None:
    """Keep them; where that is not possible they hold for this sitting."""
    with contextlib.suppress(OSError):
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(preferences.model_dump_json() + "\n", encoding="utf-8")
