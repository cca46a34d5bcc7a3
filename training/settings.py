"""How an adapter is trained: every number in one frozen record, read from TOML and from the command line."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from intercoder.core.errors import SettingsError
from intercoder.core.record import Record


class LoraSettings(Record):
    """Settings of one training. Rank, alpha, dropout and targets are the seed's (seed 000, appendix E).

    The seed names no others; those are usual ones.
    """

    rank: int = Field(default=16, ge=1, le=1024)
    alpha: float = Field(default=32, gt=0)
    dropout: float = Field(default=0.05, ge=0, lt=1)
    targets: tuple[str, ...] = Field(default=("gate_proj", "up_proj", "down_proj"), min_length=1)
    """Kinds of linear layers that are adapted."""
    learning_rate: float = Field(default=2e-4, gt=0)
    """The highest; it rises over the warmup and falls to 0 on a straight line."""
    warmup: float = Field(default=0.05, ge=0, lt=1)
    """Share of the steps."""
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    epochs: float = Field(default=3.0, gt=0)
    max_steps: int = Field(default=0, ge=0)
    """Steps in all, whatever `epochs` says; 0 for none."""
    batch_size: int = Field(default=8, ge=1)
    """Texts that are in memory at the same time, each with all codes that people gave it."""
    accumulation: int = Field(default=1, ge=1)
    """Batches to one step: a step learns from `batch_size * accumulation` texts."""
    max_length: int = Field(default=1024, ge=16)
    """Most tokens of a prompt with its answer; longer ones are dropped and listed."""
    held_out: float = Field(default=0.15, ge=0, lt=1)
    """Share of the documents that is kept to measure on; 0 keeps none and stops for nothing."""
    patience: int = Field(default=3, ge=0)
    """Measurements in a row without gain after which training stops; 0 never stops it."""
    checkpoint_every: int = Field(default=0, ge=0)
    """Steps between checkpoints, which are measured on the held-out part; 0 makes ten in all."""
    dtype: Literal["auto", "bfloat16", "float32"] = "auto"
    """Type of the base's numbers; `auto` is the one that is fastest here. The adapter's are float32."""
    seed: int = Field(default=0, ge=0, lt=2**32)

    @property
    def texts_a_step(self) -> int:
        """How many texts one step learns from."""
        return self.batch_size * self.accumulation


def read_settings(file: Path | None, given: Sequence[str] = ()) -> LoraSettings:
    """Settings from a file and from `KEY=VALUE` words, which win over the file.

    Args:
        file: TOML with keys of `LoraSettings` at its top; None for none.
        given: Words such as `rank=8`; values are TOML.

    Raises:
        SettingsError: The file cannot be read, a key is unknown, or a value is of the wrong kind.
    """
    values = read_toml(file, example="rank = 8") if file is not None else {}
    for word in given:
        values |= _of_word(word)
    return _checked(values, str(file) if file is not None else "--set")


def read_toml(file: Path, *, example: str) -> dict[str, Any]:
    """What a TOML file of a training says.

    Args:
        file: The file.
        example: A line as it should be, for errors.

    Raises:
        SettingsError: It cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(
            f"the file cannot be read: {error.strerror or error}.", where=str(file), remedy="Check the name."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"this is not valid TOML: {error}.", where=str(file), remedy=f"Write lines such as `{example}`."
        ) from error


def _of_word(word: str) -> dict[str, Any]:
    key, equals, value = word.partition("=")
    try:
        if not equals:
            raise ValueError
        return {key.strip(): tomllib.loads(f"value = {value}")["value"]}
    except ValueError:
        raise SettingsError(
            f"`{word}` is no setting.", where="--set", remedy="Write it as KEY=VALUE, such as `--set rank=8`."
        ) from None


def _checked(values: dict[str, Any], where: str) -> LoraSettings:
    try:
        return LoraSettings.model_validate(values)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, LoraSettings.model_fields, n=1, cutoff=0.5)
        known = f"Did you mean `{near[0]}`?" if near else f"There are: {', '.join(LoraSettings.model_fields)}."
        raise SettingsError(f"there is no setting `{name}`.", where=where, remedy=known)
    raise SettingsError(
        f"`{name}`: {detail['msg'][:1].lower()}{detail['msg'][1:]}, not {detail['input']!r}.",
        where=where,
        remedy="Mend it and run the command again.",
    )
