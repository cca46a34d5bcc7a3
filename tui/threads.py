"""How a thread shows what it found: in the app's own thread, and only while somebody waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec

from textual.dom import DOMNode
from textual.worker import get_current_worker

Given = ParamSpec("Given")


def show_from_thread(
    node: DOMNode, function: Callable[Given, Any], *args: Given.args, **named: Given.kwargs
) -> None:
    """Call a function of a screen or widget from its thread worker.

    It is not called if the worker was cancelled because something newer took its place, if the screen or widget is
    gone, or if the app is being left.

    Args:
        node: The screen or widget.
        function: Shows what was found.
        args: What it is called with.
        named: The same, by name.
    """
    worker = get_current_worker()

    def show() -> None:
        # Looked at here, in the app's thread, because that is where workers are cancelled and widgets go.
        if not worker.is_cancelled and node.is_attached and node.app.is_running:
            function(*args, **named)

    if not worker.is_cancelled:
        node.app.call_from_thread(show)
