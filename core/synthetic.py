"""Synthetic segments: texts a model wrote for a code, to teach a classifier (seed 001). They are never data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import Field

from intercoder.core.codebook import Code
from intercoder.core.decisions import Provenance
from intercoder.core.documents import Document, Segment, whole
from intercoder.core.record import Record

Written: TypeAlias = Literal["yes", "no"]
"""`yes`: a text of the code; `no`: a hard negative, which looks like it and is not."""
Dropped: TypeAlias = Literal["", "human_overlap", "human_cosine", "synthetic_overlap", "synthetic_cosine", "prompt"]
"""Why a text is not used: too many words, or too near a meaning, in common with a human text or with another
synthetic one; or it copies the prompt. Empty for one that is kept."""


@dataclass(frozen=True)
class Wanted:
    """How many texts are wanted of a code."""

    code: Code
    value: Written
    count: int
    """From 0."""


class SyntheticSegment(Record):
    """One text that the synthesizer wrote, with where it comes from; also those that were dropped."""

    id: str
    """Begins with `y_`, which no segment of the study does."""
    origin: str
    """Digest of all that determines what is written of one code and value: wording, model, settings, examples."""
    code_id: str
    code_revision: int
    codebook_version: int
    value: Written
    call: int = Field(ge=0)
    """Which question about this code and value it answers."""
    text: str
    dropped: Dropped = ""
    like: str = ""
    """Id of the segment, human or synthetic, that it is too much like; empty where it is kept."""
    likeness: float = 0.0
    """Share of common words or cosine, whichever made it be dropped, rounded to 4 places."""
    examples: tuple[str, ...] = ()
    """Ids of the human segments that the synthesizer was shown."""
    temperature: float
    seed: int
    """Of the whole request."""
    provenance: Provenance = Provenance()

    @property
    def kept(self) -> bool:
        """Whether it may be learnt from."""
        return not self.dropped


def as_segment(written: SyntheticSegment) -> Segment:
    """A synthetic segment as coders are shown segments. It keeps its id, and is stored nowhere."""
    segment = whole(Document(name="synthetic", source="synthetic", key=written.id, text=written.text))
    return segment.model_copy(update={"id": written.id})


def fates(written: Iterable[SyntheticSegment]) -> Counter[Dropped]:
    """How many were dropped by reason; those kept stand under the empty reason."""
    return Counter(one.dropped for one in written)
