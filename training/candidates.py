"""Candidates for the ensemble: models asked zero-shot, with worked examples, or with a LoRA adapter.

Seed 000, section 4.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path, PurePath
from typing import Literal, TypeAlias

from intercoder.core.agent_settings import CoderSettings, Ending, Sampling
from intercoder.core.errors import InputError
from intercoder.core.identity import digest
from intercoder.core.record import Record
from intercoder.llms.references import parse_reference

Adaptation: TypeAlias = Literal["zero-shot", "few-shot", "LoRA"]
MOST_SHOTS = 5
NAME_LENGTH = 64

_UNNAMEABLE = re.compile(r"[^\w.+-]+")


class Way(Record):
    """A way of asking: a prompt variant, worked examples, how the instruction ends."""

    prompt: str
    shots: int
    ending: Ending


class Candidate(Record):
    """A coder that may be chosen."""

    coder: CoderSettings
    adaptation: Adaptation

    @property
    def name(self) -> str:
        """The coder's name."""
        return self.coder.name


def ways(prompts: Sequence[str], shots: Sequence[int], endings: Sequence[Ending]) -> list[Way]:
    """All ways of asking, those with fewer worked examples first."""
    return [
        Way(prompt=prompt, shots=number, ending=ending)
        for number, prompt, ending in product(sorted(set(shots)), prompts, endings)
    ]


def candidates(
    models: Iterable[tuple[str, Sequence[Way]]], sampling: Sampling, taken: Iterable[str] = ()
) -> list[Candidate]:
    """One candidate for each model and way of asking it.

    Args:
        models: References, those with an adapter too, each with the ways in which it is asked.
        sampling: How all of them draw their answers.
        taken: Names that no coder may have, such as the moderators'.

    Returns:
        Candidates in the order given; the same one twice is one. Names tell model or adapter, prompt and shots.

    Raises:
        ModelError: A reference cannot be read.
    """
    found: dict[str, Candidate] = {}
    used = set(taken)
    for reference, asked in models:
        for way in asked:
            settings = way.model_dump()
            same = digest(reference, settings)
            if same in found:
                continue
            name = _name(reference, way, used)
            used.add(name)
            coder = CoderSettings(name=name, model=reference, sampling=sampling, **settings)
            found[same] = Candidate(coder=coder, adaptation=_adaptation(reference, way))
    return list(found.values())


def read_shots(text: str) -> list[int]:
    """Numbers of worked examples as they are typed: `0-5`, `0,2,4` or `3`.

    Raises:
        InputError: It is none of these, or a number is not 0 to 5.
    """
    try:
        found = sorted({number for part in text.split(",") for number in _range(part)})
    except ValueError:
        found = []
    if not found or found[-1] > MOST_SHOTS:
        raise InputError(
            f"{text!r} says no numbers of worked examples.",
            where="--shots",
            remedy=f"Give numbers from 0 to {MOST_SHOTS}, such as 0-5 or 0,2,4.",
        )
    return found


def _range(part: str) -> Iterator[int]:
    first, dash, last = part.strip().partition("-")
    yield from range(int(first), int(last if dash else first) + 1)


def _adaptation(reference: str, way: Way) -> Adaptation:
    if parse_reference(reference).adapter:
        return "LoRA"
    return "few-shot" if way.shots else "zero-shot"


def _name(reference: str, way: Way, used: set[str]) -> str:
    """A name that no other candidate has; it depends on nothing but the candidate, unless two would be alike."""
    parsed = parse_reference(reference)
    stem = _UNNAMEABLE.sub("-", PurePath(parsed.adapter or parsed.name).name) or parsed.backend
    asked = _UNNAMEABLE.sub("-", way.prompt)
    tail = f"-{asked}-{way.shots}{'-br' if way.ending == 'line_break' else ''}"[: NAME_LENGTH - 8]
    name = f"{stem[: NAME_LENGTH - len(tail)]}{tail}"
    if name not in used:
        return name
    mark = f"-{digest(reference, way.model_dump())[:6]}"
    return f"{name[: NAME_LENGTH - len(mark)]}{mark}"


def placed(reference: str, folder: Path) -> str:
    """The reference as study.toml has it: an adapter that lies in the study's folder is named relative to it."""
    model, mark, adapter = reference.partition("#")
    if not mark or reference.startswith("openai:"):
        return reference
    whole = Path(adapter).expanduser().absolute().resolve()
    inside = whole.is_relative_to(folder.resolve())
    return f"{model}#{whole.relative_to(folder.resolve()) if inside else whole}"
