"""LangGraph graphs over agents and stores, and the functions that run them on a study or on plain texts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from intercoder.graphs.codevelopment import build_codevelopment
    from intercoder.graphs.deductive import build_deductive
    from intercoder.graphs.deductive_texts import DeductiveResult, acode_deductively, code_deductively
    from intercoder.graphs.inductive import build_inductive
    from intercoder.graphs.merging import build_merging
    from intercoder.graphs.teams import make_deductive_context, make_development_context
    from intercoder.graphs.texts import InductiveResult, acode_inductively, code_inductively
    from intercoder.graphs.theming import build_theming
    from intercoder.stores.in_memory_development import InMemoryDevelopmentStore

__all__ = [
    "DeductiveResult",
    "InMemoryDevelopmentStore",
    "InductiveResult",
    "acode_deductively",
    "acode_inductively",
    "build_codevelopment",
    "build_deductive",
    "build_inductive",
    "build_merging",
    "build_theming",
    "code_deductively",
    "code_inductively",
    "make_deductive_context",
    "make_development_context",
]

_HOMES = {
    "DeductiveResult": "graphs.deductive_texts",
    "InMemoryDevelopmentStore": "stores.in_memory_development",
    "InductiveResult": "graphs.texts",
    "acode_deductively": "graphs.deductive_texts",
    "acode_inductively": "graphs.texts",
    "code_deductively": "graphs.deductive_texts",
    "code_inductively": "graphs.texts",
    "make_deductive_context": "graphs.teams",
    "make_development_context": "graphs.teams",
}
"""Modules of what is no `build_NAME` of the module NAME."""


def __getattr__(name: str) -> Any:
    """Import a graph when it is first used: LangGraph takes a second to load."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES.get(name, f"graphs.{name.removeprefix('build_')}")
    return getattr(import_module(f"intercoder.{home}"), name)
