"""LangGraph graphs over agents and stores, and the functions that run them on a study or on plain texts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from intercoder.graphs.deductive.codevelopment import build_codevelopment
    from intercoder.graphs.deductive.deductive import build_deductive
    from intercoder.graphs.deductive.deductive_texts import DeductiveResult, acode_deductively, code_deductively
    from intercoder.graphs.deductive.teams import make_deductive_context, make_development_context
    from intercoder.graphs.inductive.inductive import build_inductive
    from intercoder.graphs.inductive.texts import InductiveResult, acode_inductively, code_inductively
    from intercoder.graphs.merging.merging import build_merging
    from intercoder.graphs.merging.theming import build_theming
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
    "DeductiveResult": "graphs.deductive.deductive_texts",
    "InMemoryDevelopmentStore": "stores.in_memory_development",
    "InductiveResult": "graphs.inductive.texts",
    "acode_deductively": "graphs.deductive.deductive_texts",
    "acode_inductively": "graphs.inductive.texts",
    "build_codevelopment": "graphs.deductive.codevelopment",
    "build_deductive": "graphs.deductive.deductive",
    "build_inductive": "graphs.inductive.inductive",
    "build_merging": "graphs.merging.merging",
    "build_theming": "graphs.merging.theming",
    "code_deductively": "graphs.deductive.deductive_texts",
    "code_inductively": "graphs.inductive.texts",
    "make_deductive_context": "graphs.deductive.teams",
    "make_development_context": "graphs.deductive.teams",
}
"""The module of each name."""


def __getattr__(name: str) -> Any:
    """Import a graph when it is first used: LangGraph takes a second to load."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"intercoder.{_HOMES[name]}"), name)
