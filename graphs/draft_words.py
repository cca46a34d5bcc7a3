"""Drafts in words: what confirming them gives, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from intercoder.core.shown import counted, listed
from intercoder.graphs.drafting import Confirmed, Queued


def summary(queue: Sequence[Queued]) -> str:
    """What confirming gives and what it leaves, such as `3 approved, 1 rejected; 2 still wait. ...`."""
    waiting = [one for one in queue if one.recorded.status == "waiting"]
    count = Counter(one.drafted.status for one in waiting)
    given = [f"{count[status]} {status}" for status in ("approved", "edited", "rejected") if count[status]]
    left = count["waiting"]
    rest = (
        f"{left} still wait{'s' if left == 1 else ''}" if left else "nothing waits any more, so the round goes on"
    )
    return f"{', '.join(given) or 'nothing'}; {rest}.\n\nGive these answers now? They cannot be taken back then."


def outcome(done: Confirmed) -> str:
    """What came of confirming."""
    told_of = [f"{counted(len(done.recorded), 'answer')} given."]
    if done.passed_over:
        numbers = listed([str(one.number) for one in done.passed_over])
        told_of.append(f"Answered by others meanwhile, so your draft is gone: {numbers}.")
    told_of += [f"Revision {number} is kept as a draft: {why}" for number, why in done.kept.items()]
    if done.waiting:
        told_of.append(f"{counted(len(done.waiting), 'revision')} still to answer.")
    return " ".join(told_of)
