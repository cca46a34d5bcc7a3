"""Texts that people coded, for `ensemble.py`: three sets, each with a part to tune on and a part kept aside.

Games as art: survey answers; a third by hash of the id is kept aside. PDPilot: passages of expert interviews; three
of the seven participants are kept aside. Restaurants: sentences of reviews whose references are what is reviewed,
the nearest thing to a code; the source's own test part is kept aside.
"""

from __future__ import annotations

import csv
import hashlib
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from intercoder.core.documents import Document, Segment, whole

DATA = Path(__file__).parents[2] / "shared" / "data"
"""Real texts beside the checkout; they are not part of the project."""
SAMPLE = 80
"""Texts drawn to tune on, of sets other than games."""
KEPT_ASIDE = 60
KEPT_PARTICIPANTS = ("P3", "P6", "P7")
SHORTEST = 4
"""Words below which a restaurant sentence is left out."""

Part: TypeAlias = Literal["tuning", "held_out"]


class Item(NamedTuple):
    """A text and what people coded in it."""

    segment: Segment
    references: tuple[str, ...]


class TextSet(NamedTuple):
    """One set of texts."""

    name: str
    question: str
    tuning: tuple[Item, ...]
    held_out: tuple[Item, ...]

    def part(self, name: Part) -> tuple[Item, ...]:
        """One of the two parts."""
        return self.tuning if name == "tuning" else self.held_out


def text_sets(folder: Path = DATA) -> tuple[TextSet, ...]:
    """All sets, always the same texts in the same order."""
    return games(folder), interviews(folder), restaurants(folder)


def games(folder: Path = DATA) -> TextSet:
    """Why games were art, with the codes of each answer."""
    tuning, held_out = [], []
    for row in _rows(folder / "games_as_art" / "responses.csv"):
        aside = int(hashlib.sha256(row["id"].encode()).hexdigest(), 16) % 3 == 0
        (held_out if aside else tuning).append(
            _item("games", row["id"], row["why_art"], row["human_codes"].split(";"))
        )
    return TextSet("games", "Why do players experience a video game as art?", tuple(tuning), tuple(held_out))


def interviews(folder: Path = DATA) -> TextSet:
    """Passages on a tool for explaining models, with all codes that a passage has."""
    codes: dict[tuple[str, str], list[str]] = {}
    for row in _rows(folder / "pdpilot_interviews" / "coded_segments.csv"):
        codes.setdefault((row["participant"], row["segment"]), []).append(row["code"])
    known = {
        key: _item("interviews", str(place), key[1], found) for place, (key, found) in enumerate(codes.items())
    }
    return TextSet(
        "interviews",
        "How do data scientists use and judge tools that explain models?",
        _drawn([item for key, item in known.items() if key[0] not in KEPT_PARTICIPANTS], SAMPLE),
        _drawn([item for key, item in known.items() if key[0] in KEPT_PARTICIPANTS], KEPT_ASIDE),
    )


def restaurants(folder: Path = DATA) -> TextSet:
    """Sentences of reviews, with the aspects they name and the kind of thing that is reviewed."""
    found: dict[str, list[Item]] = {"train": [], "test": []}
    for row in _rows(folder / "semeval2014_absa" / "restaurants.csv"):
        references = [*row["aspect_terms"].split(";"), *row["aspect_categories"].split(";")]
        references = [text for text in references if text.strip() and not text.strip().startswith("anecdotes")]
        if references and len(row["text"].split()) >= SHORTEST:
            found[row["split"]].append(_item("restaurants", row["sentence_id"], row["text"], references))
    return TextSet(
        "restaurants",
        "What do guests praise or criticise about restaurants?",
        _drawn(found["train"], SAMPLE),
        _drawn(found["test"], KEPT_ASIDE),
    )


def _item(source: str, key: str, text: str, references: Sequence[str]) -> Item:
    wanted = dict.fromkeys(" ".join(reference.split()) for reference in references)
    document = Document(name=f"{source}#{key}", source=source, key=key, text=text.strip())
    return Item(whole(document), tuple(reference for reference in wanted if reference))


def _drawn(items: Sequence[Item], number: int) -> tuple[Item, ...]:
    """So many of them, in their order."""
    places = sorted(random.Random(0).sample(range(len(items)), min(number, len(items))))
    return tuple(items[place] for place in places)


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
