"""Reading study.toml: settings from text, with errors that name the key and the nearest right one."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from intercoder.core.adapters import on_base
from intercoder.core.agent_settings import CoderSettings, ModeratorSettings
from intercoder.core.deductive_settings import Deduction, DeductiveCoderSettings
from intercoder.core.errors import SettingsError
from intercoder.core.study import Price, Study, study_id


def parse_study(text: str, where: str = "study.toml") -> Study:
    """Read settings from TOML.

    Args:
        text: The file's content.
        where: Name of the file, for errors.

    Raises:
        SettingsError: The TOML does not parse (line and column), a key is unknown (with the nearest right
            one), or a value is of the wrong type or out of range (with its dotted name).
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"this is not valid TOML: {error}.",
            where=where,
            remedy="Mend that line: text stands in quotation marks, and each key once in its table.",
        ) from None
    try:
        study = Study.model_validate(raw)
    except ValidationError as error:
        raise SettingsError(
            _explain(error), where=where, remedy="Mend the file and run the command again."
        ) from None
    return study if study.id else study.model_copy(update={"id": study_id(study.question)})


def with_adapters_of(study: Study, folder: Path) -> Study:
    """The study with relative adapter folders (`embedded:NAME#adapters/expert`) taken from its own folder."""

    def placed(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: placed(one, name) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [placed(one) for one in value]
        if key != "model":
            return value
        model, adapter = on_base(value)
        return f"{model}#{folder / Path(adapter).expanduser()}" if adapter else value

    return Study.model_validate(placed(study.model_dump()))


def _explain(error: ValidationError) -> str:
    problems = []
    for item in error.errors():
        name = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            problems.append(f"unknown key `{name}`; {_nearest(item['loc'])}")
        elif item["type"] == "missing":
            problems.append(f"`{name}` is missing.")
        else:
            message = item["msg"].removeprefix("Value error, ")
            given = item.get("input")
            shown = f", not {given!r}" if isinstance(given, str | int | float | bool) else ""
            place = f"`{name}`: " if name else ""
            problems.append(f"{place}{message[:1].lower()}{message[1:]}{shown}.")
    return " ".join(problems)


def _nearest(location: Sequence[str | int]) -> str:
    """The known key of the same table that is most like the unknown one."""
    known = _keys_at(location[:-1])
    close = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
    return f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(known)}."


def _keys_at(path: Sequence[str | int]) -> list[str]:
    model: Any = Study
    tables: dict[tuple[type[BaseModel], str], type[BaseModel]] = {
        (Study, "coders"): CoderSettings,
        (Study, "moderators"): ModeratorSettings,
        (Study, "prices"): Price,
        (Deduction, "coders"): DeductiveCoderSettings,
    }
    for part in path:
        if isinstance(part, int):
            continue
        if (model, part) in tables:
            model = tables[model, part]
        elif isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            model = model.model_fields[part].annotation
    if isinstance(model, type) and issubclass(model, BaseModel):
        return list(model.model_fields)
    return []
