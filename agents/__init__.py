"""The agents: typed input, a prompt, a bounded answer, typed output; and as LangGraph subgraphs.

`build_coder()`, `build_moderator()`, `build_definer()` and `build_themer()` give compiled graphs for other
LangGraph applications.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from intercoder.agents.coder import Coder, build_coder
    from intercoder.agents.definer import Definer, build_definer
    from intercoder.agents.moderator import Moderator, build_moderator
    from intercoder.agents.themer import Themer, build_themer

__all__ = [
    "Coder",
    "Definer",
    "Moderator",
    "Themer",
    "build_coder",
    "build_definer",
    "build_moderator",
    "build_themer",
]


def __getattr__(name: str) -> Any:
    """Import an agent when it is first used: LangChain and LangGraph take a second to load."""
    if name in __all__:
        return getattr(import_module(f"intercoder.agents.{name.removeprefix('build_').lower()}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
