"""The base of every value that rooms hand to one another."""

from __future__ import annotations

from typing import TypeAlias

from pydantic import BaseModel, ConfigDict

AttributeValue: TypeAlias = str | int | float | bool | None
"""A variable's value: typed, as the table or the person gave it."""


class Record(BaseModel):
    """An immutable value; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
