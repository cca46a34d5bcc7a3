"""The decisions and codes that figures lead to, as the page's script takes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from intercoder.core.coding.coded_lines import Line
from intercoder.core.coding.codings import ENSEMBLE
from intercoder.evals.report.deductive.agreement_figure import Series
from intercoder.evals.report.figures import bounds, number
from intercoder.evals.report.inductive.code_index import Index
from intercoder.evals.report.inductive.contents import Contents

MOST = 20_000
"""Decisions that a report holds at most."""
TEXT, REASON = 240, 300
"""Characters kept of a segment, and of a quote or reason."""
NOTHING = -1
"""Code of a decision that there is nothing to code."""


class Kept(NamedTuple):
    """The decisions that go into a report."""

    lines: tuple[Line, ...]
    total: int
    per_code: int
    """How many of each code are kept at most; 0 if all are."""


def kept(contents: Contents, most: int = MOST) -> Kept:
    """All decisions, or if these are too many, the first of each code in document order: as many as fit."""
    lines = contents.lines
    if len(lines) <= most:
        return Kept(lines, len(lines), 0)
    codes = [_code(contents, line) for line in lines]
    uses = Counter(codes).values()
    per_code = 1
    while sum(min(count, per_code + 1) for count in uses) <= most:
        per_code += 1
    seen: Counter[str | None] = Counter()
    chosen = []
    for line, code in zip(lines, codes, strict=True):
        seen[code] += 1
        if seen[code] <= per_code:
            chosen.append(line)
    return Kept(tuple(chosen), len(lines), per_code)


def _code(contents: Contents, line: Line) -> str | None:
    """The code that a decision's label counts as; final decisions name theirs."""
    if line.get("code") is not None:
        return str(line["code"])
    return None if line["label"] is None else contents.code_of(str(line["label"]))


def decisions_data(contents: Contents, index: Index, lines: Sequence[Line]) -> dict[str, Any]:
    """Decisions in a compact form: what repeats is listed once, and rows hold its place."""
    places = {segment.id: place for place, segment in enumerate(contents.segments)}
    used = sorted({places[str(line["segment_id"])] for line in lines})
    at = {place: number_ for number_, place in enumerate(used)}
    origins: dict[tuple[str, ...], int] = {}
    rows = []
    for line in lines:
        code = _code(contents, line)
        origin = tuple(str(line.get(name) or "") for name in ("model", "prompt", "prompt_hash", "codebook_version"))
        rows.append(
            [
                at[places[str(line["segment_id"])]],
                index.coders[str(line["coder"])],
                line["label"] or "",
                NOTHING if code is None else index.codes.get(code, NOTHING),
                shortened(str(line.get("quote") or ""), REASON),
                shortened(str(line.get("reason") or ""), REASON),
                origins.setdefault(origin, len(origins)),
                int(bool(line.get("verified"))),
            ]
        )
    segments = [contents.segments[place] for place in used]
    return {
        "segments": [
            [segment.document, shortened(segment.text, TEXT), segment.speaker or ""] for segment in segments
        ],
        "coders": [[coder.name, coder.role] for coder in contents.comparison.meant],
        "origins": [list(origin) for origin in origins],
        "rows": rows,
    }


def codes_data(contents: Contents, index: Index, series: Sequence[Series]) -> list[list[Any]]:
    """For each code: label, definition, segments with it, who found it, agreement and positive agreement."""
    found = series[0].codes() if series else {}
    team = [coder.name for coder in contents.team]
    rows = []
    for label in index.codes:
        agreement = found.get(label)
        rows.append(
            [
                label,
                shortened(contents.definitions.get(label, ""), REASON),
                index.segments[label].get(ENSEMBLE, 0),
                [index.coders[name] for name in index.finders(label, team)],
                number(agreement.agreement.value) if agreement else None,
                bounds(agreement.agreement) if agreement else "",
                number(agreement.positive.value) if agreement else None,
            ]
        )
    return rows


def shortened(text: str, longest: int) -> str:
    """A text on one line, cut."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def prompts_used(lines: Iterable[Line]) -> Mapping[tuple[str, str], list[tuple[str, str, str]]]:
    """Role and coder -> the models, prompts and prompt hashes behind its decisions."""
    found: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for line in lines:
        origin = tuple(str(line.get(name) or "") for name in ("model", "prompt", "prompt_hash"))
        known = found.setdefault((str(line["role"]), str(line["coder"])), [])
        if any(origin) and origin not in known:
            known.append((origin[0], origin[1], origin[2]))
    return found
