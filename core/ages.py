"""How long ago something was, as people say it."""

from __future__ import annotations

import datetime

STEPS = ((60, "s"), (60, "min"), (24, "h"), (7, "d"))
"""How many of a unit make one of the next, and what the unit is called."""


def age(then: str, now: str) -> str:
    """`5 s`, `12 min`, `3 h`, `6 d`, `2 wk`; what lies in the future is `0 s`.

    Args:
        then: UTC, ISO 8601.
        now: Present time, likewise.
    """
    rest = max(int((_time(now) - _time(then)).total_seconds()), 0)
    for size, unit in STEPS:
        if rest < size:
            return f"{rest} {unit}"
        rest //= size
    return f"{rest} wk"


def _time(text: str) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
