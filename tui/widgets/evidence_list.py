"""The passages that a revision rests on, each with what coders said of it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from intercoder.core.coding.findings import Excerpt, Said
from intercoder.core.revising.evidence_words import quoted_parts, said_words
from intercoder.tui.text import joined, line, shown
from intercoder.tui.widgets.hanging import MUTED, Row
from intercoder.tui.widgets.hanging_list import HangingList

SIGNS = {"yes": ("✓ ", "$text-success"), "no": ("✗ ", "$text-error"), "unsure": ("? ", "$text-warning")}
"""Before an answer; the words say the same."""
REASON = 500
"""Characters of an answer with its reason."""


class EvidenceList(HangingList):
    """Passages with the words that coders quote underlined and between » and «."""

    @property
    def segment(self) -> str:
        """Id of the segment under the cursor, else of the first; empty where there is none."""
        return self.key

    @property
    def marked(self) -> tuple[int, int]:
        """First line of what is under the cursor, and how many lines it has."""
        heights = [len(str(option.prompt).split("\n")) for option in self.options]
        place = self.highlighted or 0
        return sum(heights[:place]), sum(heights[place : place + 1])

    def show_excerpts(self, excerpts: Sequence[Excerpt]) -> None:
        """Show other passages; the same ones again move nothing."""
        self.show_items([(one.segment_id, excerpt_rows(one, number)) for number, one in enumerate(excerpts, 1)])


def excerpt_rows(excerpt: Excerpt, number: int) -> list[Row]:
    """A passage, and below it who said what."""
    speaker = joined(line(excerpt.speaker, 40, "italic"), ": ") if excerpt.speaker else ""
    parts = (shown(f"»{part}«", "underline") if quoted else shown(part) for part, quoted in quoted_parts(excerpt))
    rows: list[Row] = [(Content.styled(f"{number}. ", "bold"), joined(speaker, *parts))]
    return [*rows, *((_sign(said), line(said_words(said), REASON, MUTED)) for said in excerpt.said)]


def _sign(said: Said) -> Content:
    sign, style = SIGNS.get(said.value, ("  ", ""))
    return joined("   ", Content.styled(sign, style))
