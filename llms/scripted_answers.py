"""What a scripted model says: values that a schema allows, made from the material by rule."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from intercoder.core.identity import digest

FEWEST_WORDS = 3
"""Texts with fewer words get an empty answer: "nothing to code"."""
TELLING = 4
"""Letters from which a word is taken to say something."""

_WORD = re.compile(r"[^\W\d_]+")
_HEAD = re.compile(r"^[A-Z][A-Za-z ]*: ", re.MULTILINE)
_QUOTED_WORDS = 6
_REASON = "These are the longest words of the text."
_STRAYS = 8
"""It decides against its rule for one text in so many."""


def filled(schema: Mapping[str, Any], key: str, material: Mapping[str, str], seed: int | None) -> Any:
    """A value that the schema allows, made from the material. `key` is the property it stands under."""
    if "anyOf" in schema:
        return filled(schema["anyOf"][0], key, material, seed)
    kind = schema.get("type")
    if kind == "object":
        properties: Mapping[str, Any] = schema.get("properties", {})
        return {name: filled(inner, name, material, seed) for name, inner in properties.items()}
    if kind == "array":
        return [filled(schema["items"], key, material, seed)] if _codable(material) else []
    if "enum" in schema:
        return _chosen(schema["enum"], key, material, seed)
    if kind == "string":
        return _string(key, material, seed)[: schema.get("maxLength")]
    return {"integer": 0, "number": 0.0, "boolean": False}.get(str(kind))


def _string(key: str, material: Mapping[str, str], seed: int | None) -> str:
    text = material.get("text", "")
    if key == "text":
        return _holding(material["words"], seed) if "words" in material else _closing(text)
    if key == "label":
        return _first_suggestion(material)[1] or label(text, seed)
    return _opening(text) if key == "quote" else _REASON


def _holding(words: str, seed: int | None) -> str:
    """The words that a text is to hold, with a number that makes it another one."""
    first, *rest = words.split(", ")
    return " ".join([first, str(draw(100_000, words, seed)), *rest])


def _chosen(options: Sequence[Any], key: str, material: Mapping[str, str], seed: int | None) -> Any:
    """One of the answers that a schema lists."""
    text = material.get("text", "")
    name, said = _first_suggestion(material)
    if key == "decision":
        kept = [option for option in options if said.startswith(f"{option}.")]
        return kept[0] if kept else _decision(options, material, seed)
    if key == "kind":
        return options[draw(len(options), text, seed)]
    return name if name in options else options[0]


def _decision(options: Sequence[str], material: Mapping[str, str], seed: int | None) -> str:
    """About one code, Yes where text and code share a word; among several the one whose label shares most."""
    text, code = material.get("text", ""), _HEAD.sub("", material.get("codebook", ""))
    words = _telling(text)
    if "Yes" in options:
        rule, other = ("Yes", "No") if words & _telling(code) else ("No", (*options, "Yes")[2])
        return other if draw(_STRAYS, text + code, seed) == 0 else rule
    best = max(options, key=lambda option: len(words & _telling(option)))
    return best if words & _telling(best) else options[draw(len(options), text, seed)]


def _telling(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text) if len(word) >= TELLING}


def _closing(text: str) -> str:
    """The last words of the text's first line, verbatim; without a sign that it was cut."""
    first, _, _ = text.removesuffix("…").partition("\n")
    words = list(re.finditer(r"\S+", first.removesuffix("…").rstrip()))[-_QUOTED_WORDS:]
    return first[words[0].start() : words[-1].end()] if words else ""


def _codable(material: Mapping[str, str]) -> bool:
    if "suggestions" in material:
        return bool(_first_suggestion(material)[1])
    return len(_WORD.findall(material.get("text", ""))) >= FEWEST_WORDS


def _first_suggestion(material: Mapping[str, str]) -> tuple[str, str]:
    """Coder's name and label of the first line `name: label`; empty strings where there is none."""
    for line in material.get("suggestions", "").splitlines():
        name, colon, label = line.partition(": ")
        if colon and label.strip():
            return name.strip(), label.strip()
    return "", ""


def label(text: str, seed: int | None) -> str:
    """Two or three of the text's longest words, in the order of the text; which ones depends on the seed."""
    words = list(dict.fromkeys(word.lower() for word in _WORD.findall(text)))
    longest = sorted(words, key=len, reverse=True)  # a stable sort: of equal words the earlier is first
    chosen = (longest[:2], longest[:2], longest[:3], longest[1:3])[draw(4, text, seed)]
    return " ".join(word for word in words if word in chosen) or "nothing"


def _opening(text: str) -> str:
    """The text's first words, verbatim."""
    words = list(re.finditer(r"\S+", text))[:_QUOTED_WORDS]
    return text[words[0].start() : words[-1].end()] if words else ""


def draw(sides: int, text: str, seed: int | None) -> int:
    """A number from 0 to `sides` - 1 that text and seed determine."""
    return int(digest(text, seed or 0)[:8], 16) % sides
