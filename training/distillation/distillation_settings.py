"""How a classifier is distilled: every number in one frozen record, read from TOML and from the command line."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError

from intercoder.core.errors import SettingsError
from intercoder.core.record import Record
from intercoder.core.study import DEFAULT_EMBEDDING
from intercoder.training.distillation.classifier_settings import ClassifierSettings
from intercoder.training.settings import read_toml

_Share = Annotated[float, Field(ge=0, lt=1)]


class GridSettings(Record):
    """What a grid crosses (seed 001)."""

    model_config = ConfigDict(allow_inf_nan=False)

    shares: tuple[_Share, ...] = Field(default=(0.0, 0.2, 0.5, 0.8, 0.95), min_length=1)
    """Of written segments. With none of them, temperature and filter make no difference and are not crossed."""
    totals: tuple[Annotated[int, Field(ge=2)], ...] = ()
    """Sizes of the training set; none: half as many as people coded for training, as many, twice as many."""
    temperatures: tuple[Annotated[float, Field(ge=0, le=2)], ...] = Field(default=(0.3, 0.7, 1.0), min_length=1)
    filters: tuple[Annotated[int, Field(ge=0, le=20)], ...] = Field(default=(0, 3), min_length=1)
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**31)], ...] = Field(default=(0, 1, 2), min_length=1)


class DistillationSettings(Record):
    """Settings of one distillation. Share, temperatures and filter are what the seed varied (seed 001)."""

    model_config = ConfigDict(allow_inf_nan=False)

    share: float = Field(default=0.8, ge=0, lt=1)
    """Of written segments in the training set; the seed's best."""
    total: int = Field(default=0, ge=0)
    """Segments in the training set; 0 takes all that people coded and as many written ones as the share makes."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """Of the synthesizer; by default the one in the study's settings."""
    filter: int = Field(default=0, ge=0, le=20)
    """How often the coder must repeat a written segment's label for it to be kept; 0 keeps all."""
    seed: int = Field(default=0, ge=0, lt=2**31)
    """Of the draw of people's segments, of writing and of training."""
    development: float = Field(default=0.2, ge=0, le=1)
    """Share of people's segments to choose with: when to stop, how sure to be, the cascade's bound."""
    held_out: float = Field(default=0.25, ge=0, le=1)
    """Share of people's segments that only the final figures are measured on."""
    by: str = ""
    """Attribute whose values are kept together in one part; empty: documents are."""
    split_seed: int = Field(default=0, ge=0, lt=2**31)
    """Of the split, which stays the same for all other seeds."""
    fewest: int = Field(default=10, ge=3)
    """Segments that people must have given a code to, and as many that they refused it, for it to be learnt."""
    target: float = Field(default=0.9, gt=0, le=1)
    """Agreement with people that the cascade's bound is chosen for."""
    encoder: str = DEFAULT_EMBEDDING
    """The model that is fine-tuned."""
    resamples: int = Field(default=1000, ge=100)
    """Of the bootstrap."""
    classifier: ClassifierSettings = ClassifierSettings()
    """How the encoder is fine-tuned."""
    grid: GridSettings = GridSettings()
    """What `--grid` varies in place of share, total, temperature, filter and seed."""


def read_settings(
    file: Path | None, given: Sequence[str] = (), options: Mapping[str, object] | None = None
) -> DistillationSettings:
    """Settings from a file, from `KEY=VALUE` words, which win over it, and from options, which win over both.

    Args:
        file: TOML with keys of `DistillationSettings` at its top; None for none.
        given: Words such as `held_out=0.3` and `classifier.epochs=4`; values are TOML.
        options: Options of the command line; those that are None were not given.

    Raises:
        SettingsError: The file cannot be read, a key is unknown, or a value is of the wrong kind.
    """
    values = read_toml(file, example="held_out = 0.3") if file is not None else {}
    for word in given:
        values = _merged(values, _of_word(word))
    values |= {name: value for name, value in (options or {}).items() if value is not None}
    where = str(file) if file is not None else "--set"
    classifier = values.get("classifier")
    if isinstance(classifier, dict) and "seed" in classifier:
        raise SettingsError(
            "`classifier.seed` is not set by itself: training has the seed of the distillation.",
            where=where,
            remedy="Leave it out, and give `--seed`; a grid takes `grid.seeds`.",
        )
    return _checked(values, where)


def _checked(values: Mapping[str, Any], where: str) -> DistillationSettings:
    try:
        return DistillationSettings.model_validate(dict(values))
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
    path = [str(part) for part in detail["loc"]]
    name = ".".join(path)
    if detail["type"] == "extra_forbidden":
        known = list(_fields(path[:-1]))
        near = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.5)
        remedy = f"Did you mean `{near[0]}`?" if near else f"There are: {', '.join(known)}."
        raise SettingsError(f"there is no setting `{name}`.", where=where, remedy=remedy)
    message = detail["msg"].removeprefix("Value error, ")
    shown = f", not {detail['input']!r}" if isinstance(detail["input"], str | int | float | bool) else ""
    raise SettingsError(
        f"`{name}`: {message[:1].lower()}{message[1:]}{shown}.",
        where=where,
        remedy="Mend it and run the command again.",
    )


def _fields(path: Sequence[str]) -> Mapping[str, Any]:
    """Names of the settings of a table."""
    kind: Any = DistillationSettings
    for part in path:
        if part in kind.model_fields and hasattr(kind.model_fields[part].annotation, "model_fields"):
            kind = kind.model_fields[part].annotation
    fields: Mapping[str, Any] = kind.model_fields
    return fields


def _of_word(word: str) -> dict[str, Any]:
    try:
        if "=" not in word or "\n" in word:
            raise ValueError
        return tomllib.loads(word)
    except ValueError:
        raise SettingsError(
            f"`{word}` is no setting.",
            where="--set",
            remedy="Write it as KEY=VALUE, such as `--set held_out=0.3` or `--set classifier.epochs=4`.",
        ) from None


def _merged(values: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Values with others in their place, table by table."""
    merged = dict(values)
    for name, value in more.items():
        before = merged.get(name)
        merged[name] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged
