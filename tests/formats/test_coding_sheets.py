import csv
import io
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.core.coding.given_answers import CodedSheet, Located, Place
from intercoder.core.documents import Segment
from intercoder.core.errors import InputError, StudyError
from intercoder.formats.coding_sheets import SheetOrigin, write_csv_sheet, write_xlsx_sheet
from intercoder.formats.filled_sheets import read_sheet
from intercoder.formats.sheet_cells import comparable, writable
from intercoder.formats.sheet_checks import SheetCheck
from intercoder.formats.sheet_xlsx import LONGEST

ORIGIN = SheetOrigin(coder="ana", sample="calibration", study_id="study_1")
CODES = (
    Code(id="c_1", label="Pride", definition="Being proud.", examples=(CodeExample(text="=I did it"),)),
    Code(id="c_2", label="Thrift", revision=3),
    Code(id="c_3", label="text"),
)
BOOK = Codebook(version=2, codes=CODES)
TEXTS = {"s_1": "=SUM(A1) is said", "s_2": 'He said: "no",\nand left; \x0b\x01bye', "s_3": "-1 _x0041_ 'x"}


def segment(segment_id: str, text: str) -> Segment:
    return Segment(
        id=segment_id,
        document_id="d",
        document="@a.txt",
        unit="row",
        start=0,
        end=len(text),
        text=text,
        speaker="Eva",
    )


def written(tmp_path: Path, ending: str, book: Codebook = BOOK, texts: dict[str, str] = TEXTS) -> Path:
    file = tmp_path / f"sheet{ending}"
    segments = [segment(*item) for item in texts.items()]
    if ending == ".xlsx":
        with file.open("wb") as out:
            write_xlsx_sheet(book, segments, ORIGIN, out)
    else:
        with file.open("w", encoding="utf-8", newline="") as stream:
            write_csv_sheet(book, segments, ORIGIN, stream)
    return file


def fill(file: Path, cells: dict[tuple[int, str], str]) -> None:
    """Write into cells named by row (from 1) and column."""
    if file.suffix == ".xlsx":
        book = openpyxl.load_workbook(file)
        sheet = book.worksheets[0]
        names = [cell.value for cell in sheet[1]]
        for (row, column), value in cells.items():
            sheet.cell(row + 1, names.index(column) + 1).value = value
        book.save(file)
        return
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    for (row, column), value in cells.items():
        rows[row][rows[0].index(column)] = value
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)


def checked(
    file: Path, *books: Codebook, coder: str = "", sample: str = "", texts: dict[str, str] = TEXTS
) -> CodedSheet:
    known = {book.version: book for book in books or (BOOK,)}
    located = Located({Place(one): (one,) for one in texts}, {})
    check = SheetCheck(
        known, max(known), study_id="study_1", coder=coder, sample=sample, located=located, texts=texts
    )
    return check.check(read_sheet(file))


def said(sheet: CodedSheet) -> list[tuple[str, str | None, str]]:
    return [(one.segment_id, one.label, one.value) for one in sheet.codings]


def refused(file: Path, *books: Codebook, **given: str) -> str:
    with pytest.raises(InputError) as caught:
        checked(file, *books, **given)  # type: ignore[arg-type]
    return str(caught.value)


both = pytest.mark.parametrize("ending", [".csv", ".xlsx"])


@both
def test_a_sheet_comes_back_as_it_was_filled_in(tmp_path: Path, ending: str) -> None:
    file = written(tmp_path, ending)
    fill(file, {(1, "Pride"): "Yes", (1, "Thrift"): "0", (2, "code: text"): "X", (3, "memo"): "odd one"})
    sheet = checked(file)
    assert said(sheet) == [("s_1", "Pride", "yes"), ("s_1", "Thrift", "no"), ("s_2", "text", "yes")]
    assert [(one.coder, one.codebook_version, one.code_revision) for one in sheet.codings][1] == ("ana", 2, 3)
    assert [(one.segment_id, one.text) for one in sheet.memos] == [("s_3", "odd one")]
    assert len(sheet.blank) == 6


