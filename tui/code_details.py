"""What there is to say about a code, as rows: what it means, its rules and examples, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from textual.content import Content

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_words import Change
from intercoder.core.codebooks.colours import colour_name
from intercoder.core.shown import counted
from intercoder.stores.codebooks.carried_codes import Carried
from intercoder.stores.codebooks.code_origins import CodeOrigins
from intercoder.tui.code_marks import code_marks
from intercoder.tui.text import joined, line, shown
from intercoder.tui.widgets.hanging import MUTED, Row
from intercoder.tui.widgets.word_diff import pieces

LABEL = 200
"""Characters of a label."""
NOTHING = Content("")
WIDTH = 10
"""Cells of the names of fields."""
WHOLE = {"-": "$text-error", "+": "$text-success"}
SIGNS = {sign: f"bold {style}" for sign, style in WHOLE.items()}


def code_rows(book: Codebook, code: Code, counts: Mapping[str, Carried] | None, origins: CodeOrigins) -> list[Row]:
    """All about a code. Counts are None as long as they are not known."""
    rows: list[Row] = [
        (joined(code_marks(book)[code.id], " "), line(code.label, LABEL, "bold")),
        (NOTHING, Content.styled(_kind(book, code), MUTED)),
        (NOTHING, NOTHING),
        (NOTHING, shown(code.definition) if code.definition else Content.styled("No definition yet.", MUTED)),
    ]
    if code.kind == "pattern":
        rows.append((_name("pattern"), shown(code.pattern)))
    rows += _several("applies", "+", "$text-success", code.include)
    rows += _several("not", "-", "$text-error", code.exclude)
    rows += _several("example", "“", "$text-success", [one.text for one in code.examples])
    rows += _several("no example", "≠", "$text-error", [one.text for one in code.negative_examples])
    rows.append((NOTHING, NOTHING))
    rows += [(_name(name), text) for name, text in _facts(book, code, counts, origins)]
    return rows


def change_rows(changes: Iterable[Change]) -> list[Row]:
    """Changes in words: each code's label, below it sentences, and texts with the sign of what came or went."""
    rows: list[Row] = []
    for change in changes:
        title = line(change.title, LABEL, "bold") if change.title else Content.styled("The codebook", "bold")
        rows += [(NOTHING, NOTHING), (NOTHING, title)] if rows else [(NOTHING, title)]
        for one in change.lines:
            if not one.sign:
                rows.append((Content("  "), shown(one.text)))
                continue
            lead = joined("  ", Content.styled(f"{one.sign} ", SIGNS[one.sign]))
            whole = all(piece.kind != "same" for piece in one.pieces)
            rows.append((lead, shown(one.text, WHOLE[one.sign]) if whole else pieces(one.pieces)))
    return rows


def _kind(book: Codebook, code: Code) -> str:
    members = sum(one.parent == code.id for one in book.codes)
    if members:
        return f"A group of {counted(members, 'code')}; it is not coded itself."
    return "Found by a pattern, without a model." if code.kind == "pattern" else "Coders read for it."


def _facts(
    book: Codebook, code: Code, counts: Mapping[str, Carried] | None, origins: CodeOrigins
) -> Iterator[tuple[str, Content]]:
    if counts is not None:
        yield "given to", Content(_given(counts.get(code.id)))
    parent = book.code(code.parent)
    if parent is not None:
        yield "part of", line(parent.label, LABEL)
    if code.colour:
        yield "colour", joined(line(colour_name(code.colour), 20))
    lineage = code.lineage
    if lineage.renamed_from:
        yield "was called", line(lineage.renamed_from, LABEL)
    if lineage.split_from:
        yield "split from", line(origins.labels.get(lineage.split_from, lineage.split_from), LABEL)
    if lineage.merged_from:
        names = ", ".join(origins.labels.get(one, one) for one in lineage.merged_from)
        yield "took in", line(names, LABEL)
    if lineage.run:
        yield "found by", line(lineage.run, 60)
    last = origins.changed.get(code.id)
    if last is not None:
        when = last.at.removesuffix("Z").replace("T", " ")[:16]
        yield "changed", joined(line(last.by or "unknown", 60), Content.styled(f"  {when} UTC", MUTED))


def _given(carried: Carried | None) -> str:
    """To how many segments, and by which wording where it was another."""
    if carried is None:
        return "nothing yet: nobody decided about it"
    told = counted(carried.segments, "segment")
    if carried.earlier:
        which = "" if carried.earlier == carried.segments else f"{carried.earlier:,} of them "
        versions = " or ".join(str(one) for one in carried.versions)
        told += f", {which}coded as version {versions} had it"
    return f"{told} · enter opens" if carried.segments else told


def _several(name: str, sign: str, style: str, texts: Sequence[str]) -> Iterator[Row]:
    for place, text in enumerate(texts):
        yield joined(_name("" if place else name), Content.styled(f"{sign} ", style)), shown(text)


def _name(name: str) -> Content:
    return Content.styled(f"{name:<{WIDTH}} ", MUTED)
