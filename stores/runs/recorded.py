"""Recorded answers, matched with a study's segments and the codes of a book."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.code_names import CodeNames, folded
from intercoder.core.coding.deduction import RecordedAnswer
from intercoder.core.coding.given_answers import AnswerRow, Located, refuse
from intercoder.stores import schema
from intercoder.stores.corpus.named_segments import locate
from intercoder.stores.database import reading
from intercoder.stores.study_folder import StudyFolder

REMEDY = "Mend the table that `replay` in study.toml names."


def match(
    folder: StudyFolder, book: Codebook, rows: Sequence[AnswerRow]
) -> Mapping[int, Mapping[tuple[str, str], RecordedAnswer]]:
    """Bring recorded answers to the segments and codes that they name.

    Args:
        folder: The study.
        book: The codebook version that is coded with.
        rows: What the table holds. It may name codes as they were called in earlier versions, unless another code
            is called so by now.

    Returns:
        Attempt (1 the first answer, 2 the answer when asked again) -> segment id and code id -> answer. In an
        exclusive book the code id is empty and the answer holds the chosen code; a code that is `no` there says
        nothing and is left out.

    Raises:
        InputError: Rows name segments or codes that are not there, answer `unsure` where the book does not allow
            it, lack their value, or give an answer twice; the first of them are listed.
    """
    with reading(folder.engine) as connection:
        located = locate(connection, folder.study.id, (row.place for row in rows))
        former = _former_names(connection, folder.study.id, book)
    names = CodeNames(book)
    codes = {name: names.find(name) or former.get(folded(name)) for name in {row.code for row in rows}}
    unknown = {name: names.unknown(name) for name, code in codes.items() if code is None and name}
    found: dict[int, dict[tuple[str, str], RecordedAnswer]] = {}
    problems: list[str] = []
    for row in rows:
        problem = _problem(row, book, located, unknown)
        if problem:
            problems.append(f"{row.where}: {problem}")
        elif not (book.exclusive and row.value == "no"):
            problems += _take(row, book, codes[row.code], located, found.setdefault(row.attempt, {}))
    refuse("", list(dict.fromkeys(problems)), REMEDY)
    return found


def _former_names(connection: Connection, study_id: str, book: Codebook) -> dict[str, Code]:
    """What codes of the book were called before, folded; without what any is called now, or several were called."""
    table = schema.code_revisions
    codes = {code.id: code for code in book.leaves}
    labels = sa.select(table.c.code_id, table.c.label).where(
        table.c.study_id == study_id, table.c.code_id.in_(list(codes))
    )
    called = {(folded(label), code_id) for code_id, label in connection.execute(labels)}
    called |= {(folded(code.lineage.renamed_from), code.id) for code in book.leaves}
    times = Counter(name for name, _ in called)
    taken = {"", *(folded(code.label) for code in book.codes)}
    return {name: codes[code_id] for name, code_id in called if times[name] == 1 and name not in taken}


def _take(
    row: AnswerRow,
    book: Codebook,
    code: Code | None,
    located: Located,
    found: dict[tuple[str, str], RecordedAnswer],
) -> list[str]:
    """Add an answer to those of its attempt; what is wrong with it."""
    problems = []
    value = row.value or "yes"
    code_id = code.id if code is not None else ""
    chosen = code_id if book.exclusive and value == "yes" else ""
    answer = RecordedAnswer(value=value, code_id=chosen, reason=row.reason, quote=row.quote)
    for segment_id in located.segments[row.place]:
        key = (segment_id, "" if book.exclusive else code_id)
        if key in found:
            problems.append(f"{row.where}: {row.place} has another answer already.")
        found[key] = answer
    return problems


def _problem(row: AnswerRow, book: Codebook, located: Located, unknown: Mapping[str, str]) -> str:
    if row.place not in located.segments:
        return located.problems[row.place]
    unsure = row.value == "unsure"
    if row.code in unknown and not (book.exclusive and unsure):
        return f"{row.code!r} is no code. {unknown[row.code]}"
    if unsure and not book.allow_unsure:
        return f"codebook version {book.version} does not allow `unsure`."
    if not row.value and not book.exclusive:
        return "has no value: yes or no for each code, in the column `value`."
    if not row.code and not (book.exclusive and unsure):
        return "names no code."
    return ""
