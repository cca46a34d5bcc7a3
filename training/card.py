"""What an adapter was made of, and how good it is: beside its weights, for programs and for people."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from intercoder.core.adapters import CARD, DataCard
from intercoder.core.agent_settings import Ending
from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.core.shown import counted
from intercoder.training.settings import LoraSettings

README = "README.md"


class Losses(Record):
    """Mean loss of a code's tokens, in nats; None where it was not measured."""

    held_out_before: float | None = None
    held_out_after: float | None = None
    first_step: float | None = None
    last_step: float | None = None


class Card(Record):
    """All that is known of an adapter."""

    name: str
    base: str
    """Reference of the model it belongs to."""
    prompt: str
    prompt_hash: str
    shots: int
    ending: Ending
    question: str
    max_codes: int
    data: DataCard
    settings: LoraSettings
    key: str
    """Hash of all that determines the training."""
    steps: int
    """Steps that were done."""
    kept_step: int
    """The step whose weights are kept: the best one on the held-out part, else the last."""
    stopped: str
    """`end`, or `early` where the held-out loss fell no more."""
    losses: Losses
    trainable: int
    """Numbers that were learnt."""
    dtype: str
    seconds: float
    """Time of the process that ended the training; a resumed one counts its own part."""
    versions: dict[str, str]

    def coder_lines(self, adapter: Path) -> list[str]:
        """The coder as study.toml has it, with the adapter's place as it is given here."""
        return [
            "[[coders]]",
            f"name = {_quoted(self.name)}",
            f"model = {_quoted(f'{self.base}#{adapter}')}",
            f"prompt = {_quoted(self.prompt)}",
            f"shots = {self.shots}",
            f'ending = "{self.ending}"',
        ]


def read_card(adapter: Path) -> Card | None:
    """The card of an adapter; None where there is none.

    Raises:
        InputError: It cannot be read.
    """
    file = adapter / CARD
    if not file.is_file():
        return None
    try:
        return Card.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise InputError(
            "the adapter's card cannot be read.", where=str(file), remedy="Train the adapter again."
        ) from error


def write_card(card: Card, adapter: Path) -> None:
    """Write the card in both forms."""
    (adapter / CARD).write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (adapter / README).write_text(as_markdown(card), encoding="utf-8")


def as_markdown(card: Card) -> str:
    """The card for people."""
    return "\n".join([*_head(card), "", *_data(card), "", *_quality(card), "", *_settings(card), ""])


def _head(card: Card) -> list[str]:
    return [
        f"# {card.name}",
        "",
        f"A LoRA adapter for `{card.base}` that labels passages as the people did whose codes it learnt from.",
        "",
        "```toml",
        *card.coder_lines(Path("adapters", card.name)),
        "```",
        "",
        f"Prompt `{card.prompt}` ({card.prompt_hash}), {counted(card.shots, 'worked example')}.",
        f"Question: {card.question or '(none)'}",
    ]


def _data(card: Card) -> list[str]:
    data = card.data
    dropped = ", ".join(f"{count:,} {fault}" for fault, count in sorted(data.dropped.items())) or "none"
    return [
        "## Data",
        "",
        f"- source: {data.source}",
        f"- SHA-256 of the pairs: `{data.digest}`",
        f"- {counted(data.pairs, 'pair')} of {counted(data.documents, 'document')}; dropped: {dropped}",
        f"- learnt from {data.training:,}, measured on {data.held_out:,} of other documents",
    ]


def _quality(card: Card) -> list[str]:
    losses = card.losses
    return [
        "## Measured",
        "",
        "| loss of a code's token | before | after |",
        "|---|---|---|",
        f"| held-out part | {_shown(losses.held_out_before)} | {_shown(losses.held_out_after)} |",
        f"| training, first and last step | {_shown(losses.first_step)} | {_shown(losses.last_step)} |",
        "",
        f"{counted(card.steps, 'step')}, kept: step {card.kept_step}"
        f"{'; stopped early' if card.stopped == 'early' else ''}. {card.seconds:,.0f} s, {card.dtype}, "
        f"{card.trainable:,} numbers learnt.",
        "Whether the adapter's labels are better than the base model's is for `intercoder train select` to say.",
    ]


def _settings(card: Card) -> list[str]:
    values = [f"- {name}: {value}" for name, value in card.settings.model_dump(mode="json").items()]
    versions = [f"- {name}: {version}" for name, version in card.versions.items()]
    return ["## Settings", "", *values, "", "## Versions", "", *versions]


def _quoted(text: str) -> str:
    """A string as TOML has it, which is here as JSON has it."""
    return json.dumps(text, ensure_ascii=False)


def _shown(loss: float | None) -> str:
    return "not measured" if loss is None else f"{loss:.4f}"
