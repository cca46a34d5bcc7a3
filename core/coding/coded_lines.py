"""The coded data set as lines: one decision a line, with everything that leads back to its source."""

from __future__ import annotations

from typing import TypeAlias

from intercoder.core.codebook import Code
from intercoder.core.decisions import Decision
from intercoder.core.documents import Segment

Line: TypeAlias = dict[str, str | int | float | bool | None]

COLUMNS = (
    "segment_id",
    "document",
    "start",
    "end",
    "text",
    "role",
    "coder",
    "label",
    "code",
    "code_id",
    "value",
    "final",
    "reason",
    "quote",
    "quote_start",
    "quote_end",
    "verified",
    "chosen_from",
    "merged_from",
    "similarity",
    "model",
    "prompt",
    "prompt_hash",
    "codebook_version",
    "round",
    "run",
)


def line_of(decision: Decision, segment: Segment, code: Code | None, *, final: bool | None = None) -> Line:
    """One line of the coded data set. `start`, `end` and the quote's offsets count in the document.

    Args:
        decision: The decision; an empty answer has label None.
        segment: The segment it is about.
        code: The code it was assigned to, for final decisions.
        final: Whether it is what stands for the segment in the end; by default if it has a code.
    """
    quote, trail = decision.quote, decision.provenance
    return {
        "segment_id": segment.id,
        "document": segment.document,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "role": decision.role,
        "coder": decision.coder,
        "label": decision.label,
        "code": code.label if code is not None else None,
        "code_id": decision.code_id,
        "value": decision.value or None,
        "final": decision.code_id is not None if final is None else final,
        "reason": decision.reason,
        "quote": quote.text,
        "quote_start": quote.start,
        "quote_end": quote.end,
        # Where given codes are coded an answer may need no quote; then there is nothing to verify.
        "verified": None if decision.value and not quote.text else quote.verified,
        "chosen_from": decision.chosen_from or None,
        "merged_from": decision.merged_from or None,
        "similarity": decision.similarity,
        "model": trail.model,
        "prompt": trail.prompt,
        "prompt_hash": trail.prompt_hash,
        "codebook_version": decision.codebook_version,
        "round": decision.round,
        "run": decision.run,
    }
