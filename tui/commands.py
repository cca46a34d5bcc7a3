"""The command palette: every key of the screen and of the app, found by what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from textual.app import App
from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.keys import format_key
from textual.widget import Widget

from intercoder.tui.places import PLACES

_PLACES = frozenset(f"app.{place.name}" for place in PLACES)
Node: TypeAlias = Widget | App[Any]


class KeyCommand(NamedTuple):
    """A key's action as it is found."""

    name: str
    help: str
    key: str
    action: str
    node: Node


def commands_of(node: Node) -> Iterator[KeyCommand]:
    """The actions that the own keys of a screen, a widget or the app stand for; Textual's are left out."""
    seen = set()
    for bindings in node._bindings.key_to_bindings.values():
        for binding in bindings:
            if binding.description and binding.id and binding.id not in seen:
                seen.add(binding.id)
                yield KeyCommand(_name(binding), binding.tooltip, key_name(binding), binding.action, node)


def key_name(binding: Binding) -> str:
    """A key as people read it."""
    return binding.key_display or format_key(binding.key)


class KeyCommands(Provider):
    """Finds actions of the screen, then of the app."""

    async def search(self, query: str) -> Hits:
        """Actions whose name or explanation matches."""
        matcher = self.matcher(query)
        for command in self._commands():
            score = max(matcher.match(command.name), matcher.match(command.help) * 0.5)
            if score > 0:
                yield Hit(score, matcher.highlight(command.name), _run(command), help=_help(command))

    async def discover(self) -> Hits:
        """All actions."""
        for command in self._commands():
            yield DiscoveryHit(command.name, _run(command), help=_help(command))

    def _commands(self) -> Iterator[KeyCommand]:
        for node in (self.screen, self.app):
            for command in commands_of(node):
                if self._possible(command):
                    yield command

    def _possible(self, command: KeyCommand) -> bool:
        name = command.action.split("(", 1)[0].rsplit(".", 1)[-1]
        return bool(command.node.check_action(name, ()))


def _run(command: KeyCommand) -> Callable[[], Any]:
    return partial(command.node.run_action, command.action)


def _help(command: KeyCommand) -> str:
    return f"{command.key}   {command.help}" if command.key else command.help


def _name(binding: Binding) -> str:
    """What a key does; those that lead to a screen say so."""
    return f"Go to {binding.description}" if binding.id in _PLACES else binding.description
