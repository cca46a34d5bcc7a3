"""How long ago something was."""

import pytest

from intercoder.core.ages import age


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-03-01T10:00:00Z", "0 s"),
        ("2026-03-01T10:00:59Z", "59 s"),
        ("2026-03-01T10:59:59Z", "59 min"),
        ("2026-03-02T09:59:59Z", "23 h"),
        ("2026-03-07T10:00:00Z", "6 d"),
        ("2026-03-15T10:00:00Z", "2 wk"),
        ("2026-02-01T10:00:00Z", "0 s"),
    ],
)
def test_ages(now: str, told: str) -> None:
    assert age("2026-03-01T10:00:00Z", now) == told
    assert age("2026-03-01T10:00:00.000004Z", now.replace("Z", ".000005Z")) == told
