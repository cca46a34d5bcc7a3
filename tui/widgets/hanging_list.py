"""A list of at most some hundred texts of several lines each, wrapped beside what leads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from intercoder.tui.widgets.hanging import Row, hanging, same_rows

Item = tuple[str, Sequence[Row]]
"""An id, unique in the list, and the rows that are shown for it."""


class HangingList(OptionList):
    """Items that are laid out again whenever the width changes; quiet until it has the focus."""

    DEFAULT_CSS = """
    HangingList { border: none; padding: 0; height: 1fr; background: $surface; scrollbar-size-vertical: 1; }
    HangingList:focus { border: none; background-tint: $foreground 0%; }
    HangingList > .option-list--option { padding: 0; }
    HangingList > .option-list--option-highlighted {
        color: $foreground; background: $surface; text-style: none; padding: 0;
    }
    HangingList:focus > .option-list--option-highlighted {
        color: $foreground; background: $boost; text-style: none;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._items: Sequence[Item] = ()
        self._laid_out_for = 0

    @property
    def key(self) -> str:
        """Id of the item under the cursor, else of the first; empty where there is none."""
        return self._items[self.highlighted or 0][0] if self._items else ""

    def show_items(self, items: Sequence[Item], key: str = "") -> None:
        """Show other items; the same ones again move nothing.

        Args:
            items: What to show.
            key: The item to be under the cursor; by default the one that was, or the first.
        """
        same = [one for one, _ in items] == [one for one, _ in self._items]
        pairs = zip(items, self._items, strict=True) if same else ()
        if same and key in ("", self.key) and all(same_rows(one, other) for (_, one), (_, other) in pairs):
            return
        wanted = key or (self.key if same else "")
        self._items = items
        self._lay_out()
        place = next((at for at, (one, _) in enumerate(items) if one == wanted), 0 if items else None)
        if place != self.highlighted:
            self.highlighted = place
        if not same and not key:
            self.scroll_home(animate=False)

    def on_resize(self) -> None:
        """Wrap at the new width."""
        if self._items and self.scrollable_content_region.width != self._laid_out_for:
            place = self.highlighted
            self._lay_out()
            self.highlighted = place

    def _lay_out(self) -> None:
        """Wrap all; what is there already keeps its place on the screen."""
        width = self._laid_out_for = self.scrollable_content_region.width
        prompts = [(key, hanging(rows, width)) for key, rows in self._items]
        if [option.id for option in self.options] == [key for key, _ in prompts]:
            for place, (_, prompt) in enumerate(prompts):
                self.replace_option_prompt_at_index(place, prompt)
        else:
            self.set_options(Option(prompt, id=key) for key, prompt in prompts)
