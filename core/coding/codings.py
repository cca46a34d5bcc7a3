"""Who gave which labels to which segments: the form in which coders, people and models alike, are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from intercoder.core.decisions import Role
from intercoder.core.documents import Segment
from intercoder.core.record import Record

ENSEMBLE = "ensemble"
"""Name under which the codes that stand in the end are compared with those of single coders."""


class CodedPassage(Record):
    """One code that a person gave a passage, as a file of codings tells it.

    `start` and `end` count in the document and are None where a passage is a whole document; `segment_id` is set
    instead where the file names segments.
    """

    coder: str
    label: str
    document: str = ""
    start: int | None = None
    end: int | None = None
    segment_id: str = ""


class Coder(Record):
    """One coder's labels. A segment that is not a key was not read; an empty tuple is "nothing to code"."""

    name: str
    role: Role
    labels: Mapping[str, tuple[str, ...]]
    """Segment id -> labels in the order given, each once."""

    @property
    def code_space(self) -> dict[str, list[str]]:
        """Label -> ids of the segments it was given to, both in the order of first use (seed 003, section 3)."""
        space: dict[str, list[str]] = {}
        for segment, labels in self.labels.items():
            for label in labels:
                space.setdefault(label, []).append(segment)
        return space

    def renamed(self, concept_of: Mapping[str, str]) -> Coder:
        """The same coder with every label replaced by its concept; labels without one stay as they are."""
        labels = {
            segment: tuple(dict.fromkeys(concept_of.get(label, label) for label in given))
            for segment, given in self.labels.items()
        }
        return self.model_copy(update={"labels": labels})


def code_spaces(coders: Sequence[Coder]) -> dict[str, dict[str, list[str]]]:
    """Coder's name -> code space, as `evals.code_space.measure` takes them."""
    return {coder.name: coder.code_space for coder in coders}


def coding_table(coders: Sequence[Coder]) -> tuple[list[str], list[list[tuple[str, ...] | None]]]:
    """Segments, and a table with a row for each and a column for each coder: labels, None where it was not read.

    Segments are those that any coder read, in the order of first mention. `evals.agreement.per_code` takes it.
    """
    segments = list(dict.fromkeys(segment for coder in coders for segment in coder.labels))
    return segments, [[coder.labels.get(segment) for coder in coders] for segment in segments]


def place_passages(passages: Sequence[CodedPassage], segments: Sequence[Segment]) -> list[Coder]:
    """People's codings of passages as labels of segments: a passage counts for every segment it overlaps.

    Every coder is taken to have read every segment of the documents in which they coded anything.

    Args:
        passages: The codings.
        segments: The segments they are compared on.

    Returns:
        Coders in the order of first mention, with role `human`.
    """
    by_document: dict[str, list[Segment]] = {}
    for segment in segments:
        by_document.setdefault(segment.document, []).append(segment)
    by_id = {segment.id: segment for segment in segments}
    found: dict[str, dict[str, list[str]]] = {}
    for passage in passages:
        read = found.setdefault(passage.coder, {})
        named = by_id.get(passage.segment_id)
        document = named.document if named else passage.document
        for segment in by_document.get(document, []):
            labels = read.setdefault(segment.id, [])
            if passage.label and passage.label not in labels and _covers(passage, segment):
                labels.append(passage.label)
    return [
        Coder(name=name, role="human", labels={segment: tuple(labels) for segment, labels in read.items()})
        for name, read in found.items()
    ]


def _covers(passage: CodedPassage, segment: Segment) -> bool:
    if passage.segment_id:
        return passage.segment_id == segment.id
    if passage.start is None or passage.end is None:
        return True
    return passage.start < segment.end and segment.start < passage.end
