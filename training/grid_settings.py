"""A grid as a file or the command line names it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field, ValidationError

from intercoder.core.agent_settings import Ending
from intercoder.core.errors import SettingsError
from intercoder.core.record import Record
from intercoder.training.grid import ENDINGS
from intercoder.training.settings import LoraSettings, read_toml

Endings: TypeAlias = Literal["full_stop", "line_break", "both"]


class Grid(Record):
    """What is crossed, and what all cells share."""

    bases: tuple[str, ...] = Field(min_length=1)
    """References of models without an adapter."""
    prompts: tuple[str, ...] | Literal["all"] = "all"
    endings: Endings = "both"
    shots: int = Field(default=0, ge=0, le=5)
    settings: LoraSettings = LoraSettings()

    @property
    def crossed_endings(self) -> Sequence[Ending]:
        """The endings that are crossed."""
        return ENDINGS if self.endings == "both" else (self.endings,)


def read_grid(file: Path, settings: LoraSettings) -> Grid:
    """Read a grid from TOML: `bases`, `prompts`, `endings`, `shots` and a table `[settings]`.

    Args:
        file: The file.
        settings: What holds where the file's `[settings]` say nothing.

    Raises:
        SettingsError: The file cannot be read, or is not such a grid.
    """
    raw = read_toml(file, example='bases = ["embedded:NAME"]')
    own = raw.get("settings", {})
    if isinstance(own, dict):
        raw["settings"] = settings.model_dump() | own
    try:
        return Grid.model_validate(raw)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in detail["loc"])
    raise SettingsError(
        f"`{name}`: {detail['msg'][:1].lower()}{detail['msg'][1:]}.",
        where=str(file),
        remedy=f"A grid has: {', '.join(Grid.model_fields)}; and [settings] what `--set` takes.",
    )
