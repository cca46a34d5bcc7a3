"""Settings of a run that is gone on with: where its models are served may have changed meanwhile."""

from __future__ import annotations

from typing import Any

from intercoder.core.errors import ModelError
from intercoder.core.record import Record
from intercoder.llms.references import same_model


def alike(began: object, now: object) -> bool:
    """Whether two settings are equal, or differ only in the servers of a model (see `references.same_model`).

    Args:
        began: A value of `core.study.Study`, such as its coders.
        now: The same of other settings.
    """
    return began == now or _alike(_plain(began), _plain(now))


def _plain(value: object) -> Any:
    if isinstance(value, Record):
        return value.model_dump()
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _alike(one: Any, other: Any, key: str = "") -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[name], other[name], name) for name in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(_alike(a, b, key) for a, b in zip(one, other, strict=True))
    if key == "model" and isinstance(one, str) and isinstance(other, str) and one and other:
        return _same(one, other)
    return bool(one == other)


def _same(one: str, other: str) -> bool:
    try:
        return same_model(one, other)
    except ModelError:
        return False
