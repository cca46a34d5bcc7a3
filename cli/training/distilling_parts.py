"""What a distillation would be made of, before anything is called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from intercoder.core.shown import counted

if TYPE_CHECKING:
    from intercoder.training.distillation.material import Material


def parts_lines(material: Material, number: int, *, grid: bool) -> Iterator[str]:
    """In sentences; `number` is of segments that would be written."""
    from intercoder.evals.classifiers.uneven_draws import uneven_notes
    from intercoder.training.distillation.measuring import part_sizes

    parts, codes = material.parts, ", ".join(code.label for code in material.codes)
    undecided = material.data.undecided
    left = f", {counted(undecided, 'decision')} undecided and not learnt" if undecided else ""
    yield f"{codes}: {counted(len(material.data.items), 'segment')} that people coded{left}."
    kept = material.settings.by or "document"
    yield (
        f"Kept together by {kept}: {len(parts.training):,} to learn from, {len(parts.development):,} to choose "
        f"with, {len(parts.held_out):,} held out."
    )
    yield from uneven_notes(part_sizes(material))
    if grid:
        from intercoder.training.distillation.grid_cells import cells_of

        yield f"{counted(len(cells_of(material)), 'cell')}, each trained and measured."
    again = "; more calls follow for what is dropped as a near-duplicate" if number else ""
    yield f"{counted(number, 'segment')} would be written{again}."


def parts_told(material: Material, number: int, *, grid: bool) -> dict[str, object]:
    """As an object for programs."""
    from intercoder.training.distillation.grid_cells import cells_of
    from intercoder.training.distillation.measuring import part_sizes

    return {
        "kind": "parts",
        "codes": [code.label for code in material.codes],
        **part_sizes(material).model_dump(),
        "cells": len(cells_of(material)) if grid else 1,
        "written": number,
    }
