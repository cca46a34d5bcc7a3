"""The consistency filter: whether a coder, asked again, finds in a text what it was written for (seed 001).

Off by default: the seed found no gain in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from intercoder.agents.deductive_coder import DeductiveCoder
from intercoder.agents.session import Session
from intercoder.core.synthetic import SyntheticSegment


async def consistent(
    segments: Sequence[SyntheticSegment], k: int, coder: DeductiveCoder, session: Session
) -> list[bool]:
    """For each synthetic segment whether a coder gives it, k times, the value it was written with.

    Args:
        segments: The segments.
        k: How often the coder is asked about each, from 1; each time with another seed.
        coder: A deductive coder of the segments' codebook. Where it always says the same (temperature 0) it is
            asked at the temperature of the study's repeat test.
        session: The run's session; with its answer log nothing is asked twice.

    Returns:
        One a segment, in order. An answer that is `unsure`, or that could not be used, repeats nothing.

    Raises:
        EndpointStopped: The endpoint answers nobody.
    """
    raise NotImplementedError
