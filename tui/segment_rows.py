"""A segment with all that is known of it, as paragraphs; quotes and what was searched for are marked in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from textual.content import Content

from intercoder.core.decisions import Decision
from intercoder.core.documents import SpokenText
from intercoder.core.shown import one_line
from intercoder.core.texts.searched_text import Stretch, find
from intercoder.stores.corpus.segment_details import SegmentDetails
from intercoder.stores.people.settlements import told as told_of
from intercoder.tui.text import joined, line, shown
from intercoder.tui.widgets.hanging import MUTED, Row

FOUND = "bold $accent"
"""What was searched for."""
QUOTED = "underline $secondary"
"""What a decision rests on."""
SIGNS = {"yes": "✓ ", "no": "✗ ", "unsure": "? ", "": "● "}
"""Before a decision; what was found in the text has a dot."""
AROUND = 300
"""Characters of a segment before or after that are shown."""
BLANK: Row = (Content(""), Content(""))


def segment_rows(
    details: SegmentDetails, wanted: Sequence[str] = (), *, place: str = "", whole: bool = False
) -> list[Row]:
    """The paragraphs.

    Args:
        details: The segment.
        wanted: Pieces that were searched for (see `core.texts.searched_text.pieces`).
        place: Where it stands in the corpus, for the head.
        whole: Whether segments around it are shown to their end.
    """
    segment = details.segment
    head = (line(segment.document, 80, "bold"), f"  {place}" if place else "", f"  {segment.id}")
    rows: list[Row] = [(Content(""), joined(*head)), BLANK]
    rows += [_spoken(one, whole=whole, end=True) for one in details.before]
    quotes = [stretch for one in details.decisions for stretch in quoted(one, segment.text, segment.start)]
    marks = [(one, QUOTED) for one in quotes] + [(one, FOUND) for one in find(segment.text, wanted)]
    speaker = joined(line(segment.speaker, 40, "bold"), ": ") if segment.speaker else Content("")
    rows.append((Content("▌ ").stylize("$primary"), speaker + marked(segment.text, marks)))
    rows += [_spoken(one, whole=whole, end=False) for one in details.after]
    return [*rows, *_known(details)]


def _known(details: SegmentDetails) -> Iterator[Row]:
    segment = details.segment
    attributes = {name: value for name, value in segment.attributes.items() if name != "speaker"}
    if attributes or segment.context:
        yield from _heading("attributes")
        for name, value in attributes.items():
            yield line(name, 30, MUTED) + "  ", shown("" if value is None else str(value))
        if segment.context:
            yield Content("shown beside it  ").stylize(MUTED), shown(segment.context)
    yield from _heading("decisions")
    if details.kept:
        yield (
            Content("⊘ "),
            Content(
                "what others said is not shown until you are done with it: c codes it, v shows it all the same"
            ),
        )
    for one in details.decisions:
        yield from _decision(one)
    if not details.decisions and not details.kept:
        yield Content(""), Content("none yet").stylize(MUTED)
    for step in details.settled:
        about = joined(line(step.by, 40, "bold"), f" {told_of(step)} at {step.created_at}")
        yield Content("⚖ "), about
        if step.note:
            yield Content("  "), shown(step.note)
    if details.memos:
        yield from _heading("memos")
    for memo in details.memos:
        yield Content("✎ "), joined(line(memo.author, 40, "bold"), f" at {memo.created_at}")
        yield Content("  "), shown(memo.text)


def _decision(decision: Decision) -> Iterator[Row]:
    """What was decided, by whom, why, on what words, and what it can be traced by."""
    what = line(decision.label, 80, "bold") if decision.label else Content("nothing to code")
    value = Content(f" {decision.value}") if decision.value else Content("")
    told = decision.role in ("moderator", "repeat") and decision.role != decision.coder
    who = f"  {decision.role} " if told else "  "
    yield Content(SIGNS[decision.value]), joined(what, value, who, line(decision.coder, 40), _of_run(decision))
    if decision.reason:
        yield Content("  "), shown(decision.reason)
    if decision.quote.text:
        yield Content("  "), joined("“", shown(decision.quote.text, QUOTED), "”")
    known = [
        decision.provenance.model,
        f"prompt {decision.provenance.prompt} {decision.provenance.prompt_hash[:12]}"
        if decision.provenance.prompt
        else "",
        f"codebook version {decision.codebook_version}" if decision.codebook_version else "",
        f"code {decision.code_id} revision {decision.code_revision}" if decision.code_id else "",
    ]
    yield Content("  "), line(" · ".join(filter(None, known)), 300, MUTED)


def _of_run(decision: Decision) -> str:
    return f"  {decision.run} round {decision.round}" if decision.run else "  by hand"


def quoted(decision: Decision, text: str, start: int) -> list[Stretch]:
    """Where a decision's quote stands in its segment, whose text starts at an offset of the document."""
    quote = decision.quote
    if quote.start is not None and quote.end is not None:
        first, last = max(quote.start - start, 0), min(quote.end - start, len(text))
        return [Stretch(first, last)] if first < last else []
    place = text.find(quote.text) if quote.text else -1
    return [Stretch(place, place + len(quote.text))] if place >= 0 else []


def marked(text: str, marks: Iterable[tuple[Stretch, str]]) -> Content:
    """A text, safe to show, with stretches of it in some styles; they may overlap."""
    stretches = list(marks)
    cuts = sorted({0, len(text), *(end for stretch, _ in stretches for end in stretch)})
    parts = []
    for first, last in pairwise(cuts):
        part = shown(text[first:last])
        for stretch, style in stretches:
            if stretch.start <= first and last <= stretch.end:
                part = part.stylize(style)
        parts.append(part)
    return Content("").join(parts)


def _spoken(one: SpokenText, *, whole: bool, end: bool) -> Row:
    text = one.text
    if not whole and len(text) > AROUND:
        text = "…" + text[-AROUND:] if end else text[:AROUND] + "…"
    speaker = f"{one_line(one.speaker, 40)}: " if one.speaker else ""
    return Content("  "), joined(line(speaker, 60, MUTED), " " if speaker else "", shown(text, MUTED))


def _heading(name: str) -> Iterator[Row]:
    yield BLANK
    yield Content(""), Content(name).stylize("bold $primary")
