"""The report in words: what was done, what came out, and what to look at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from intercoder.core.shown import counted, listed
from intercoder.evals.report.deductive.agreement_figure import Series
from intercoder.evals.report.figures import Cell, Link, bounds
from intercoder.evals.report.inductive.code_index import Index
from intercoder.evals.report.inductive.contents import Contents
from intercoder.evals.report.inductive.reading_figures import new_codes
from intercoder.evals.report.inductive.space_figures import CodeSpaces

LOW = 0.4
"""Positive agreement below which a code is named as one to look at."""
NAMED = 5
"""Codes named at most."""


class Summary(NamedTuple):
    """Sentences, and things to look at with the places to go to."""

    paragraphs: tuple[str, ...]
    to_look_at: tuple[tuple[Cell, ...], ...]
    """Each a sentence in parts."""


def summary(contents: Contents, index: Index, series: Sequence[Series], spaces: CodeSpaces) -> Summary:
    """Write it."""
    return Summary(
        paragraphs=(_who(contents), _codes(contents), *_agreement(series)),
        to_look_at=tuple(
            item
            for item in (
                _unshared(series, index),
                *_flags(spaces, index),
                _still_new(contents),
                _rare(contents),
                _unverified(contents),
                _failures(contents),
            )
            if item
        ),
    )


def _who(contents: Contents) -> str:
    documents = len({segment.document for segment in contents.segments})
    by_role = {
        "coder": contents.models,
        "moderator": tuple(one.name for one in contents.study.moderators),
        "human": contents.people,
    }
    models = listed(sorted({coder.model for coder in contents.study.coders}))
    text = (
        f"{counted(len(contents.segments), 'segment')} of {counted(documents, 'document')} were coded in "
        f"{contents.run.id} by {counted(len(by_role['coder']), 'model coder')} ({listed(by_role['coder'])}; "
        f"{models}) and settled by {counted(len(by_role['moderator']), 'moderator')} "
        f"({listed(by_role['moderator'])})."
    )
    if contents.people:
        text += f" Codings of {listed(contents.people)} are compared with theirs."
    return text


def _codes(contents: Contents) -> str:
    said = {coder.name: len(coder.code_space) for coder in contents.comparison.said if coder.role != "moderator"}
    own = listed([f"{name} {count:,}" for name, count in said.items()])
    standing = len(contents.ensemble.code_space)
    empty = sum(not labels for labels in contents.ensemble.labels.values())
    text = (
        f"{counted(standing, 'code')} stand in the end (codebook version {contents.run.codebook_version}). "
        f"Different labels by coder: {own}."
    )
    return f"{text} {counted(empty, 'segment')} had nothing to code." if empty else text


def _agreement(series: Sequence[Series]) -> list[str]:
    parts = []
    for one in series:
        values = [code.agreement.value for code in one.found.codes if math.isfinite(code.agreement.value)]
        positives = [code.positive.value for code in one.found.codes if math.isfinite(code.positive.value)]
        if values and positives:
            parts.append(
                f"Among {one.name} the median AC1 over {counted(len(values), 'code')} is {median(values):.2f}, the "
                f"median positive agreement {median(positives):.2f}; two of them share "
                f"{one.found.jaccard.value:.0%} of a segment's codes on average ({bounds(one.found.jaccard)})."
            )
    if not parts:
        return ["Agreement cannot be told, as no two coders read the same segments."]
    parts[-1] += " Codes that are rare have a high AC1 whoever gives them; positive agreement shows it."
    return parts


def _unshared(series: Sequence[Series], index: Index) -> tuple[Cell, ...]:
    """Codes used often on whose use coders agree little."""
    if not series:
        return ()
    low = [
        code
        for code in series[0].found.codes
        if code.positive.value < LOW and sum(code.counts) > 2 * len(series[0].found.raters)
    ]
    if not low:
        return ()
    worst = sorted(low, key=lambda code: (-sum(code.counts), code.positive.value, code.code))[:NAMED]
    return (
        f"{counted(len(low), 'code')} in frequent use with positive agreement below {LOW}: ",
        *_enumerated([index.code_link(code.code) for code in worst]),
        "." if len(low) <= NAMED else " and others.",
    )


def _enumerated(links: Sequence[Link]) -> list[Cell]:
    parts: list[Cell] = []
    for place, link in enumerate(links):
        parts += [", ", link] if place else [link]
    return parts


def _flags(spaces: CodeSpaces, index: Index) -> list[tuple[Cell, ...]]:
    """Coders who stand out."""
    return [
        (
            index.coder_link(flag.coder),
            f" looks like {flag.suspicion}: "
            + ", ".join(
                f"{item.metric} {item.value:.2g} is {item.direction} (median {item.median:.2g})"
                for item in flag.evidence
            )
            + ". This is a hint to read its decisions, not a verdict.",
        )
        for flag in spaces.flags
    ]


def _still_new(contents: Contents) -> tuple[Cell, ...]:
    segments = [segment.id for segment in contents.segments]
    counts = new_codes(contents.ensemble, segments)
    last = counts[-max(1, len(counts) // 4) :]
    if len(counts) < 8 or not sum(last):
        return ()
    return (
        Link("Saturation", "figure-saturation"),
        f": the last quarter of the segments ({len(last):,}) still brought {counted(sum(last), 'new code')}, "
        f"{sum(last) / len(last):.2f} a segment.",
    )


def _rare(contents: Contents) -> tuple[Cell, ...]:
    space = contents.ensemble.code_space
    rare = sum(len(segments) == 1 for segments in space.values())
    if not space or rare / len(space) < 1 / 3:
        return ()
    return (
        f"{rare:,} of {len(space):,} codes stand in one segment only. If some of them mean the same, `intercoder "
        "merge` brings them together.",
    )


def _unverified(contents: Contents) -> tuple[Cell, ...]:
    quoted = [line for line in contents.lines if line["role"] == "coder" and line.get("quote")]
    lost = sum(not line["verified"] for line in quoted)
    if not lost:
        return ()
    return (
        f"{lost:,} of {counted(len(quoted), 'quote')} by model coders do not stand in the text as quoted; they are "
        "marked in the table of decisions.",
    )


def _failures(contents: Contents) -> tuple[Cell, ...]:
    if not contents.coded.failures:
        return ()
    return (f"{counted(contents.coded.failures, 'question')} got no usable answer; `intercoder retry` asks again.",)
