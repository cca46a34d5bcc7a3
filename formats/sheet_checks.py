"""Is what people filled in right? Every problem of a sheet is found before any of it is taken."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.code_names import CodeNames, folded
from intercoder.core.coding.given_answers import CodedSheet, HumanCoding, HumanMemo, Located, refuse
from intercoder.formats.coding_sheets import CODE, code_column, code_of_column
from intercoder.formats.filled_sheets import VALUE, FilledCell, FilledRow, FilledSheet
from intercoder.formats.sheet_cells import ALLOWED, Said, comparable, said, writable

REMEDY = (
    "Mend the file and import it again. `intercoder sample STUDY NAME --coder WHO --to FILE` writes a fresh one."
)


class _Found(NamedTuple):
    """What one cell says; no value where it is blank."""

    code: Code | None
    value: Said | None


class SheetCheck:
    """Matches a sheet with the study it is for.

    Args:
        books: The study's complete codebook versions, by number.
        newest: The version that rows without one were coded under.
        study_id: The study.
        coder: Who coded where a row does not say; empty if rows must say.
        sample: The sample it is for; empty for any segments of the study.
        located: The segments that its rows name.
        texts: Segment id -> text.
    """

    def __init__(
        self,
        books: Mapping[int, Codebook],
        newest: int,
        *,
        study_id: str,
        coder: str,
        sample: str,
        located: Located,
        texts: Mapping[str, str],
    ) -> None:
        self._names = {version: CodeNames(book) for version, book in books.items()}
        self._columns = {version: _columns(names) for version, names in self._names.items()}
        self._newest = newest
        self._study_id, self._coder, self._sample = study_id, coder, sample
        self._located, self._texts = located, texts
        self._problems: list[str] = []
        self._told: set[str] = set()
        self._strange: set[str] = set()
        self._codings: dict[tuple[str, str, str], HumanCoding] = {}
        self._rows: dict[tuple[str, str, str], int] = {}
        self._memos: dict[tuple[str, str], HumanMemo] = {}
        self._blank: list[tuple[str, str, str]] = []

    def check(self, sheet: FilledSheet) -> CodedSheet:
        """The sheet's codings and memos.

        Raises:
            InputError: With all that is wrong: segments, texts, columns, values, repeated rows, origin.
        """
        self._check_columns(sheet)
        for row in sheet.rows:
            self._problems += [f"{row.where}: {problem}" for problem in self._take(sheet, row)]
        refuse(str(sheet.path), list(dict.fromkeys(self._problems)), REMEDY)
        return CodedSheet(
            codings=tuple(self._codings.values()), memos=tuple(self._memos.values()), blank=tuple(self._blank)
        )

    def _check_columns(self, sheet: FilledSheet) -> None:
        """Refuse columns that are no code's in any version that rows name."""
        versions = {self._version(row) for row in sheet.rows} & set(self._names) or {self._newest}
        names = self._names[max(versions)]
        if names.book.exclusive and sheet.code_columns:
            self._problems.append(
                "the codebook is exclusive: a sheet has one column `code`, in which each row has the chosen code."
            )
        elif not names.book.exclusive and not sheet.code_columns and not sheet.has_values:
            self._problems.append("the column `value` is missing: yes or no for the code of each row.")
        else:
            self._strange = {
                column
                for column in sheet.code_columns
                if not any(self._code(version, column) for version in versions)
            }
            self._problems += [
                f"the column {column!r} is no code. {names.unknown(code_of_column(column))}"
                for column in sheet.code_columns
                if column in self._strange
            ]

    def _take(self, sheet: FilledSheet, row: FilledRow) -> Iterator[str]:
        """Take over a row; yields what is wrong with it."""
        foreign = list(self._foreign(row))
        yield from (problem for problem in foreign if problem not in self._told)
        self._told.update(foreign)
        version = self._version(row)
        if version not in self._names:
            return
        segments = self._located.segments.get(row.place, ())
        if not segments and not foreign:
            yield self._located.problems.get(row.place, f"{row.place} is not of this study.")
        for segment_id in segments:
            if row.text and comparable(row.text) != comparable(writable(self._texts[segment_id])):
                yield "the text was edited. What is coded is the text as it was; put it back."
            yield from self._take_segment(sheet, row, segment_id)

    def _take_segment(self, sheet: FilledSheet, row: FilledRow, segment_id: str) -> Iterator[str]:
        coder, names = row.coder or self._coder, self._names[self._version(row)]
        if names.book.exclusive or sheet.code_columns:
            first = self._rows.setdefault((coder, segment_id, ""), row.number)
            if first != row.number:
                yield f"the segment stands in row {first} already."
                return
        for cell in row.cells:
            found = (self._choice if names.book.exclusive else self._judgement)(names, cell)
            if isinstance(found, str):
                yield found
            elif found is None:
                continue
            elif found.value:
                yield from self._keep(row, self._coding(coder, segment_id, names, found))
            else:
                self._blank.append((coder, segment_id, found.code.id if found.code else ""))
        if row.memo:
            yield from self._take_memo(row, coder, segment_id)

    def _keep(self, row: FilledRow, coding: HumanCoding) -> Iterator[str]:
        first = self._rows.setdefault(coding.question, row.number)
        if coding.question in self._codings and first != row.number:
            yield f"{coding.coder} coded {coding.label!r} in row {first} already."
        elif coding.question in self._codings:
            yield f"two columns are for the code {coding.label!r}."
        self._codings[coding.question] = coding

    def _foreign(self, row: FilledRow) -> Iterator[str]:
        """What shows that a row is not of this study, sample, codebook or coder."""
        if row.study_id and row.study_id != self._study_id:
            yield f"is of another study ({row.study_id}; this one is {self._study_id})."
        if row.sample and self._sample and row.sample != self._sample:
            yield f"is of the sample {row.sample!r}, not {self._sample!r}."
        if self._version(row) not in self._names:
            there = ", ".join(str(number) for number in sorted(self._names))
            yield f"names codebook version {row.version!r}, which is not there. There are: {there}."
        if not row.coder and not self._coder:
            yield "does not say who coded. Fill the column `coder`, or name the person with --coder."
        if row.coder and self._coder and folded(row.coder) != folded(self._coder):
            yield f"was coded by {row.coder!r}, not {self._coder!r}. Change the column `coder` or omit --coder."
        if len(row.coder) > _LONGEST_NAME:
            yield f"has a coder's name of {len(row.coder)} characters; at most {_LONGEST_NAME} are taken."

    def _judgement(self, names: CodeNames, cell: FilledCell) -> _Found | str | None:
        """What a cell says of a code of a book that is not exclusive, or what is wrong with it."""
        column = VALUE if cell.column == CODE else cell.column
        code = self._code(names.book.version, cell.code)
        if code is None and cell.column != CODE:
            other = f"column {column!r} is no code of codebook version {names.book.version}."
            return other if cell.written and cell.column not in self._strange else None
        if code is None:
            return f"column 'code': {cell.code!r} is no code. {names.unknown(cell.code)}"
        value = said(cell.written)
        if cell.written and value is None:
            allowed = f"{ALLOWED}{', or unsure' if names.book.allow_unsure else ''}, or blank"
            return f"column {column!r}: {cell.written!r} is not allowed. Allowed: {allowed}.{_near(cell.written)}"
        if value == "unsure" and not names.book.allow_unsure:
            return f"column {column!r}: codebook version {names.book.version} does not allow `unsure`."
        return _Found(code, value)

    def _choice(self, names: CodeNames, cell: FilledCell) -> _Found | str | None:
        """Which code a row chooses of an exclusive book, or what is wrong with it."""
        if cell.column != CODE:
            return None
        code = names.find(cell.code) if cell.code else None
        value = said(cell.written) if cell.written else "yes"
        if cell.code and code is None:
            if folded(cell.code) != "unsure":
                return f"column 'code': {cell.code!r} is no code. {names.unknown(cell.code)}"
            value = "unsure"
        if value not in ("yes", "unsure"):
            return f"column 'value': {cell.written!r} is not allowed. Name the chosen code: the book is exclusive."
        if value == "unsure" and not names.book.allow_unsure:
            return f"column 'code': codebook version {names.book.version} does not allow `unsure`."
        if value == "unsure":
            return _Found(None, "unsure")
        return _Found(code, "yes" if code else None)

    def _coding(self, coder: str, segment_id: str, names: CodeNames, found: _Found) -> HumanCoding:
        code, leaves = found.code, names.book.leaves
        return HumanCoding.model_validate(
            {
                "coder": coder,
                "segment_id": segment_id,
                "code_id": code.id if code else None,
                "code_revision": code.revision if code else None,
                "label": code.label if code else None,
                "value": found.value,
                "position": leaves.index(code) if code and not names.book.exclusive else 0,
                "codebook_version": names.book.version,
                "exclusive": names.book.exclusive,
            }
        )

    def _take_memo(self, row: FilledRow, coder: str, segment_id: str) -> Iterator[str]:
        memo = HumanMemo(coder=coder, segment_id=segment_id, text=row.memo)
        before = self._memos.setdefault((coder, segment_id), memo)
        if before.text != memo.text:
            yield f"{coder} has two memos on {segment_id}. Write them as one."

    def _version(self, row: FilledRow) -> int:
        """The version a row was coded under; -1 where what it says is no number."""
        if not row.version:
            return self._newest
        return int(row.version) if row.version.isdecimal() and row.version.isascii() else -1

    def _code(self, version: int, column: str) -> Code | None:
        return self._columns[version].get(folded(column)) or self._names[version].find(code_of_column(column))


_LONGEST_NAME = 64


def _columns(names: CodeNames) -> dict[str, Code]:
    """Names of a sheet's columns as they are compared -> the codes they are for."""
    return {folded(writable(code_column(names.shown[code.id]))): code for code in names.book.leaves}


def _near(written: str) -> str:
    close = difflib.get_close_matches(folded(written), ("yes", "no", "unsure"), n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""
