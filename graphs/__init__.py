"""LangGraph graphs over agents and stores, and the functions that run them on a study or on plain texts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from intercoder.graphs.inductive import build_inductive
    from intercoder.graphs.merging import build_merging
    from intercoder.graphs.texts import InductiveResult, acode_inductively, code_inductively
    from intercoder.graphs.theming import build_theming

__all__ = [
    "InductiveResult",
    "acode_inductively",
    "build_inductive",
    "build_merging",
    "build_theming",
    "code_inductively",
]


def __getattr__(name: str) -> Any:
    """Import a graph when it is first used: LangGraph takes a second to load."""
    if name.startswith("build_") and name in __all__:
        return getattr(import_module(f"intercoder.graphs.{name.removeprefix('build_')}"), name)
    if name in __all__:
        from intercoder.graphs import texts

        return getattr(texts, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
