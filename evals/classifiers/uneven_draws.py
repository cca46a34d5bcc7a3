"""What figures are of where held-out segments were drawn unevenly, in a sentence."""

from __future__ import annotations

from intercoder.core.classifier_results import PartSizes
from intercoder.core.shown import listed


def uneven_notes(parts: PartSizes) -> tuple[str, ...]:
    """That figures are weighted back to the corpus, or should be and are not; nothing after an even draw."""
    if parts.weighted_by:
        return (
            f"Sample `{parts.weighted_by}` was drawn unevenly: figures are weighted back to the corpus, and the "
            f"{parts.held_out:,} held-out segments weigh like {parts.worth:.0f} drawn evenly.",
        )
    if not parts.uneven:
        return ()
    several = len(parts.uneven_in) > 1
    return (
        f"{parts.uneven:,} of {parts.held_out:,} held-out segments are in sample{'s' * several} "
        f"{listed([f'`{name}`' for name in parts.uneven_in])}, drawn unevenly: if people coded them for that, "
        f"figures are of what people coded, not of the corpus. `--sample {parts.uneven_in[0]}` weights "
        f"them{', one sample at a time' if several else ''}.",
    )
