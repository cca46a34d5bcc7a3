"""One revision with what it rests on, and the page of a code from the latest development round."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from intercoder.cli.codebooks.codebook_changes import print_changes
from intercoder.cli.codebooks.revision_lists import as_json
from intercoder.cli.frames import interval, shown
from intercoder.cli.output import console, print_json, print_table
from intercoder.core.codebooks.codebook_words import in_words
from intercoder.core.revising.evidence_words import grouped, origin, quoted_parts, said_words
from intercoder.core.revising.revision_words import subject, told
from intercoder.core.shown import counted, one_line, shown_safely
from intercoder.evals.development_words import verdict

if TYPE_CHECKING:
    from rich.text import Text

    from intercoder.core.codebook import Code
    from intercoder.core.coding.findings import CodeFindings, CoderFindings, Excerpt
    from intercoder.core.revisions import RecordedRevision
    from intercoder.graphs.codebook.revision_views import DevelopmentPages, Recoding
    from intercoder.stores.study_folder import StudyFolder

LABEL = 60
"""Characters of a label."""


def print_revision(folder: StudyFolder, one: RecordedRevision, *, json: bool) -> None:
    """A revision: its change, why, where it comes from, what it rests on, and what it would cost."""
    from intercoder.graphs.codebook.revision_views import recoding
    from intercoder.stores.codebooks.revision_evidence import read_evidence

    excerpts = read_evidence(folder.engine, folder.study.id, one.revision)
    cost = recoding(folder, one) if one.status == "waiting" else None
    if json:
        passages = [excerpt.model_dump(mode="json") for excerpt in excerpts]
        again = cost.model_dump(mode="json") if cost else None
        print_json({**as_json(one), "passages": passages, "recoding": again})
        return
    revision = one.revision
    print(f"Revision {one.number}: {revision.kind} of {one_line(subject(one), LABEL)}; {told(one)}.")
    print()
    print_changes(in_words([revision], _labels(folder)))
    if one.status == "edited":
        print("As edited:")
        print_changes(in_words([one.settled], _labels(folder)))
    print()
    if revision.rationale:
        print(f"Why: {shown_safely(revision.rationale)}")
    print(f"Proposed {origin(revision)}, {one.created_at}.")
    if excerpts:
        print(f"\nIt rests on {counted(len(excerpts), 'passage')}:")
        _print_excerpts(excerpts)
    if one.status == "waiting":
        _print_ways_on(folder, one, cost)


def print_pages(pages: DevelopmentPages, *, json: bool) -> None:
    """The pages of codes."""
    run = pages.run
    if json:
        for found in pages.findings:
            print_json(_page_as_json(pages, found))
        return
    if run.position < run.total:
        print(f"{run.id} is still coding round {run.round}: {run.position} of {run.total} segments.")
    for found in pages.findings:
        code = pages.book.code(found.code_id)
        if code is not None:
            _print_page(pages, code, found)


def _print_page(pages: DevelopmentPages, code: Code, found: CodeFindings) -> None:
    from rich.text import Text

    run = pages.run
    console().print(Text(f"\n{one_line(code.label, LABEL)}", style="bold"))
    print(f"Round {run.round} of {run.id}, codebook version {pages.book.version}, {counted(run.total, 'segment')}.")
    if code.definition:
        print(shown_safely(code.definition))
    exact = code.kind == "pattern"
    columns = ("coder", "Yes", "No", "unsure", "p", "p (Holm)", "kappa", "95% interval", "in words")
    print_table(columns, (_row(coder, exact=exact) for coder in found.coders), title="Answers", right=columns[1:8])
    if found.disputed:
        print(f"Coders differ on {counted(found.disputed, 'segment')}.")
    for title, excerpts in grouped(found.excerpts).items():
        if excerpts:
            print(f"{title}:")
            _print_excerpts(excerpts)


def _row(coder: CoderFindings, *, exact: bool) -> tuple[object, ...]:
    counts = (coder.coder, coder.yes, coder.no, coder.unsure)
    if exact:
        return (*counts, "", "", "", "", verdict(coder, exact=True))
    tests = (shown(coder.p), shown(coder.p_holm), shown(coder.kappa), interval(coder.kappa_low, coder.kappa_high))
    return (*counts, *tests, verdict(coder, exact=False))


def _print_excerpts(excerpts: Sequence[Excerpt]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    out = console()
    for number, excerpt in enumerate(excerpts, 1):
        where = ", ".join(one_line(name, LABEL) for name in (excerpt.document, excerpt.speaker) if name)
        text = Text(f"{number}. {where}: " if where else f"{number}. ")
        text.append_text(_marked(excerpt))
        out.print(Padding(text, (0, 0, 0, 2), expand=False))
        for said in excerpt.said:
            out.print(Padding(Text(said_words(said)), (0, 0, 0, 5), expand=False))


def _marked(excerpt: Excerpt) -> Text:
    """The passage, with the words that coders quoted between » and «."""
    from rich.text import Text

    text = Text()
    for words, quoted in quoted_parts(excerpt):
        part = " ".join(shown_safely(words).splitlines())
        text.append(f"»{part}«" if quoted else part, style="underline" if quoted else "")
    return text


def _print_ways_on(folder: StudyFolder, one: RecordedRevision, cost: Recoding | None) -> None:
    print()
    if cost is None:
        print("It does not fit the codebook any more, so it cannot be approved as it is.")
    elif cost.decisions:
        print(
            f"Coded again if approved: {len(cost.codes)} of {counted(cost.of_codes, 'code')}, "
            f"{cost.decisions:,} of {counted(cost.of_decisions, 'decision')} of each coder."
        )
    else:
        print("If approved, nothing is coded again.")
    command = f"intercoder revisions {folder.argument}"
    print(f"Answer: {command} approve {one.number}")
    print(f"    or: {command} edit {one.number}")
    print(f"    or: {command} reject {one.number} --note WHY")


def _labels(folder: StudyFolder) -> dict[str, str]:
    """Code id -> label in the latest version, for codes that a revision only names."""
    from intercoder.stores.codebooks.revisions import newest
    from intercoder.stores.database import reading

    with reading(folder.engine) as connection:
        return {code.id: code.label for code in newest(connection, folder.study.id).codes}


def _page_as_json(pages: DevelopmentPages, found: CodeFindings) -> dict[str, Any]:
    code = pages.book.code(found.code_id)
    exact = code is not None and code.kind == "pattern"
    values: dict[str, Any] = json.loads(found.model_dump_json())
    for told_of, coder in zip(values["coders"], found.coders, strict=True):
        told_of["in_words"] = verdict(coder, exact=exact)
    own = {"run": pages.run.id, "round": pages.run.round, "codebook_version": pages.book.version}
    return {"kind": "page", "label": code.label if code else "", **own, **values}
