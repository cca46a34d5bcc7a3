"""Codes and codebooks. A code's id never changes; its label and wording may, in numbered revisions."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from intercoder.core.identity import digest, make_id
from intercoder.core.record import Record

CodeKind: TypeAlias = Literal["model", "pattern"]
"""Whether coders read for a code, or a regular expression finds it exactly (seed 002, section 4)."""


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
    negative_examples: tuple[CodeExample, ...] = ()
    """Quotes that look like the code and are not."""
    parent: str = ""
    kind: CodeKind = "model"
    pattern: str = ""
    """Regular expression of a code of kind `pattern`: it applies where the expression is found."""
    colour: str = ""
    """How people see it, `#rrggbb`; empty for one chosen on the screen. Coders are never shown it."""
    revision: int = 1
    lineage: Lineage = Lineage()


class Codebook(Record):
    """A numbered, immutable version: codes in the order in which they were first assigned."""

    version: int
    codes: tuple[Code, ...] = ()
    exclusive: bool = False
    """Whether a segment gets exactly one of the codes."""
    allow_unsure: bool = False
    """Whether a coder may say `unsure`."""
    run: str = ""
    """The run that made it; empty for one made by a person."""
    counts: dict[str, int] = Field(default_factory=dict)
    """Code id -> number of segments it is assigned to in that run."""

    @property
    def hash(self) -> str:
        """Digest of the book's content; equal books have equal hashes whatever their number."""
        codes = [code.model_dump(mode="json", exclude=None if code.colour else {"colour"}) for code in self.codes]
        return digest(codes, self.exclusive, self.allow_unsure)[:12]

    @property
    def leaves(self) -> tuple[Code, ...]:
        """The codes that segments are coded for: those that are no other code's parent."""
        parents = {code.parent for code in self.codes}
        return tuple(code for code in self.codes if code.id not in parents)

    @property
    def by_use(self) -> tuple[Code, ...]:
        """The codes with the most used first; equally used ones in order of age."""
        return tuple(sorted(self.codes, key=lambda code: -self.counts.get(code.id, 0)))

    def code(self, code_id: str) -> Code | None:
        """The code of that id, if the book holds it."""
        return next((code for code in self.codes if code.id == code_id), None)


def found_code(run: str, segment_id: str, label: str) -> str:
    """Id of a code founded by a label on a segment: deterministic, unique in the study."""
    return make_id("c", run, segment_id, label)
