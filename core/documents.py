"""Documents and segments: the text under study and the units that are coded."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from pydantic import Field

from intercoder.core.identity import make_id
from intercoder.core.record import AttributeValue, Record

Unit: TypeAlias = Literal["document", "paragraph", "sentence", "turn", "row"]
"""How a document is cut into segments."""


class Document(Record):
    """One text under study.

    `text` is what offsets count in: Unicode code points from 0, after the encoding was decoded, a byte order
    mark dropped and line ends made LF.
    """

    name: str
    """For people: the file's name, or `file#key` for a row of a table."""
    source: str
    """Name of the file it was read from."""
    key: str = ""
    """Which document of the source: a row's id or number; empty where a file is one document."""
    text: str
    attributes: dict[str, AttributeValue] = Field(default_factory=dict)
    context: str = ""
    """Text shown to coders beside each segment but never coded (the context columns of a table)."""

    @property
    def id(self) -> str:
        """Hash of source, key and text: a changed text is another document, an unchanged one the same."""
        return make_id("d", self.source, self.key, self.text)


class Span(Record):
    """A piece of a document: `text[start:end]`, code points, end exclusive."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    speaker: str | None = None


class Segment(Record):
    """The unit of coding. `document.text[start:end] == text` always."""

    id: str
    document_id: str
    document: str
    """The document's name."""
    unit: Unit
    start: int
    end: int
    text: str
    speaker: str | None = None
    attributes: dict[str, AttributeValue] = Field(default_factory=dict)
    """The document's attributes, and the speaker's name under `speaker` where there is one."""
    context: str = ""


class SpokenText(NamedTuple):
    """A segment's text with who says it, where no more of the segment is needed."""

    text: str
    speaker: str = ""
    document: str = ""
    """The document's name, where it is told."""


def segment_id(document_id: str, unit: Unit, span: Span) -> str:
    """Id of a segment. It depends on the document's text, so an edited text never keeps an old id."""
    return make_id("s", document_id, unit, span.start, span.end)


def whole(document: Document) -> Segment:
    """A document as one segment, white space at its ends and all."""
    span = Span(start=0, end=len(document.text))
    return Segment(
        id=segment_id(document.id, "document", span),
        document_id=document.id,
        document=document.name,
        unit="document",
        start=span.start,
        end=span.end,
        text=document.text,
        attributes=document.attributes,
        context=document.context,
    )
