"""The consistency filter: whether a coder, asked again, finds in a text what it was written for (seed 001).

Off by default: the seed found no gain in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from intercoder.agents.asking import NoAnswer
from intercoder.agents.deductive_coder import DeductiveCoder
from intercoder.agents.session import Session
from intercoder.core.codebook import Code, Codebook
from intercoder.core.synthetic import SyntheticSegment, as_segment

TEMPERATURE = 0.7
"""At which a coder draws that else would always say the same."""


async def consistent(
    segments: Sequence[SyntheticSegment],
    k: int,
    coder: DeductiveCoder,
    session: Session,
    answered: Callable[[int, int, int], None] = lambda done, total, time: None,
) -> list[bool]:
    """For each synthetic segment whether a coder gives it, k times, the value it was written with.

    A segment that was once given another is not asked about again.

    Args:
        segments: The segments.
        k: How often the coder is asked about each, from 1; each time with another seed.
        coder: A deductive coder of the segments' codebook. Where it always says the same (temperature 0) it is
            asked at temperature 0.7.
        session: The run's session; with its answer log nothing is asked twice.
        answered: Told after each answer how many there are, of those that are asked for at that time, and which
            time it is, from 1.

    Returns:
        One a segment, in order. An answer that is `unsure`, or that could not be used, repeats nothing.

    Raises:
        EndpointStopped: The endpoint answers nobody.
    """
    temperature = coder.settings.sampling.temperature or TEMPERATURE
    stays = [True] * len(segments)
    for number in range(1, k + 1):
        drawing = coder.drawing(coder.settings.seed + number, temperature)
        places = [place for place, stay in enumerate(stays) if stay]
        done = 0

        async def repeats(
            place: int, drawing: DeductiveCoder = drawing, total: int = len(places), time: int = number
        ) -> None:
            nonlocal done
            stays[place] = await _says(drawing, segments[place], session)
            done += 1
            answered(done, total, time)

        await asyncio.gather(*map(repeats, places))
    return stays


async def _says(coder: DeductiveCoder, written: SyntheticSegment, session: Session) -> bool:
    """Whether a coder finds in a text what it was written for."""
    segment = as_segment(written)
    try:
        if coder.book.exclusive:
            answer = await coder.choose(segment, session)
        else:
            answer = await coder.decide(segment, _code(coder.book, written), session)
    except NoAnswer:
        return False
    if answer is None or answer.value == "unsure":
        return False
    has = answer.value == "yes" and answer.code_id == written.code_id
    return has == (written.value == "yes")


def _code(book: Codebook, written: SyntheticSegment) -> Code:
    code = book.code(written.code_id)
    if code is None:
        raise KeyError(written.code_id)
    return code
