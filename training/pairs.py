"""Pairs of a quote and the code that a person gave it: what coders are trained and chosen on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple, TypeAlias

from pydantic import BaseModel, Field, ValidationError

from intercoder.core.documents import Segment
from intercoder.core.errors import InputError
from intercoder.core.identity import digest, make_id, plain
from intercoder.core.record import Record
from intercoder.formats.decoding import find_text
from intercoder.formats.options import ReadReport
from intercoder.stores.corpus.segments import segments_of_ids
from intercoder.stores.database import reading
from intercoder.stores.people.human_codings import human_decisions
from intercoder.stores.study_folder import StudyFolder

Fault: TypeAlias = Literal["unreadable", "empty", "duplicate", "too_long"]
"""Why a pair is dropped: no JSON object with texts; nothing in it; given before; too long to be learnt."""

_FORM = '{"quote": "...", "code": "..."}'


class Pair(Record):
    """A code that a person gave."""

    place: str
    """Where it stands: `line 7` of a file, or the segment's id."""
    quote: str
    """The words it was given to; the whole text where no words were marked."""
    code: str
    segment: Segment
    """The text as a coder gets it."""

    @property
    def content(self) -> tuple[str, ...]:
        """What is learnt from it; white space and case aside, two pairs of the same content are one."""
        return tuple(plain(part) for part in (self.segment.text, self.quote, self.code))


class Dropped(Record):
    """A pair that is left out."""

    place: str
    fault: Fault
    detail: str = ""


class Split(NamedTuple):
    """Pairs to learn from, and pairs to measure on, of other documents."""

    training: tuple[Pair, ...]
    held_out: tuple[Pair, ...]


class Pairs(Record):
    """Pairs of one source, and what was wrong with others."""

    source: str
    """File or study directory, as it was named."""
    pairs: tuple[Pair, ...]
    dropped: tuple[Dropped, ...] = ()

    @cached_property
    def digest(self) -> str:
        """Hash of all that is learnt from, 64 hexadecimal characters; it depends on the order."""
        segments = [(one.segment.text, one.segment.context, one.segment.speaker) for one in self.pairs]
        coded = [(one.quote, one.code, one.segment.document_id) for one in self.pairs]
        return digest(segments, coded)

    @property
    def documents(self) -> list[str]:
        """Ids of the documents, each once, in order of first use."""
        return list(dict.fromkeys(pair.segment.document_id for pair in self.pairs))

    def faults(self) -> dict[Fault, int]:
        """How many pairs were dropped, by what was wrong; what never was is left out."""
        return dict(Counter(one.fault for one in self.dropped))

    def split(self, share: float, seed: int) -> Split:
        """Keep whole documents apart, so that nothing is measured on a text that was learnt from.

        A text of a held-out document that is also in one that is learnt from, such as a short answer to a survey,
        is not measured on.

        Args:
            share: Share of the documents that is held out, 0 to 1 (exclusive). At least one is, and at least one is
                not; with a share of 0 or a single document none is held out.
            seed: Seed of the choice. Documents that are added later do not move those that were there.
        """
        documents = sorted(self.documents, key=lambda document: (Random(f"{seed} {document}").random(), document))
        count = min(max(1, round(share * len(documents))), len(documents) - 1) if share else 0
        held = frozenset(documents[:count])
        training = tuple(pair for pair in self.pairs if pair.segment.document_id not in held)
        learnt = {plain(pair.segment.text) for pair in training}
        apart = (pair for pair in self.pairs if pair.segment.document_id in held)
        return Split(training, tuple(pair for pair in apart if plain(pair.segment.text) not in learnt))


class _Line(BaseModel):
    """One line of a file of pairs; what else stands in it is of no concern."""

    quote: str
    code: str
    text: str = ""
    document: str | int = ""
    context: str = ""
    speaker: str | None = Field(default="")


