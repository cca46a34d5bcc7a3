"""The decisions that figures and passages lead to, as the page's script takes them, and tables about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from intercoder.core.shown import counted
from intercoder.evals.report.deductive.deductive_contents import ROLES, DeductiveContents, Numbers, coder_name
from intercoder.evals.report.figures import Cell, Link
from intercoder.evals.report.inductive.tables import REASON, TEXT, shortened

NO_CODE = -1
"""Code of a decision that chose none: its coder was unsure among codes that exclude one another."""
FAILURES = 50
"""Failures listed at most."""


def decision_data(contents: DeductiveContents, numbers: Numbers) -> dict[str, Any]:
    """Decisions in a compact form: what repeats is listed once, and rows hold its place."""
    decisions = contents.kept.decisions
    used = list(dict.fromkeys(one.segment_id for one in decisions))
    at = {segment: place for place, segment in enumerate(used)}
    origins: dict[tuple[str, ...], int] = {}
    rows = []
    for one in decisions:
        trail = one.provenance
        elsewhere = one.run if one.run != contents.run.id else ""
        origin = (trail.model, trail.prompt, trail.prompt_hash, str(one.codebook_version), elsewhere)
        rows.append(
            [
                at[one.segment_id],
                numbers.coders[one.role, one.coder],
                numbers.codes.get(one.code_id or "", NO_CODE),
                one.value,
                shortened(one.quote.text, REASON),
                shortened(one.reason, REASON),
                origins.setdefault(origin, len(origins)),
                int(one.quote.verified),
                0 if one.role == "human" else one.round,
                int(one.id in contents.standing),
            ]
        )
    segments = [contents.segments.get(segment) for segment in used]
    return {
        "segments": [
            [one.document, shortened(one.text, TEXT), one.speaker or ""] if one else ["", "", ""]
            for one in segments
        ],
        "coders": [[name, ROLES.get(role, role)] for role, name in numbers.coders],
        "origins": [list(origin) for origin in origins],
        "rows": rows,
    }


def code_names(numbers: Numbers) -> list[str]:
    """Names of codes in the order of their numbers."""
    return list(numbers.names.values())


CODER_COLUMNS = ("coder", "role", "model", "prompt", "prompt hash", "codebook version", "decisions here")


def coder_rows(contents: DeductiveContents, numbers: Numbers) -> Iterator[tuple[Cell, ...]]:
    """Who coded with which model and prompt."""
    asked = Counter(
        (
            one.role,
            one.coder,
            one.provenance.model,
            one.provenance.prompt,
            one.provenance.prompt_hash,
            one.codebook_version,
        )
        for one in contents.kept.decisions
        if one.run in (contents.run.id, "")
    )
    for (role, name, model, prompt, digest, version), count in asked.items():
        link = Link(name, f"coder-{numbers.coders[role, name]}")
        yield (link, ROLES.get(role, role), model, prompt, digest, str(version), count)


FAILURE_COLUMNS = ("text", "code", "coder", "round", "kind", "message", "since")


def failure_rows(contents: DeductiveContents, numbers: Numbers) -> Iterator[tuple[Cell, ...]]:
    """Questions without a usable answer."""
    for failed in contents.failures[:FAILURES]:
        number, one = failed
        segment = contents.segments.get(one.segment_id)
        yield (
            shortened(segment.text, TEXT) if segment else one.segment_id,
            numbers.about(one.code_id) if one.code_id else "",
            coder_name(one.role, one.coder),
            number,
            one.kind,
            shortened(one.message, REASON),
            "no answer" if contents.is_open(failed) else "answered",
        )


def failures_told(contents: DeductiveContents, study_argument: str) -> str:
    """How many there are, and what to do."""
    count = len(contents.failures)
    still = sum(contents.is_open(one) for one in contents.failures)
    verb = "has" if still == 1 else "have"
    text = f"{counted(count, 'question')} got no usable answer; {still:,} of them {verb} none now."
    if count > FAILURES:
        text += f" The first {FAILURES} are listed."
    if still and contents.run.graph != "codevelop":
        text += f" `intercoder retry {study_argument}` asks again."
    return text
