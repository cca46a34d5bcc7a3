"""Whether people are held against one another on the same decisions as systems are, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from intercoder.core.classifier_results import SystemFigures


def human_ceiling_notes(systems: Sequence[SystemFigures]) -> tuple[str, ...]:
    """What to know where only some decisions are of two people or more; nothing where all are, or none is."""
    return tuple(
        f"People are held against one another on {one.decisions:,} of the {one.asked:,} decisions on held-out "
        "segments that systems are held against, those that two people or more made. Where these are harder or "
        "easier than the others, systems cannot be compared with people."
        for one in systems
        if one.system == "people" and one.decisions < one.asked
    )