@both
def test_nothing_but_the_text_and_blanks_is_shown(tmp_path: Path, ending: str) -> None:
    file = written(tmp_path, ending, BOOK.model_copy(update={"counts": {"c_1": 77}}))
    sheet = read_sheet(file)
    assert sheet.code_columns == ("Pride", "Thrift", "code: text")
    assert all(cell.written == "" for row in sheet.rows for cell in row.cells)
    assert {(row.coder, row.sample, row.version, row.study_id) for row in sheet.rows} == {
        ("ana", "calibration", "2", "study_1")
    }


def test_spreadsheets_get_no_formula(tmp_path: Path) -> None:
    with written(tmp_path, ".csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["text"][0] for row in rows] == ["'", "H", "'"]
    assert rows[0]["document"] == "'@a.txt"
    book = openpyxl.load_workbook(written(tmp_path, ".xlsx"))
    types = {cell.data_type for sheet in book.worksheets for row in sheet.iter_rows() for cell in row}
    assert types <= {"s", "n"}
    assert book["codebook"]["E2"].value == "=I did it"


def test_a_workbook_offers_what_may_be_chosen(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(written(tmp_path, ".xlsx", BOOK.model_copy(update={"allow_unsure": True})))
    sheet = book.worksheets[0]
    (offer,) = sheet.data_validations.dataValidation
    assert [cell.value for cell in book["choices"]["A"]] == ["yes", "no", "unsure"]
    assert offer.formula1 == "choices!$A$1:$A$3"
    assert str(offer.sqref) == "F2:F4 G2:G4 H2:H4"
    assert (sheet.freeze_panes, book["choices"].sheet_state) == ("B2", "hidden")
    assert book["codebook"]["B2"].value == "Being proud."


@both
def test_an_exclusive_book_has_one_column(tmp_path: Path, ending: str) -> None:
    book = BOOK.model_copy(update={"exclusive": True, "allow_unsure": True})
    file = written(tmp_path, ending, book)
    fill(file, {(1, "code"): "pride ", (2, "code"): "Unsure"})
    sheet = checked(file, book)
    assert said(sheet) == [("s_1", "Pride", "yes"), ("s_2", None, "unsure")]
    assert sheet.blank == (("ana", "s_3", ""),)
    fill(file, {(3, "code"): "Prid"})
    assert "row 3 (s_3): column 'code': 'Prid' is no code. Did you mean 'Pride'?" in refused(file, book)
    strict = book.model_copy(update={"allow_unsure": False})
    fill(file, {(3, "code"): ""})
    assert "does not allow `unsure`" in refused(file, strict)


def test_groups_and_patterns_are_not_asked_for(tmp_path: Path) -> None:
    codes = (
        Code(id="c_0", label="Feelings"),
        Code(id="c_1", label="Pride", parent="c_0"),
        Code(id="c_4", label="Hashtag", kind="pattern", pattern="#"),
    )
    book = Codebook(version=1, codes=codes)
    file = written(tmp_path, ".csv", book)
    assert read_sheet(file).code_columns == ("Pride",)
    only = book.model_copy(update={"codes": codes[2:]})
    with pytest.raises(StudyError, match="no code that people give"):
        write_csv_sheet(only, [], ORIGIN, io.StringIO())
    file.write_text("segment_id,coder,Feelings\ns_1,ana,yes\n", encoding="utf-8")
    assert "It is a group of codes" in refused(file, book)


def test_all_problems_of_a_sheet_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "sheet.csv"
    lines = [
        "segment_id,text,Prid,Thrift,coder,codebook_version,study",
        "s_1,something else,yes,perhaps,ana,2,study_1",
        "s_2,,,unsure,ana,2,study_1",
        "s_9,,,yes,ana,2,study_1",
        "s_3,,,yes,ana,7,study_1",
        "s_3,,,yes,ana,2,study_2",
        "s_2,,,yes,ana,2,study_1",
        "s_3,,,yess,,2,study_1",
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    told = refused(file)
    for part in (
        "10 problems; nothing was taken.",
        "the column 'Prid' is no code. Did you mean 'Pride'?",
        "row 1 (s_1): the text was edited.",
        "row 1 (s_1): column 'Thrift': 'perhaps' is not allowed. Allowed: yes or no",
        "row 2 (s_2): column 'Thrift': codebook version 2 does not allow `unsure`.",
        "row 3 (s_9): segment 's_9' is not of this study.",
        "row 4 (s_3): names codebook version '7', which is not there. There are: 2.",
        "row 5 (s_3): is of another study (study_2; this one is study_1).",
        "row 6 (s_2): the segment stands in row 2 already.",
        "row 7 (s_3): does not say who coded.",
    ):
        assert part in told


def test_a_row_that_stands_twice_is_one_problem(tmp_path: Path) -> None:
    file = tmp_path / "sheet.csv"
    file.write_text("segment_id,coder,Pride,Thrift\ns_1,ana,yes,no\ns_1,ana,yes,no\n", encoding="utf-8")
    told = refused(file)
    assert "row 2 (s_1): the segment stands in row 1 already." in told
    assert "problems" not in told


def test_only_the_first_problems_are_listed(tmp_path: Path) -> None:
    file = tmp_path / "sheet.csv"
    rows = [f"s_{n},maybe,ana" for n in range(100, 150)]
    file.write_text("\n".join(["segment_id,Pride,coder", *rows]), encoding="utf-8")
    told = refused(file)
    assert told.count("\n") == 21
    assert "and 30 more" in told


def test_another_coder_or_sample_than_was_said(tmp_path: Path) -> None:
    file = written(tmp_path, ".csv")
    assert "was coded by 'ana', not 'ben'" in refused(file, coder="ben")
    assert "is of the sample 'calibration', not 'other'" in refused(file, sample="other")
    assert checked(file, coder="Ana", sample="calibration").codings == ()


def test_a_code_a_row(tmp_path: Path) -> None:
    file = tmp_path / "codings.tsv"
    file.write_text(
        "coder\tsegment_id\tcode\tvalue\nana\ts_1\tc_2\t1.0\nana\ts_1\tPRIDE\tn\nben\ts_1\tpride\t\n",
        encoding="utf-8",
    )
    sheet = checked(file)
    assert said(sheet) == [("s_1", "Thrift", "yes"), ("s_1", "Pride", "no")]
    assert sheet.blank == (("ben", "s_1", "c_1"),)
    file.write_text("coder\tsegment_id\tcode\tvalue\nana\ts_1\tpride\ty\nana\ts_1\tc_1\tn\n", encoding="utf-8")
    assert "ana coded 'Pride' in row 1 already" in refused(file)
    file.write_text("coder\tsegment_id\tcode\nana\ts_1\tpride\n", encoding="utf-8")
    assert "the column `value` is missing" in refused(file)
    exclusive = BOOK.model_copy(update={"exclusive": True})
    assert said(checked(file, exclusive)) == [("s_1", "Pride", "yes")]


def test_files_that_are_no_sheets(tmp_path: Path) -> None:
    file = tmp_path / "sheet.xlsx"
    file.write_bytes(b"PK not a workbook")
    assert "no Excel workbook" in refused(file)
    assert "cannot be read here" in refused(tmp_path / "sheet.docx")
    other = tmp_path / "a.csv"
    other.write_text("name,Pride\na,yes\n", encoding="utf-8")
    assert "no column that names segments" in refused(other)
    other.write_text("segment_id,Pride\n,yes\n", encoding="utf-8")
    assert "row 1: names no segment" in refused(other)


def test_a_text_that_no_cell_holds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Write the sheet as csv"):
        written(tmp_path, ".xlsx", texts={"s_1": "a" * (LONGEST + 1)})


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_writing_changes_nothing_that_counts(text: str) -> None:
    assert comparable(writable(text)) == comparable(text)


@settings(max_examples=25)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20), min_size=1, max_size=3))
def test_any_text_survives_both_kinds_of_sheet(tmp_path_factory: pytest.TempPathFactory, found: list[str]) -> None:
    texts = {f"s_{place}": text for place, text in enumerate(found)}
    folder = tmp_path_factory.mktemp("sheets")
    for ending in (".csv", ".xlsx"):
        file = written(folder, ending, texts=texts)
        assert len(checked(file, texts=texts).blank) == 3 * len(texts)
