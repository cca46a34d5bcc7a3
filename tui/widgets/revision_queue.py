"""The queue of revisions, grouped by code: number, kind, age, and what is said to each so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from intercoder.core.ages import age
from intercoder.core.revising.revision_words import BOOK
from intercoder.core.revisions import RevisionStatus
from intercoder.graphs.codebook.drafting import Queued
from intercoder.tui.text import joined, line
from intercoder.tui.widgets.hanging import MUTED

Group = tuple[str, list[Queued]]
WORDS: dict[RevisionStatus, tuple[str, str, str]] = {
    "waiting": ("○", "waits", "$text-warning"),
    "approved": ("✓", "approve", "$text-success"),
    "edited": ("~", "edit", "$text-primary"),
    "rejected": ("✗", "reject", "$text-error"),
    "dropped": ("-", "dropped", MUTED),
    "undone": ("-", "undone", MUTED),
}
"""Sign, word of a draft, and style."""
NAME = 20
"""Characters of a person's name."""


class RevisionQueue(OptionList):
    """Revisions by code; `number` is the one under the cursor."""

    DEFAULT_CSS = """
    RevisionQueue { border: none; padding: 0; height: 1fr; background: $surface; scrollbar-size-vertical: 1; }
    RevisionQueue:focus { border: none; background-tint: $foreground 0%; }
    RevisionQueue:focus > .option-list--option-highlighted { color: $foreground; background: $primary 35%; }
    RevisionQueue > .option-list--option, RevisionQueue > .option-list--option-highlighted { padding: 0; }
    RevisionQueue > .option-list--option-disabled { color: $primary; text-style: bold; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._groups: list[Group] = []
        self._rows: list[tuple[str, Content]] = []

    @property
    def number(self) -> int:
        """Number of the revision under the cursor; 0 if there is none."""
        option = self.highlighted_option
        return int(option.id) if option and option.id else 0

    @property
    def numbers(self) -> list[int]:
        """All, in the order shown."""
        return [one.recorded.number for _, group in self._groups for one in group]

    def show_groups(self, groups: Sequence[Group], by: str, now: str) -> None:
        """Show revisions; the cursor stays on the one that it is on, or comes to the first.

        Args:
            groups: Label of a code, and the revisions about it.
            by: Who looks: their own drafts bear no name.
            now: Present time.
        """
        self._groups = list(groups)
        rows: list[tuple[str, Content]] = []
        for label, group in groups:
            rows.append(("", line(label or BOOK, 60)))
            rows += [(str(one.recorded.number), row_of(one, by, now)) for one in group]
        if [key for key, _ in rows] == [key for key, _ in self._rows]:
            self._replace(rows)
        else:
            self._rebuild(rows)
        self._rows = rows

    def go_to(self, number: int) -> bool:
        """Put the cursor on a revision; whether it is there."""
        if number not in self.numbers:
            return False
        self.highlighted = self.get_option_index(str(number))
        return True

    def next_open(self) -> int:
        """The next open revision that is not under the cursor, after it and then from the top; 0 for none."""
        order = self.numbers
        here = order.index(self.number) if self.number in order else -1
        found = {one.recorded.number for _, group in self._groups for one in group if one.open}
        return next((one for one in order[here + 1 :] + order[: max(here, 0)] if one in found), 0)

    def neighbour(self, by: int) -> int:
        """The first revision of the code that comes so many after the cursor's, or before it; 0 for none."""
        place = next((at for at, (_, group) in enumerate(self._groups) if self._here(group)), 0)
        return self._groups[(place + by) % len(self._groups)][1][0].recorded.number if self._groups else 0

    def _here(self, group: Sequence[Queued]) -> bool:
        return any(one.recorded.number == self.number for one in group)

    def _replace(self, rows: Sequence[tuple[str, Content]]) -> None:
        for place, ((_, old), (_, new)) in enumerate(zip(self._rows, rows, strict=True)):
            if not old.is_same(new):
                self.replace_option_prompt_at_index(place, new)

    def _rebuild(self, rows: Sequence[tuple[str, Content]]) -> None:
        before, old = self.number, self.highlighted or 0
        self.set_options(Option(text, id=key or None, disabled=not key) for key, text in rows)
        if not self.go_to(before):
            # What stood here went: the cursor stays about where it was.
            places = [place for place, (key, _) in enumerate(rows) if key]
            self.highlighted = min(places, key=lambda place: abs(place - old), default=None)


def row_of(queued: Queued, by: str, now: str) -> Content:
    """One revision on a line or two."""
    one = queued.drafted
    sign, word, style = WORDS[one.status]
    kind = one.revision.kind.replace("_", " ")
    told = joined(Content.styled(f"{sign} ", style), f"{one.number} {kind}")
    if queued.recorded.answer is not None:
        said = joined("  ", Content.styled(one.status, style), ", ", line(queued.recorded.answer.by, NAME))
    elif one.answer is not None:
        whose = "" if one.answer.by == by else joined(", ", line(one.answer.by, NAME))
        said = joined("  ", Content.styled(f"{word} (draft)", style), whose)
    else:
        said = Content.styled(f"  {age(one.created_at, now) if one.status == 'waiting' else word}", MUTED)
    problem = Content.styled(" ! does not fit", "bold $text-error") if queued.problem else ""
    return joined(told, said, problem)
