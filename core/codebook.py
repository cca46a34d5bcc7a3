"""Codes and codebooks. A code's id never changes; its label and wording may, in numbered revisions."""

from __future__ import annotations

from pydantic import Field

from intercoder.core.identity import digest, make_id
from intercoder.core.record import Record


class CodeExample(Record):
    """A quote that shows what a code means, and the segment it comes from."""

    text: str
    segment_id: str = ""


class Lineage(Record):
    """Where a code comes from: the decision that founded it, or the codes it was made of."""

    founded_by: str = ""
    """Segment whose answer first gave the label."""
    run: str = ""
    renamed_from: str = ""
    split_from: str = ""
    merged_from: tuple[str, ...] = ()


class Code(Record):
    """One code at one revision."""

    id: str
    label: str
    definition: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    examples: tuple[CodeExample, ...] = ()
    parent: str = ""
    revision: int = 1
    lineage: Lineage = Lineage()


class Codebook(Record):
    """A numbered, immutable version: codes in the order in which they were first assigned."""

    version: int
    codes: tuple[Code, ...] = ()
    run: str = ""
    """The run that made it; empty for one made by a person."""
    counts: dict[str, int] = Field(default_factory=dict)
    """Code id -> number of segments it is assigned to in that run."""

    @property
    def hash(self) -> str:
        """Digest of the codes' content; equal books have equal hashes whatever their number."""
        return digest([code.model_dump(mode="json") for code in self.codes])[:12]


def found_code(run: str, segment_id: str, label: str) -> str:
    """Id of a code founded by a label on a segment: deterministic, unique in the study."""
    return make_id("c", run, segment_id, label)
