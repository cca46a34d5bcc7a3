"""Answers that coders gave elsewhere, as a table: what a coder with `replay` in study.toml reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from intercoder.core.codebooks.code_names import folded
from intercoder.core.coding.given_answers import AnswerRow, Place, refuse
from intercoder.core.decisions import Value
from intercoder.formats.coding_sheets import code_of_column
from intercoder.formats.sheet_cells import ALLOWED, read_table, said

PLACES = ("segment_id", "document", "id")
KNOWN = frozenset({*PLACES, "code", "value", "coder", "pass", "reason", "quote"})
"""Columns with a meaning of their own."""
PASSED_OVER = frozenset({"text", "context", "speaker", "memo", "sample", "study", "codebook_version", "run"})
"""Columns of other tables of this program that say nothing here."""
REMEDY = (
    "A table has `segment_id`, `document` or `id`, and either `code` and `value` (if need be `coder`, `pass`, "
    "`reason` and `quote`) or a column for each code."
)


def read_recorded(path: Path, coder: str) -> list[AnswerRow]:
    """Read a csv, tsv or xlsx file of answers, one a row or one column a code; blank ones are left out.

    Args:
        path: The file.
        coder: Rows that name another coder are left out.

    Raises:
        InputError: A column is missing, or rows name no segment, no code, no pass that is 1 or 2, or say neither
            yes, no nor unsure; the first of them are listed.
    """
    cells = read_table(path)
    own = {folded(name): name for name in cells.columns if folded(name) in KNOWN}
    wide = [name for name in cells.columns if folded(name) not in KNOWN | PASSED_OVER]
    if not set(PLACES) & set(own):
        refuse(
            str(path), [f"has no column that names segments. Its columns are: {', '.join(cells.columns)}."], REMEDY
        )
    if "code" not in own and not wide:
        refuse(str(path), [f"has no column for codes. Its columns are: {', '.join(cells.columns)}."], REMEDY)
    mine = folded(coder)
    found: list[AnswerRow] = []
    problems: list[str] = []
    at = {name: place for place, name in enumerate(cells.columns)}
    places = {name: at[column] for name, column in own.items()}
    codes = [] if "code" in own else [(code_of_column(name), at[name]) for name in wide]
    for number, row in enumerate(cells.rows, 1):
        if "coder" in places and folded(row[places["coder"]] or "") != mine:
            continue
        for answer in _answers(f"{path.name}:row {number}", row, places, codes):
            if isinstance(answer, str):
                problems.append(f"row {number}: {answer}")
            else:
                found.append(answer)
    refuse(str(path), problems, REMEDY)
    if not found:
        refuse(str(path), [f"holds no answer of the coder {coder!r}."], "Check the column `coder`.")
    return found


def _answers(
    where: str, row: Sequence[str | None], places: dict[str, int], codes: Sequence[tuple[str, int]]
) -> Iterator[AnswerRow | str]:
    """The answers of a row, or what is wrong with them."""

    def cell(name: str) -> str:
        return (row[places[name]] or "").strip() if name in places else ""

    place = Place(cell("segment_id")) if cell("segment_id") else Place("", cell("document"), cell("id"))
    if place == Place():
        yield "names no segment."
        return
    attempt = cell("pass") or "1"
    if attempt not in ("1", "2"):
        yield f"the pass is {attempt!r}; 1 is the first answer, 2 the answer when asked again."
        return
    given = [(name, row[at] or "") for name, at in codes] if codes else [(cell("code"), cell("value"))]
    for code, written in given:
        value = said(written) if written.strip() else _unwritten(code, places)
        if value is None and written.strip():
            yield f"{written!r} is not allowed for {code!r}. Allowed: {ALLOWED}, or unsure."
        elif value and not code and value != "unsure":
            yield "names no code."
        elif value is not None:
            yield AnswerRow(
                where=where,
                place=place,
                code=code,
                value=value,
                attempt=int(attempt),
                reason=cell("reason"),
                quote=cell("quote"),
            )


def _unwritten(code: str, places: dict[str, int]) -> Value | None:
    """What a row says without a value: in a table that has none, the code that is chosen; else nothing."""
    if "value" in places or "code" not in places or not code:
        return None
    return "unsure" if folded(code) == "unsure" else ""
