"""What a report tells of one code: its wording, its numbers, and passages that show how it is understood."""

from __future__ import annotations

from typing import NamedTuple

from intercoder.core.codebook import Code
from intercoder.core.shown import counted
from intercoder.evals.report.deductive.deductive_contents import DeductiveContents, Numbers
from intercoder.evals.report.deductive.randomness_tests import meaning, tested
from intercoder.evals.report.passages import Passages, by_kind, passage


class CodePage(NamedTuple):
    """One code."""

    number: int
    name: str
    code: Code
    parent: str
    """Label of the code it belongs under; empty for none."""
    facts: tuple[str, ...]
    """Sentences with its numbers."""
    passages: tuple[Passages, ...]
    differing: Passages | None
    """Where a person and the model differ."""


def code_pages(contents: DeductiveContents, numbers: Numbers) -> tuple[CodePage, ...]:
    """The codes that the run codes, in the order of the book."""
    parents = {code.id: code.label for code in contents.book.codes}
    pages = []
    for code in contents.coded:
        found = contents.findings.get(code.id)
        pages.append(
            CodePage(
                number=numbers.codes[code.id],
                name=numbers.name(code.id),
                code=code,
                parent=parents.get(code.parent, ""),
                facts=_facts(code, contents),
                passages=by_kind(found.excerpts, contents, numbers) if found else (),
                differing=_differing(code, contents, numbers),
            )
        )
    return tuple(pages)


def _facts(code: Code, contents: DeductiveContents) -> tuple[str, ...]:
    facts = []
    for one in tested(contents):
        if one.code_id == code.id:
            found = one.found
            unsure = f", unsure of {found.unsure:,}" if found.unsure else ""
            facts.append(
                f"{found.coder}: {found.yes:,} Yes of "
                f"{found.yes + found.no:,}{unsure}; {meaning(one, exclusive=contents.book.exclusive)}."
            )
    disputed = contents.findings[code.id].disputed if code.id in contents.findings else 0
    if disputed:
        facts.append(f"Coders differ on {counted(disputed, 'segment')}.")
    return tuple(facts)


def _differing(code: Code, contents: DeductiveContents, numbers: Numbers) -> Passages | None:
    some = contents.calibrated.differing.get(code.id) if contents.calibrated else None
    if not some:
        return None
    return Passages("People and the model differ", tuple(passage(one, contents, numbers) for one in some))
