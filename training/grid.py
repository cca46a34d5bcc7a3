"""A grid of adapters: bases, prompt variants and endings crossed, each trained and measured (seed 000, table 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Protocol

from pydantic import ConfigDict, ValidationError

from intercoder.core.agent_settings import CoderSettings, Ending, Sampling
from intercoder.core.errors import IntercoderError
from intercoder.core.record import Record
from intercoder.formats.whole_files import whole_file
from intercoder.llms.adapters import read_adapter
from intercoder.training.candidates import Way, candidates

METRICS = "metrics.json"
"""Beside the card of a cell that is done."""
PROMPTS = (
    "explicit_instruction",
    "informal_request",
    "expert_angle",
    "impersonalization",
    "simplified_task",
    "detailed_explanation",
)
"""Prompt variants in the order of the seed's table 7."""
ENDINGS: tuple[Ending, ...] = ("line_break", "full_stop")
"""In the order of that table."""

Event = dict[str, Any]
Listener = Callable[[Event], None]


class Measured(Record):
    """A cell's columns of the seed's table 7, over the held-out items. nan where undefined."""

    model_config = ConfigDict(ser_json_inf_nan="strings")

    precision: float
    precision_std: float
    recall: float
    recall_std: float
    f1: float
    f1_std: float
    rouge1: float
    rouge2: float
    rougeL: float
    items: int
    empty: int
    """Items that it found nothing to code on; misses, as failures are."""
    failures: int


class Result(Record):
    """A cell: what became of it."""

    coder: CoderSettings
    """Base, prompt, ending and the name of the adapter."""
    adapter: Path
    """Its folder; there is one unless the cell failed."""
    measured: Measured | None = None
    kept: bool = False
    """Whether it was there from an earlier call."""
    problem: str = ""
    """Why it failed; empty for a cell that is done."""


class _Kept(Record):
    """What stands in a finished cell."""

    model_config = ConfigDict(ser_json_inf_nan="strings")

    key: str
    """Hash of what it was trained and measured on, and how."""
    adapter: str
    """Digest of the adapter that was measured."""
    measured: Measured


class Cells(Protocol):
    """What a grid does in each cell."""

    def key(self, coder: CoderSettings) -> str:
        """Hash of all that determines a cell's figures beside its adapter."""

    def train(self, coder: CoderSettings, out: Path) -> None:
        """Train the adapter into a folder, or find it there; gone on with where it was stopped."""

    def measure(self, coder: CoderSettings, adapter: Path) -> Measured:
        """Have the coder with its adapter code the held-out items."""


def cells(
    bases: Sequence[str], prompts: Sequence[str], endings: Sequence[Ending], *, shots: int, sampling: Sampling
) -> list[CoderSettings]:
    """The coders of a grid in the order of the seed's table: by prompt, then ending, then base."""
    order = [*(name for name in PROMPTS if name in prompts), *(name for name in prompts if name not in PROMPTS)]
    crossed = product(dict.fromkeys(order), [one for one in ENDINGS if one in endings], dict.fromkeys(bases))
    asked = [(base, [Way(prompt=prompt, shots=shots, ending=ending)]) for prompt, ending, base in crossed]
    return [one.coder for one in candidates(asked, sampling)]


def run_grid(
    coders: Sequence[CoderSettings],
    work: Cells,
    out: Path,
    *,
    new: bool = False,
    listen: Listener = lambda event: None,
) -> Iterator[Result]:
    """Train and measure each cell; what is finished is kept, what was stopped goes on.

    Cells of one base are worked one after the other, so that its weights are loaded seldom. A cell that fails does
    not stop the others.

    Args:
        coders: The cells, see `cells`.
        work: What is done in each.
        out: Folder in which each adapter gets a folder of its own, under its coder's name.
        new: Work finished cells too.
        listen: Told which cell is begun.

    Yields:
        Each cell as it is done, in the order in which they are worked.
    """
    bases = list(dict.fromkeys(coder.model for coder in coders))
    ordered = sorted(coders, key=lambda coder: bases.index(coder.model))
    for place, coder in enumerate(ordered):
        listen({"kind": "cell", "name": coder.name, "done": place, "total": len(ordered)})
        yield _cell(coder, work, out / coder.name, new=new)


def in_order(results: Sequence[Result], coders: Sequence[CoderSettings]) -> list[Result]:
    """Results in the order of the cells."""
    places = {coder.name: place for place, coder in enumerate(coders)}
    return sorted(results, key=lambda one: places[one.coder.name])


def _cell(coder: CoderSettings, work: Cells, folder: Path, *, new: bool) -> Result:
    result = Result(coder=coder, adapter=folder)
    try:
        key = work.key(coder)
        if not new and (known := _finished(folder, key)) is not None:
            return result.model_copy(update={"measured": known, "kept": True})
        work.train(coder, folder)
        measured = work.measure(coder, folder)
        kept = _Kept(key=key, adapter=read_adapter(folder).digest, measured=measured)
        with whole_file(folder / METRICS) as stream:
            stream.write(kept.model_dump_json(indent=1) + "\n")
    except IntercoderError as error:
        return result.model_copy(update={"problem": str(error)})
    except Exception as error:  # whatever it was, the other cells go on
        return result.model_copy(update={"problem": f"{type(error).__name__}: {error}"})
    return result.model_copy(update={"measured": measured})


def _finished(folder: Path, key: str) -> Measured | None:
    """The figures of a cell that was trained and measured in the same way; None for any other."""
    try:
        kept = _Kept.model_validate_json((folder / METRICS).read_bytes())
        same = kept.key == key and kept.adapter == read_adapter(folder).digest
    except (OSError, ValidationError, IntercoderError):
        return None
    return kept.measured if same else None
