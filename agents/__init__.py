"""The agents: typed input, a prompt, a bounded answer, typed output; and as LangGraph subgraphs.

`build_coder()`, `build_moderator()`, `build_definer()`, `build_themer()`, `build_deductive_coder()`,
`build_reviser()` and `build_synthesizer()` give compiled graphs for other LangGraph applications.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from intercoder.agents.classifier_coder import ClassifierCoder, build_classifier_coder
    from intercoder.agents.coder import Coder, build_coder
    from intercoder.agents.deductive_coder import DeductiveCoder, build_deductive_coder
    from intercoder.agents.deductive_moderator import DeductiveModerator
    from intercoder.agents.definer import Definer, build_definer
    from intercoder.agents.moderator import Moderator, build_moderator
    from intercoder.agents.replay import Replay
    from intercoder.agents.reviser import Reviser, build_reviser
    from intercoder.agents.synthesizer import Synthesizer, build_synthesizer
    from intercoder.agents.themer import Themer, build_themer

__all__ = [
    "ClassifierCoder",
    "Coder",
    "DeductiveCoder",
    "DeductiveModerator",
    "Definer",
    "Moderator",
    "Replay",
    "Reviser",
    "Synthesizer",
    "Themer",
    "build_classifier_coder",
    "build_coder",
    "build_deductive_coder",
    "build_definer",
    "build_moderator",
    "build_reviser",
    "build_synthesizer",
    "build_themer",
]

_MODULES = {
    "ClassifierCoder": "classifier_coder",
    "DeductiveCoder": "deductive_coder",
    "DeductiveModerator": "deductive_moderator",
}
"""Modules whose names do not follow from the agents' in lower case."""


def __getattr__(name: str) -> Any:
    """Import an agent when it is first used: LangChain and LangGraph take a second to load."""
    if name in __all__:
        module = _MODULES.get(name, name.removeprefix("build_").lower())
        return getattr(import_module(f"intercoder.agents.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
