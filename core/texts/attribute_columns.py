"""Names of columns for what is known of documents, in tables that have columns of their own."""

from __future__ import annotations

from collections.abc import Iterable

from intercoder.core.codebooks.code_names import folded

MARK = "attribute: "
"""Stands before an attribute's name where a table has another column called so."""


def attribute_columns(names: Iterable[str], own: Iterable[str]) -> dict[str, str]:
    """Attribute -> its column: its name on one line, marked where another column is called so or it has no name.

    Args:
        names: The attributes; columns come in the same order.
        own: The table's other columns.
    """
    taken = {folded(name) for name in own}
    columns: dict[str, str] = {}
    for name in names:
        column = " ".join(name.split())
        while not column or folded(column) in taken:
            column = f"{MARK}{column}"
        taken.add(folded(column))
        columns[name] = column
    return columns
