"""Coders and moderators: typed input, a prompt, a bounded answer, typed output; and as LangGraph subgraphs.

`build_coder()` and `build_moderator()` give compiled graphs for other LangGraph applications.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from intercoder.agents.coder import Coder, build_coder
    from intercoder.agents.moderator import Moderator, build_moderator

__all__ = ["Coder", "Moderator", "build_coder", "build_moderator"]


def __getattr__(name: str) -> Any:
    """Import an agent when it is first used: LangChain and LangGraph take a second to load."""
    if name in ("Coder", "build_coder"):
        from intercoder.agents import coder

        return getattr(coder, name)
    if name in ("Moderator", "build_moderator"):
        from intercoder.agents import moderator

        return getattr(moderator, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
