"""Drafts in words: what confirming them gives, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from intercoder.core.revisions import RecordedRevision, RevisionStatus
from intercoder.core.shown import counted, listed
from intercoder.graphs.codebook.drafting import Confirmed, Queued

STATUSES: tuple[RevisionStatus, ...] = ("approved", "edited", "rejected")
"""What a draft makes of a revision."""


def waiting_drafts(queue: Sequence[Queued]) -> dict[str, list[Queued]]:
    """Person -> revisions that wait and that they drafted an answer to, in order of the revisions."""
    found: dict[str, list[Queued]] = {}
    for one in queue:
        if one.draft is not None and one.recorded.status == "waiting":
            found.setdefault(one.draft.answer.by, []).append(one)
    return found


def summary(queue: Sequence[Queued], by: str) -> str:
    """What a person can confirm: who drafted what, and what giving their own drafts, or all, leaves to be answered.

    Args:
        queue: All revisions.
        by: Who confirms.
    """
    drafts = waiting_drafts(queue)
    own, all_ = drafts.get(by, []), [one for ones in drafts.values() for one in ones]
    others = {name: ones for name, ones in drafts.items() if name != by}
    people = ([f"You: {_listed(own)}."] if own else []) + [
        f"{name}: {_listed(ones)}." for name, ones in others.items()
    ]
    waiting = sum(one.recorded.status == "waiting" for one in queue)
    if not others:
        choices = [f"{_counted(own)}; {_rest(waiting - len(own))}. Give these answers now?"]
    else:
        mine = (
            f"y: give yours, {_counted(own)}; {_rest(waiting - len(own))}, and what others drafted stays a draft."
        )
        whose = listed([f"{name}'s {len(ones)}" for name, ones in others.items()])
        everything = f"a: give all, also {whose}, each in the name of who drafted it; {_rest(waiting - len(all_))}."
        choices = [*([mine] if own else ["You drafted nothing."]), everything]
    return "\n".join([*people, "", *choices, "", "Answers that are given cannot be taken back."])


def confirmed_by_others(before: Sequence[Queued], after: Sequence[Queued], by: str) -> list[RecordedRevision]:
    """What a person had drafted before and somebody else gave in their name since."""
    drafted = {one.recorded.number for one in waiting_drafts(before).get(by, ())}
    return [one.recorded for one in after if one.recorded.number in drafted and one.recorded.confirmed_by]


def _listed(drafted: Sequence[Queued]) -> str:
    """Numbers by status, such as `approved 4, 5; rejected 7`."""
    by_status = ((status, [one for one in drafted if one.drafted.status == status]) for status in STATUSES)
    return "; ".join(
        f"{status} {', '.join(str(one.recorded.number) for one in ones)}" for status, ones in by_status if ones
    )


def _counted(drafted: Sequence[Queued]) -> str:
    count = Counter(one.drafted.status for one in drafted)
    return ", ".join(f"{count[status]} {status}" for status in STATUSES if count[status]) or "nothing"


def _rest(left: int) -> str:
    return (
        f"{left} still wait{'s' if left == 1 else ''}" if left else "nothing waits any more, so the round goes on"
    )


def outcome(done: Confirmed) -> str:
    """What came of confirming."""
    told_of = [f"{counted(len(done.recorded), 'answer')} given."]
    if done.passed_over:
        numbers = listed([str(one.number) for one in done.passed_over])
        told_of.append(f"Answered by others meanwhile, so your draft is gone: {numbers}.")
    if done.left:
        told_of.append(f"Drafted by others and left to them: {listed([str(number) for number in done.left])}.")
    told_of += [f"Revision {number} is kept as a draft: {why}" for number, why in done.kept.items()]
    if done.waiting:
        told_of.append(f"{counted(len(done.waiting), 'revision')} still to answer.")
    return " ".join(told_of)
