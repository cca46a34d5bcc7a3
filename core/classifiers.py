"""A study's classifiers: small encoders that learnt codes, and the card that says what each is (seed 001).

A classifier is a folder `classifiers/NAME` of its study: the encoder's weights and tokenizer, its head, and
`card.json`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field, JsonValue, ValidationError

from intercoder.core.classifier_results import Head
from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_diff import affected
from intercoder.core.errors import ModelError
from intercoder.core.identity import digest, plain
from intercoder.core.record import AttributeValue, Record

__all__ = [
    "CARD",
    "CLASSIFIERS",
    "ClassifierCard",
    "Head",
    "Pooling",
    "TrainedOn",
    "classifier_folder",
    "group_keys",
    "read_card",
    "text_key",
]

Pooling: TypeAlias = Literal["mean", "first"]
"""What of the encoder's output the head sees: the mean over tokens, or the first token's."""

CLASSIFIERS = "classifiers"
"""Folder of a study in which each classifier has a folder under its name."""
CARD = "card.json"
README = "README.md"


class TrainedOn(Record):
    """What a classifier was made of; told by whoever made its training set."""

    book: Codebook
    """The codebook as it was then: codes that it shows otherwise now are not known to the classifier any more."""
    sample: str = ""
    """Sample whose codings were used; empty for all that people coded."""
    by: str = "document"
    """What was kept together when people's codes were split: the document, or an attribute's name."""
    people: tuple[str, ...] = ()
    """Who coded."""
    human: int = 0
    """People's segments that were learnt from."""
    synthetic: int = 0
    """Written segments that were learnt from."""
    development: int = 0
    """People's segments for early stopping, scaling and the cascade's bound."""
    held_out: int = 0
    """People's segments that were kept to measure on."""
    undecided: int = 0
    """Decisions left out because people were unsure or evenly divided."""
    synthesizer: str = ""
    """Reference of the model that wrote segments."""
    temperature: float | None = None
    """At which it wrote."""
    filter: int = 0
    """How often a written segment's label had to be repeated; 0 without the filter."""
    learnt_documents: tuple[str, ...] = ()
    """Ids of the documents learnt from or chosen with: nothing is measured on them."""
    learnt_texts: tuple[str, ...] = ()
    """`text_key` of what was learnt from or chosen with: the same text elsewhere is not measured on either."""
    learnt_groups: tuple[str, ...] = ()
    """`group_keys` of it, where an attribute kept documents together: nor are other documents of these values."""


class ClassifierCard(Record):
    """All that is known of a classifier, beside its weights."""

    name: str
    head: Head
    codes: tuple[str, ...] = Field(min_length=1)
    """Ids of the codes, in the order of the head's outputs."""
    encoder: str
    """Reference of the encoder that was fine-tuned."""
    pooling: Pooling
    max_length: int = Field(ge=8)
    """Most tokens that the encoder reads at once."""
    overlap: int = Field(default=-1, ge=-1)
    """Tokens that two windows over a longer segment share; -1 where longer ones are cut off."""
    truncated: float = 0.0
    """Share of the training and development segments that are longer than `max_length`, 0 to 1."""
    temperature: float = Field(default=1.0, gt=0)
    """By which logits are divided, fitted on the development part."""
    shifts: tuple[float, ...] = ()
    """Added to each code's logit after that; empty for none."""
    scaled_on: int = 0
    """Decisions of the development part that these were fitted on."""
    confidence: float = Field(default=0.8, ge=0)
    """In a cascade the language model decides where the classifier is less confident than this; above 1 always."""
    confidence_for: str = ""
    """Reference of the language model for which that bound was chosen; empty where none was chosen."""
    digest: str
    """Of weights, head, codes and scaling, 12 hexadecimal characters: a classifier trained anew has another."""
    data: TrainedOn
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    """How it was trained."""
    key: str = ""
    """Hash of all that determines the training."""
    steps: int = 0
    kept_step: int = 0
    """The step whose weights are kept: the best one on the development part, 0 for those it began with; without a
    development part the last."""
    stopped: Literal["end", "early"] = "end"
    losses: dict[str, float] = Field(default_factory=dict)
    """Mean negative log-likelihood of the development part in nats: `before` and `after` learning, both scaled, and
    of the classifier as it runs `unscaled` and `scaled`. Weighted, of the training's `first` and `last` step."""
    seconds: float = 0.0
    versions: dict[str, str] = Field(default_factory=dict)

    @property
    def labels(self) -> dict[str, str]:
        """Code id -> label as it was then, in the order of the outputs."""
        known = {code.id: code.label for code in self.data.book.codes}
        return {code_id: known.get(code_id, code_id) for code_id in self.codes}

    def knows(self, book: Codebook) -> frozenset[str]:
        """Ids of a book's codes that the classifier decides about: learnt, and shown now as they were then.

        Of an exclusive book it knows all codes or none.
        """
        changed = affected(self.data.book, book)
        known = frozenset(code.id for code in book.leaves if code.id in self.codes and code.id not in changed)
        whole = all(code.id in known for code in book.leaves)
        return known if not book.exclusive or (whole and self.head == "one_of_k") else frozenset()

    def unknown(self, book: Codebook) -> tuple[Code, ...]:
        """The book's codes that a reader has to decide about and the classifier does not know."""
        known = self.knows(book)
        return tuple(code for code in book.leaves if code.kind == "model" and code.id not in known)


def text_key(text: str) -> str:
    """A name of a text, white space and case aside: 16 hexadecimal characters."""
    return digest(plain(text))[:16]


def group_keys(attributes: Mapping[str, AttributeValue], by: Iterable[str]) -> set[str]:
    """Names of the groups that a segment's attributes put it into, 16 hexadecimal characters each.

    Args:
        attributes: The segment's. Those without a value make no group.
        by: Names of those that count.
    """
    values = ((name, attributes.get(name)) for name in by)
    return {digest(name, value)[:16] for name, value in values if value not in (None, "")}


def classifier_folder(classifiers: Path, name: str) -> Path:
    """The folder of a study's classifier.

    Args:
        classifiers: The study's folder of classifiers.
        name: As settings give it.

    Raises:
        ModelError: The name could lead elsewhere.
    """
    if name != Path(name).name or "\\" in name or name.startswith("."):
        raise ModelError(
            f"{name!r} cannot be the name of a classifier.",
            where=str(classifiers),
            remedy="Name a folder of it, without slashes and without a dot at its beginning.",
        )
    return classifiers / name


def read_card(folder: Path) -> ClassifierCard:
    """The card of a classifier.

    Args:
        folder: The classifier's.

    Raises:
        ModelError: There is no classifier, or its card cannot be read.
    """
    file = folder / CARD
    if not file.is_file():
        here = folder.parent
        others = sorted(one.parent.name for one in here.glob(f"*/{CARD}") if not one.parent.name.startswith("."))
        raise ModelError(
            "There is no such classifier.",
            where=str(folder),
            remedy=f"There are: {', '.join(others)}." if others else "Make one with `intercoder distill`.",
        )
    try:
        return ClassifierCard.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise ModelError(
            "The classifier's card cannot be read.",
            where=str(file),
            remedy="Distill it anew, with `--new`.",
        ) from error