def load_pairs(path: Path, folder: StudyFolder | None = None) -> Pairs:
    """The pairs of a file, or of a study that is open.

    Raises:
        InputError: There is none that can be used; what was wrong is counted.
    """
    pairs = study_pairs(folder) if folder is not None else read_pairs(path)
    if not pairs.pairs:
        faults = ", ".join(f"{count} {fault}" for fault, count in pairs.faults().items())
        raise InputError(
            f"there are no pairs of quote and code to learn from{f' ({faults})' if faults else ''}.",
            where=str(path),
            remedy="Code some segments with `intercoder review`." if folder else f"Write lines such as {_FORM}.",
        )
    return pairs


def read_pairs(path: Path) -> Pairs:
    """Read a file of pairs, one JSON object a line.

    An object has `quote` and `code`, and may have `text` (by default the quote), `document` (by default each text
    is its own), `context` and `speaker`. Lines that cannot be used are dropped and told.

    Raises:
        InputError: There is no such file, or it is no text.
    """
    kept: list[Pair] = []
    dropped: list[Dropped] = []
    for place, line in _lines(path):
        pair = _pair(line, place)
        (kept if isinstance(pair, Pair) else dropped).append(pair)  # type: ignore[arg-type]
    return _without_repeats(str(path), kept, dropped)


def study_pairs(folder: StudyFolder) -> Pairs:
    """What people coded in a study, as it stands: the codes they gave, to what words.

    Answers other than yes give no pair. Segments have the context that the study's coders are shown.
    """
    study = folder.study
    with reading(folder.engine) as connection:
        given = [one for one in human_decisions(connection, study.id) if one.value == "yes" and one.label]
        segments = segments_of_ids(
            connection, study.id, [one.segment_id for one in given], study.coding.context_before
        )
    kept: list[Pair] = []
    dropped: list[Dropped] = []
    for one in given:
        segment = segments[one.segment_id]
        label, quote = (one.label or "").strip(), (one.quote.text or segment.text).strip()
        if not label or not quote:
            dropped.append(Dropped(place=one.segment_id, fault="empty"))
            continue
        kept.append(Pair(place=one.segment_id, quote=quote, code=label, segment=segment))
    return _without_repeats(str(folder.path), kept, dropped)


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    with find_text(path, None, ReadReport()).open() as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield f"line {number}", line


def _pair(line: str, place: str) -> Pair | Dropped:
    try:
        told = _Line.model_validate(json.loads(line))
        told.model_dump_json()  # Escapes in JSON can write halves of characters, which nobody can encode.
    except ValidationError as error:
        detail = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in detail["loc"])
        why = f"`{name}`: {detail['msg']}" if name else "no JSON object"
        return Dropped(place=place, fault="unreadable", detail=why)
    except (ValueError, RecursionError) as error:
        return Dropped(place=place, fault="unreadable", detail=f"no JSON: {error}"[:100])
    quote, code = told.quote.strip(), told.code.strip()
    if not quote or not code:
        return Dropped(place=place, fault="empty", detail="no code" if quote else "no quote")
    return Pair(place=place, quote=quote, code=code, segment=_segment(told))


def _segment(told: _Line) -> Segment:
    text = told.text if told.text.strip() else told.quote
    name = str(told.document)
    document = make_id("d", name or text)
    return Segment(
        id=make_id("s", document, text),
        document_id=document,
        document=name,
        unit="row",
        start=0,
        end=len(text),
        text=text,
        speaker=told.speaker or None,
        context=told.context,
    )


def _without_repeats(source: str, pairs: list[Pair], dropped: list[Dropped]) -> Pairs:
    first: dict[str, Pair] = {}
    for pair in pairs:
        known = first.setdefault(digest(pair.content), pair)
        if known is not pair:
            dropped.append(Dropped(place=pair.place, fault="duplicate", detail=f"as {known.place}"))
    return Pairs(source=source, pairs=tuple(first.values()), dropped=tuple(dropped))
