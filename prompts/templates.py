"""Reading templates: a study's own file where there is one, ours elsewhere, and their placeholders."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Set
from pathlib import Path

from pydantic import ValidationError

from intercoder.core.errors import SettingsError
from intercoder.prompts.material import WorkedExample

BUNDLED = Path(__file__).parent
_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_]+)\s*\}\}")


def names(agent: str, folder: Path | None) -> list[str]:
    """Names of an agent's prompts, ours and the study's, sorted."""
    roots = [BUNDLED] if folder is None else [BUNDLED, folder]
    return sorted({path.stem for root in roots for path in (root / agent).glob("*.md")})


def find(relative: str, folder: Path | None) -> Path:
    """Where a template is read from: the study's folder if it has a file of that name, else ours."""
    if folder is not None and (folder / relative).is_file():
        return folder / relative
    return BUNDLED / relative


def unknown(agent: str, name: str, folder: Path | None) -> SettingsError:
    """The error for a prompt that does not exist; it lists those that do and the nearest."""
    known = names(agent, folder)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"Did you mean `{near[0]}`? " if near else ""
    return SettingsError(
        f"There is no {agent} prompt `{name}`.",
        where=f"prompts/{agent}/{name}.md",
        remedy=f"{hint}There are: {', '.join(known) or 'none'}.",
    )


def read(path: Path, *, required: Set[str], optional: Set[str] = frozenset()) -> str:
    """A template's text, its placeholders checked.

    Raises:
        SettingsError: The file cannot be read, lacks a required placeholder or has one nobody fills.
    """
    text = _text(path)
    found = set(_PLACEHOLDER.findall(text))
    allowed = required | optional
    listed = ", ".join(_braced(name) for name in sorted(allowed)) or "none"
    problems = [f"The template lacks the placeholder {_braced(name)}." for name in sorted(required - found)]
    problems += [f"Nothing fills the placeholder {_braced(name)}." for name in sorted(found - allowed)]
    if problems:
        raise SettingsError(problems[0], where=str(path), remedy=f"Its placeholders are: {listed}.")
    return text


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put values in their places, in one pass: braces inside a value mean nothing.

    A line whose only placeholder is filled with nothing disappears, so that an unset research question
    leaves no stump.
    """
    lines = []
    for line in template.split("\n"):
        wanted = _PLACEHOLDER.findall(line)
        if wanted and all(values.get(name) == "" for name in wanted):
            continue
        lines.append(_PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), line))
    return "\n".join(lines)


def read_examples(path: Path) -> tuple[WorkedExample, ...]:
    """The worked examples of a file of `[[example]]` tables.

    Raises:
        SettingsError: The file is not TOML, or an example lacks its text or answer.
    """
    try:
        tables = tomllib.loads(_text(path)).get("example", [])
        return tuple(WorkedExample.model_validate(table) for table in tables)
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        reason = str(error).splitlines()[0] if isinstance(error, tomllib.TOMLDecodeError) else _first(error)
        raise SettingsError(
            f"The worked examples cannot be read: {reason}.",
            where=str(path),
            remedy="Each is an [[example]] table with `text` and `answer`; compare the bundled file.",
        ) from error


def _braced(name: str) -> str:
    return "{{" + name + "}}"


def _first(error: ValidationError) -> str:
    detail = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").replace("\r\n", "\n").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The template cannot be read: {error}.", where=str(path), remedy="Save it as UTF-8 text."
        ) from error
