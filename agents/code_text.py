"""How codes are written for a model to read: every rule and example, nothing cut off."""

from __future__ import annotations

from collections.abc import Sequence

from intercoder.agents.answers import one_line
from intercoder.core.codebook import Code, Codebook
from intercoder.core.errors import InputError


def code_text(book: Codebook, code: Code) -> str:
    """A code as its entry in the codebook: label, definition, rules, examples with Yes or No, and its group."""
    parent = book.code(code.parent)
    parts = [
        f"Code: {one_line(code.label)}",
        _line("Definition", code.definition),
        _line("Part of", _group(parent) if parent else ""),
        *(_line("Applies", rule) for rule in code.include),
        *(_line("Does not apply", rule) for rule in code.exclude),
        *(_line("Example of Yes", example.text) for example in code.examples),
        *(_line("Example of No", example.text) for example in code.negative_examples),
    ]
    return "\n".join(part for part in parts if part)


def book_text(book: Codebook, codes: Sequence[Code]) -> str:
    """Several codes, an empty line between two."""
    return "\n\n".join(code_text(book, code) for code in codes)


def labels_of(codes: Sequence[Code], *reserved: str) -> dict[str, Code]:
    """Label, as a model is shown it -> code.

    Args:
        codes: The codes to choose from.
        *reserved: Answers that are no codes.

    Raises:
        InputError: Two codes, or a code and a reserved answer, cannot be told apart.
    """
    labels: dict[str, Code] = {}
    taken = {word.casefold() for word in reserved}
    for code in codes:
        label = one_line(code.label)
        if label.casefold() in taken:
            raise InputError(
                f"the label {label!r} would be two answers to one question.",
                where=code.id,
                remedy="Rename one of the codes.",
            )
        taken.add(label.casefold())
        labels[label] = code
    return labels


def _group(parent: Code) -> str:
    return f"{parent.label}: {parent.definition}" if parent.definition else parent.label


def _line(head: str, text: str) -> str:
    line = one_line(text)
    return f"{head}: {line}" if line else ""
