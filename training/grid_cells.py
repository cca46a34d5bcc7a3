"""What is done in a grid's cells: training on people's codes, and coding the documents that were held out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from intercoder.agents.means import Means
from intercoder.core.agent_settings import CoderSettings
from intercoder.core.errors import InputError
from intercoder.core.identity import digest
from intercoder.prompts.loader import load
from intercoder.training.candidates import Candidate
from intercoder.training.development_items import DevelopmentItem, items_of
from intercoder.training.grid import Measured
from intercoder.training.lora import Trained, train
from intercoder.training.scoring import Scored, score
from intercoder.training.selection_source import Source
from intercoder.training.settings import LoraSettings
from intercoder.training.trying import Tried
from intercoder.training.trying_all import ask_all

Event = dict[str, Any]
Train = Callable[..., Trained]


class GridCells:
    """Trains with `lora.train` and measures with the ordinary coder (see `grid.Cells`).

    Args:
        source: People's codes.
        settings: How adapters are trained; its share of the documents is held out and measured on.
        encoder: Folder of BERTScore's encoder; None leaves it undefined.
        new: Train all anew.
        listen: Told how training and coding go.
        trained: What trains.

    Raises:
        InputError: No document is held out.
    """

    def __init__(
        self,
        source: Source,
        settings: LoraSettings,
        *,
        encoder: Path | None,
        new: bool = False,
        listen: Callable[[Event], None] = lambda event: None,
        trained: Train = train,
    ) -> None:
        self._source, self._settings, self._encoder = source, settings, encoder
        self._new, self._listen, self._train = new, listen, trained
        held = source.pairs.split(settings.held_out, settings.seed).held_out
        self.items: list[DevelopmentItem] = items_of(source.pairs.model_copy(update={"pairs": held}))
        if not self.items:
            raise InputError(
                "a grid is measured on held-out documents, and none is held out.",
                where=source.pairs.source,
                remedy="Train on two documents or more, with `held_out` above 0.",
            )

    def key(self, coder: CoderSettings) -> str:
        """See `grid.Cells`."""
        study = self._source.study
        settings = self._settings.model_dump(mode="json")
        prompt = load(
            "coder", coder.prompt, shots=coder.shots, ending=coder.ending, folder=self._source.prompts
        ).hash
        encoder = self._encoder.name if self._encoder else ""
        asked = (study.question, study.coding.max_codes, prompt, coder.model_dump(mode="json"), encoder)
        return digest(self._source.pairs.digest, settings, *asked)

    def train(self, coder: CoderSettings, out: Path) -> None:
        """See `grid.Cells`."""
        study = self._source.study
        self._train(
            self._source.pairs,
            self._settings,
            coder=coder,
            means=Means.of_study(study, coder.model, prompts=self._source.prompts),
            out=out,
            max_codes=study.coding.max_codes,
            new=self._new,
            listen=self._listen,
        )

    def measure(self, coder: CoderSettings, adapter: Path) -> Measured:
        """See `grid.Cells`."""
        adapted = coder.model_copy(update={"model": f"{coder.model}#{adapter.absolute()}"})
        asked = [Candidate(coder=adapted, adaptation="LoRA")]
        tried = ask_all(self._source, asked, self.items, round_=1, listen=self._listen)[coder.name]
        scored = score(
            {coder.name: tried.labels},
            [item.references for item in self.items],
            embed=None,
            encoder=self._encoder,
        )
        return _measured(scored, coder.name, tried)


def _measured(scored: Scored, name: str, tried: Tried) -> Measured:
    parts = {part: f"bertscore_{part}" for part in ("precision", "recall", "f1")}
    return Measured(
        **{part: scored.mean(name, measure) for part, measure in parts.items()},
        **{f"{part}_std": scored.spread(name, measure) for part, measure in parts.items()},
        **{measure: scored.mean(name, measure) for measure in ("rouge1", "rouge2", "rougeL")},
        items=len(tried.labels),
        empty=tried.empty,
        failures=len(tried.failures),
    )
