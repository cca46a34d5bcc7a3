"""The keys that apply now, on one line: the screen's to the left, the app's to the right, always in view.

One widget draws them all. Textual's own footer mounts a widget a key anew whenever other keys apply, which costs
more than all else that a key press does here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.app import App
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

GAP = 2
ROOMY = 100
"""Columns from which all keys of the app are named."""
FEW = 2
"""How many of them are named on narrower screens."""


class Key(NamedTuple):
    """A key as it is drawn."""

    name: str
    description: str
    action: str
    enabled: bool
    everywhere: bool
    """Whether it is one of the app's."""

    @property
    def width(self) -> int:
        """Cells that it takes."""
        return cell_len(self.name) + 1 + cell_len(self.description)


class KeyLine(Widget):
    """Keys and what they do; a click does it, too. Keys that there is no room for stand in the help."""

    DEFAULT_CSS = """
    KeyLine { dock: bottom; height: 1; background: $panel; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._keys: tuple[Key, ...] = ()
        self._placed: list[tuple[int, Key]] = []

    def on_mount(self) -> None:
        """Follow what applies."""
        self.screen.bindings_updated_signal.subscribe(self, self._follow)
        self._follow(self.screen)

    def render(self) -> Content:
        """The keys, as many as there is room for."""
        self._placed = list(_placed(self._keys, self.size.width))
        line = Content("")
        for start, key in self._placed:
            line = Content("").join([line, Content(" " * (start - cell_len(line.plain))), _drawn(key)])
        return line

    async def on_click(self, event: events.Click) -> None:
        """Do what the key would do."""
        place = event.x - self.styles.padding.left
        for start, key in self._placed:
            if start <= place < start + key.width and key.enabled:
                await self.app.run_action(key.action, self._owner(key))

    def _follow(self, screen: Screen[Any]) -> None:
        if not self.is_attached or screen is not self.screen:
            return
        keys = tuple(_keys(screen))
        if keys != self._keys:
            self._keys = keys
            self.refresh()

    def _owner(self, key: Key) -> Any:
        """Whose action it is: the one that has the binding."""
        return next(
            (one.node for one in self.screen.active_bindings.values() if one.binding.action == key.action),
            self.screen,
        )


def _keys(screen: Screen[Any]) -> Iterator[Key]:
    """The keys to be shown, each action once."""
    seen = set()
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.show and binding.description and binding.action not in seen:
            seen.add(binding.action)
            yield Key(
                screen.app.get_key_display(binding),
                binding.description,
                binding.action,
                active.enabled,
                isinstance(active.node, App),
            )


def _placed(keys: tuple[Key, ...], width: int) -> Iterator[tuple[int, Key]]:
    """Where each key begins: the app's at the right end, the others from the left as long as there is room."""
    everywhere = [key for key in keys if key.everywhere]
    everywhere = everywhere if width >= ROOMY else everywhere[:FEW]
    end = width - sum(key.width for key in everywhere) - GAP * max(len(everywhere) - 1, 0)
    start = 0
    for key in keys:
        if not key.everywhere and start + key.width + GAP <= end:
            yield start, key
            start += key.width + GAP
    for key in everywhere:
        yield max(end, 0), key
        end += key.width + GAP


def _drawn(key: Key) -> Content:
    name, said = ("bold $accent", "$foreground") if key.enabled else ("$accent 50%", "$foreground 40%")
    return Content.assemble((key.name, name), " ", (key.description, said))
