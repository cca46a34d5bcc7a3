"""What a LangGraph store is asked for: values by their fields, namespaces by how they begin or end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from langgraph.store.base import MatchCondition

from intercoder.stores.memory.chroma_items import Namespace


def passes(value: Mapping[str, Any], filter_: Mapping[str, Any] | None) -> bool:
    """Whether a value has all that a LangGraph filter asks: equal fields, or `$eq $ne $gt $gte $lt $lte`."""
    return all(_compare(value.get(name), wanted) for name, wanted in (filter_ or {}).items())


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": lambda value, bound: bool(value == bound),
    "$ne": lambda value, bound: bool(value != bound),
    "$gt": lambda value, bound: float(value) > float(bound),
    "$gte": lambda value, bound: float(value) >= float(bound),
    "$lt": lambda value, bound: float(value) < float(bound),
    "$lte": lambda value, bound: float(value) <= float(bound),
}


def _compare(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict) and any(name.startswith("$") for name in wanted):
        unknown = wanted.keys() - _OPERATORS.keys()
        if unknown:
            raise ValueError(f"a filter knows {', '.join(_OPERATORS)}, not {', '.join(sorted(unknown))}")
        if value is None and wanted.keys() & {"$gt", "$gte", "$lt", "$lte"}:
            return False
        return all(_OPERATORS[name](value, bound) for name, bound in wanted.items())
    if isinstance(wanted, dict):
        return isinstance(value, dict) and passes(value, wanted)
    return bool(value == wanted)


def matches(namespace: Namespace, condition: MatchCondition) -> bool:
    """Whether a namespace begins or ends as a condition asks; `*` stands for any part."""
    path = condition.path
    if len(namespace) < len(path):
        return False
    part = namespace[: len(path)] if condition.match_type == "prefix" else namespace[len(namespace) - len(path) :]
    return all(wanted in ("*", name) for wanted, name in zip(path, part, strict=True))
