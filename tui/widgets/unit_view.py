"""One unit on which coders differ: the segment where it stands, and what each coder said of it, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from intercoder.core.shown import one_line, shown_safely

if TYPE_CHECKING:
    from intercoder.core.coding.settling import Settled
    from intercoder.core.documents import SpokenText
    from intercoder.graphs.differing.settling import Saying, UnitPage

CARD = 36
"""Least cells of a coder's card; as many stand side by side as fit."""
MOST = 4
"""Cards side by side at most."""
AROUND = 110
"""Characters of a segment before or after that are shown."""
SIGNS = {"yes": "✓ yes", "no": "✗ no", "unsure": "? unsure", "": "– nothing"}
"""Answers with a sign that is told apart without colour."""


class UnitView(VerticalScroll, can_focus=True):
    """Shows a unit; arrows scroll it."""

    DEFAULT_CSS = """
    UnitView { height: 1fr; }
    UnitView > Static { width: 1fr; height: auto; }
    """

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static("", id="unit", markup=False)

    def tell(self, page: UnitPage | None) -> None:
        """Show a unit from its beginning, or nothing."""
        self.query_one("#unit", Static).update(Text("") if page is None else drawn(page))
        self.scroll_home(animate=False)


def drawn(page: UnitPage) -> Group:
    """A unit as it is drawn."""
    place = page.place
    parts: list[Text | Cards] = [_head(page)]
    if page.settled is not None:
        parts.append(_settled(page.settled))
    parts += [_spoken(one, end=True) for one in place.before]
    parts.append(_segment(page))
    parts += [_spoken(one, end=False) for one in place.after]
    parts.append(Cards(page.sayings))
    return Group(*parts)


class Cards:
    """What coders said, a card each, as many side by side as the width has room for."""

    def __init__(self, sayings: Iterable[Saying]) -> None:
        self._sayings = tuple(sayings)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw them in rows."""
        columns = max(1, min(options.max_width // CARD, MOST, len(self._sayings)))
        table = Table.grid(expand=True, padding=(0, 1, 0, 0))
        for _ in range(columns):
            table.add_column(ratio=1)
        cards = [_card(one) for one in self._sayings]
        for start in range(0, len(cards), columns):
            table.add_row(*cards[start : start + columns])
        yield table


def _card(one: Saying) -> Panel:
    return Panel(
        Group(*_told(one)),
        title=Text(_who(one), style="bold"),
        title_align="left",
        box=box.ROUNDED,
        border_style="dim",
        padding=(0, 1),
    )


def _told(one: Saying) -> Iterator[Text]:
    decision = one.decision
    said = SIGNS.get(one.said) or shown_safely(one.said)
    yield Text(said, style="bold")
    if one.outdated:
        yield Text("of an earlier wording of the code; does not count", style="italic")
    if one.changed:
        told = "said otherwise when asked again" if one.role == "coder" else "not what it said first"
        yield Text(f"! {told}", style="italic")
    if decision.reason:
        yield Text(shown_safely(decision.reason))
    if decision.quote.text:
        missing = "" if decision.quote.verified else "  (not found in the text)"
        yield Text.assemble("»", (shown_safely(decision.quote.text), "underline"), "«", (missing, "italic"))
    yield Text(_trail(one), style="dim")


def _who(one: Saying) -> str:
    if one.coder == one.role:
        return one.coder
    told = {"human": " (person)", "repeat": ", asked again", "moderator": " (moderator)"}
    return f"{one_line(one.coder, 40)}{told.get(one.role, '')}"


def _trail(one: Saying) -> str:
    """Where the answer comes from: model, prompt and codebook version."""
    trail = one.decision.provenance
    parts = [one_line(trail.model, 60)] if trail.model else []
    if trail.prompt_hash:
        parts.append(f"prompt {one_line(trail.prompt, 40)} {trail.prompt_hash[:8]}")
    parts.append(f"codebook {one.decision.codebook_version}")
    if one.decision.overruled:
        parts.append(f"not followed: {one_line(', '.join(one.decision.overruled), 60)}")
    return " · ".join(parts)


def _head(page: UnitPage) -> Text:
    text = Text()
    if page.code is not None:
        text.append(one_line(page.code.label, 100), "bold")
        if page.code.definition:
            text.append(f"  {shown_safely(page.code.definition)}", "dim")
        text.append("\n")
    text.append(one_line(page.place.document, 80), "dim")
    if page.final:
        text.append("   in the end: ", "dim")
        text.append(one_line(page.final, 100), "bold")
    return text


def _segment(page: UnitPage) -> Text:
    """The segment, what coders quote underlined."""
    place = page.place
    text = place.segment.text
    marks = [False] * len(text)
    for one in page.sayings:
        quote = one.decision.quote
        if quote.start is not None and quote.end is not None:
            start, end = max(quote.start - place.start, 0), min(quote.end - place.start, len(text))
            marks[start:end] = [True] * max(end - start, 0)
    drawn_text = Text("▌ ", style="bold")
    if place.segment.speaker:
        drawn_text.append(f"{one_line(place.segment.speaker, 40)}: ", "bold")
    for piece, marked in _pieces(text, marks):
        drawn_text.append(shown_safely(piece), "bold underline" if marked else "not bold")
    return drawn_text


def _pieces(text: str, marks: list[bool]) -> Iterator[tuple[str, bool]]:
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or marks[at] != marks[start]:
            yield text[start:at], marks[start]
            start = at


def _spoken(one: SpokenText, *, end: bool) -> Text:
    """A segment around it, in short: its end or its beginning."""
    speaker = f"{one_line(one.speaker, 40)}: " if one.speaker else ""
    text = " ".join(one.text.split())
    if len(text) > AROUND:
        text = f"… {text[-AROUND:]}" if end else f"{text[:AROUND]} …"
    return Text(f"  {speaker}{shown_safely(text)}", style="dim")


def _settled(step: Settled) -> Text:
    """What a person made of it."""
    text = Text()
    if step.value:
        text.append(f"✓ settled: {one_line(step.label, 80) if step.label else step.value}", "bold")
        text.append(" and sent to the reviser" if step.evidence else "", "bold")
    else:
        text.append("→ sent to the reviser", "bold")
    text.append(f"  {one_line(step.by, 40)}, {step.created_at[:16].replace('T', ' ')}", "dim")
    if step.note:
        text.append(f"\n  {shown_safely(step.note)}")
    if step.asked:
        text.append(f"\n  → {shown_safely(step.asked)}")
    return text
