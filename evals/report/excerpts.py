"""Putting passages together: which segments to show of a code, and what was said of it there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy.engine import Connection

from intercoder.core.codebook import Codebook
from intercoder.core.coding.deduction import CoderValues, spread
from intercoder.core.coding.findings import Excerpt, Said
from intercoder.core.decisions import Decision, Value
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.corpus.segments import segment_texts

EXAMPLES = 3
"""Passages shown of a code to which all coders said Yes, and as many of those to which all said No."""


class Stated(NamedTuple):
    """What a decision says of one code."""

    code_id: str
    value: Value
    decision: Decision


def stated(connection: Connection, study_id: str, decisions: Iterable[Decision]) -> Iterator[Stated]:
    """What decisions say of each code they are about; under exclusive codes a choice says No of all others."""
    book = cache(lambda version: read_version(connection, study_id, version))
    for decision in decisions:
        under: Codebook = book(decision.codebook_version)
        for code_id, value in spread(under, decision):
            yield Stated(code_id, value, decision)


def excerpts(
    connection: Connection, study_id: str, wanted: Mapping[str, Sequence[str]], said: Iterable[Stated]
) -> dict[str, tuple[Excerpt, ...]]:
    """Passages with what was said of a code there.

    Args:
        connection: An open connection.
        study_id: The study.
        wanted: Code id -> ids of the segments to show.
        said: What was said, also of other segments and codes.
    """
    pairs = {(code, segment) for code, segments in wanted.items() for segment in segments}
    of_pair: dict[tuple[str, str], list[Said]] = {}
    for code_id, value, decision in said:
        pair = (code_id, decision.segment_id)
        if pair in pairs:
            of_pair.setdefault(pair, []).append(_said(decision, value))
    texts = segment_texts(connection, study_id, [segment for _, segment in pairs])
    return {
        code: tuple(
            Excerpt(segment_id=one, text=texts[one], said=tuple(of_pair.get((code, one), ()))) for one in segments
        )
        for code, segments in wanted.items()
        if segments
    }


def clear_examples(values: Sequence[CoderValues], code_id: str, shown: set[str]) -> list[str]:
    """Segments to which all coders said Yes, then some to which all said No, from all parts of the sample.

    Args:
        values: What stands, by coder.
        code_id: The code.
        shown: Segments that are shown anyway.
    """
    answers: dict[str, set[Value]] = {}
    for coder in values:
        if coder.role == "coder":
            for segment, value in coder.of(code_id).items():
                answers.setdefault(segment, set()).add(value)
    found = []
    for value in ("yes", "no"):
        agreed = [segment for segment, said in answers.items() if said == {value}]
        missing = max(0, EXAMPLES - sum(segment in shown for segment in agreed))
        found += _spread([segment for segment in agreed if segment not in shown], missing)
    return found


def _spread(segments: Sequence[str], count: int) -> list[str]:
    """At most so many, at even distances."""
    if len(segments) <= count:
        return list(segments)
    return [segments[(2 * place + 1) * len(segments) // (2 * count)] for place in range(count)]


def _said(decision: Decision, value: Value) -> Said:
    return Said(
        decision_id=decision.id,
        role=decision.role,
        coder=decision.coder,
        value=value,
        reason=decision.reason,
        quote=decision.quote.text,
        verified=decision.quote.verified,
    )
