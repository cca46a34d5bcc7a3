"""Reading a codebook back in any form, and writing codebook.yaml without losing what people did to it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_diff import diff
from intercoder.core.errors import InputError, StudyError
from intercoder.formats.codebook_files import Versions, export_beside, read_codebook
from intercoder.formats.codebook_markdown import to_markdown
from intercoder.formats.codebook_tables import to_csv
from intercoder.formats.codebook_yaml import to_yaml
from tests.formats.codebooks import BOOK, books

FORMS = [("book.yaml", to_yaml), ("book.csv", to_csv), ("book.md", to_markdown)]
over_forms = pytest.mark.parametrize(("name", "write"), FORMS, ids=[name for name, _ in FORMS])
Write = Callable[[Codebook], str]


def versions(*books: Codebook) -> Versions:
    def give(number: int | None) -> Codebook:
        found = [book for book in books if number in (None, book.version)]
        if not found:
            raise StudyError("there is no such version.", remedy="There are others.")
        return found[-1]

    return give


def written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8", newline="")
    return file


@over_forms
@settings(max_examples=60)
@given(book=books())
def test_an_export_that_nobody_edited_changes_nothing(
    name: str, write: Write, book: Codebook, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = written(tmp_path_factory.mktemp("book") / name, write(book))
    read = read_codebook(file, versions(book))
    assert read.book.codes == book.codes
    assert (read.book.exclusive, read.book.allow_unsure) == (book.exclusive, book.allow_unsure)
    assert diff(book, read.book) == []


@over_forms
def test_codes_keep_ids_and_examples_their_segments_when_people_edit(
    name: str, write: Write, tmp_path: Path
) -> None:
    text = write(BOOK).replace("mending", "repairing").replace("I mend it", "I mended it", 1)
    read = read_codebook(written(tmp_path / name, text), versions(BOOK)).book
    code = read.code("c_1")
    assert code is not None
    assert code.label == "repairing"
    assert {(one.text, one.segment_id) for one in code.examples} == {("I mended it", ""), ("I mend it", "s_1")}
    assert [one.kind for one in diff(BOOK, read)] == ["rename", "example"]
    assert read.code("c_2") == BOOK.code("c_2")


def test_codes_without_ids_are_known_by_their_labels(tmp_path: Path) -> None:
    text = "codes:\n- label: MENDING\n- label: new\n- label: child\n  parent: New\n"
    read = read_codebook(written(tmp_path / "b.yaml", text), versions(BOOK)).book
    first, new, child = read.codes
    assert (first.id, first.label) == ("c_1", "MENDING")
    assert child.parent == new.id
    again = read_codebook(written(tmp_path / "b.yaml", text), versions(BOOK)).book
    assert again.codes == read.codes
    assert len({code.id for code in read.codes}) == 3
    assert {one.kind for one in diff(BOOK, read)} >= {"drop", "add", "rename", "definition"}


def test_a_new_code_of_a_label_that_was_another_codes_gets_another_id(tmp_path: Path) -> None:
    made = read_codebook(written(tmp_path / "a.yaml", "codes:\n- label: waiting\n"), versions()).book
    renamed = made.model_copy(
        update={"version": 1, "codes": (made.codes[0].model_copy(update={"label": "queue"}),)}
    )
    read = read_codebook(
        written(tmp_path / "b.yaml", "codes: [{label: queue}, {label: waiting}]"), versions(renamed)
    )
    assert read.book.codes[0].id == made.codes[0].id != read.book.codes[1].id


def test_a_parent_may_be_named_by_the_label_it_had(tmp_path: Path) -> None:
    text = to_yaml(BOOK).replace("label: mending", "label: repair")
    read = read_codebook(written(tmp_path / "b.yaml", text), versions(BOOK)).book
    assert [code.parent for code in read.codes] == ["", "c_1", ""]


def test_columns_that_are_not_there_change_nothing(tmp_path: Path) -> None:
    table = "label;definition\nmending;Doing it.\n'=SUM(A1);\n# Heading *bold*;\n"
    read = read_codebook(written(tmp_path / "b.csv", table), versions(BOOK)).book
    assert [one.kind for one in diff(BOOK, read)] == ["definition"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("b.yaml", "codes:\n- label: a\n  colour: Teal\n"),
        ("b.csv", "label,colour\na,#2190A4\n"),
        ("b.md", "## a\n\n*Colour:* #2190a4\n"),
    ],
)
def test_colours_are_read_by_name_or_digits(name: str, text: str, tmp_path: Path) -> None:
    read = read_codebook(written(tmp_path / name, text), versions())
    assert [code.colour for code in read.book.codes] == ["#2190a4"]


def test_twin_labels_that_were_there_before_are_let_pass(tmp_path: Path) -> None:
    twins = Codebook(version=1, codes=(Code(id="c_1", label="Repair"), Code(id="c_2", label="repair")))
    file = written(tmp_path / "b.yaml", to_yaml(twins))
    assert read_codebook(file, versions(twins)).book.codes == twins.codes
    file.write_text(to_yaml(twins) + "- label: REPAIR\n")
    with pytest.raises(InputError, match=r"line 12: two codes have the label 'REPAIR'"):
        read_codebook(file, versions(twins))


BAD = {
    "codes:\n- label: a\n  definiton: x\n": r"line 3: the code 'a': the key `definiton` is not known. Did you mean "
    "`definition`?",
    "codse: []\n": r"line 1: the key `codse` is not known. Did you mean `codes`?",
    "codes:\n- label: a\n  include: [1, b]\n": "line 3: the code 'a': `include` must be a list of texts; here is",
    "codes:\n- label: a\n  include: b\n": "line 3: the code 'a': `include` must be a list: a line each",
    "codes:\n- label: a\n  examples:\n  - x: y\n": "line 4: the code 'a': `examples` must be a list of texts",
    "codes:\n- label: a\n - x\n": "line 3, column 2: is no YAML: expected <block end>",
    'codes:\n- label: "a\n': "is no YAML: found unexpected end of stream (what is being read began on line 2)",
    "codes:\n- label: 2020\n": "line 2: `label` must be text; here is `2020`, which is a number.",
    "codes:\n- label: a\n- label: A\n": "line 3: two codes have the label 'A'",
    "codes:\n- id: x\n  label: a\n- id: x\n  label: b\n": "line 4: the code 'b' has the id 'x', which another",
    "codes:\n- label: a\n  label: b\n": 'line 3, column 3: is no YAML: found duplicate key "label"',
    "codes:\n- definition: b\n": "line 2: a code has no label.",
    "codes:\n- label: a\n  parent: c\n": "line 3: the parent 'c' of 'a' is not in the codebook",
    "codes:\n- label: a\n  parent: b\n- label: b\n  parent: a\n": "line 3: codes are one another's parents in a "
    "circle: 'a' -> 'b' -> 'a'.",
    "codes:\n- label: a\n  kind: patern\n  pattern: x\n": "line 3: the code 'a': `kind` is 'patern'.",
    "codes:\n- label: a\n  kind: pattern\n": "line 3: the code 'a' is of kind `pattern` and has no pattern.",
    "codes:\n- label: a\n  pattern: x\n": "line 3: the code 'a' has a pattern, but is not of kind `pattern`.",
    "codes:\n- label: a\n  kind: pattern\n  pattern: (a\n": "line 4: the code 'a': the pattern `(a` is no regular",
    "codes:\n- label: a\n  kind: pattern\n  pattern: (a|aa)+$\n": "line 4: the code 'a': the pattern `(a|aa)+$` "
    "takes more than",
    "codes:\n- label: a\n  colour: #3584e4\n": "line 3: the code 'a': `colour` must be a colour; here is nothing. "
    "Put it in quotation marks",
    "codes:\n- label: a\n  colour: 112233\n": "line 3: the code 'a': `colour` must be a colour; here is `112233`",
    "codes:\n- label: a\n  colour: tael\n": "line 3: 'tael' is no colour. Write it as `#3584e4`, or name one of",
    "codes: []\n": "the codebook has no codes.",
    "- label: a\n": "line 1: is no codebook: it does not begin with keys.",
    "exclusive: maybe\ncodes: []": "line 1: `exclusive` must be `true` or `false`; here is `maybe`.",
    "codes: &a [*a]": "line 1: a code is ",
    "[" * 5000: "is no YAML: it is nested too deeply.",
    "codes:\n- label: \x07a\n": "line 2: holds a character that YAML does not allow.",
    "version: 7\ncodes:\n- label: a\n": "was made from codebook version 7, which this study does not have.",
    "version: 3\nhash: 00ff\ncodes:\n- label: a\n": "was made from another codebook: version 3 of this study",
}


@pytest.mark.parametrize("text", BAD)
def test_what_is_wrong_is_named_with_its_place_and_a_remedy(text: str, tmp_path: Path) -> None:
    file = written(tmp_path / "b.yaml", text)
    with pytest.raises(InputError) as error:
        read_codebook(file, versions(BOOK))
    told = f"{error.value.where}: {error.value.message} {error.value.remedy}"
    assert told.startswith(str(file))
    assert BAD[text] in told
    assert error.value.remedy or "here is" in told


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (
            "b.csv",
            "label,defnition\na,b\n",
            "b.csv:header: has a column 'defnition', which is not known. Did you mean",
        ),
        ("b.csv", "definition\nb\n", "b.csv:header: has no column `label`."),
        ("b.csv", "label,kind\na,x\n", "b.csv:row 1, column kind: the code 'a': its kind is 'x'."),
        ("b.csv", "label,made_from\na,version 3\nb,version 2\n", "column made_from: its rows do not say alike"),
        ("b.csv", "label,parent\na,b\n", "b.csv:row 1, column parent: the parent 'b' of 'a' is not in"),
        ("b.md", "Hello\n", "b.md:line 1: is text above the first code."),
        ("b.md", "## a\n\n**Inclde:**\n", "b.md:line 3: names the part 'Inclde', which is not known. Did you mean"),
        ("b.md", "## a\n\n*Parent:* b\n", "b.md:line 3: names 'Parent', which is not known."),
        ("b.md", "## a\n\n### b\n", "b.md:line 3: is a heading of another kind."),
        ("b.md", "## a\n\n*Part of:* b\n", "b.md:line 1: the parent 'b' of 'a' is not in the codebook."),
        ("b.md", "## a\n\n*Colour:* tael\n", "b.md:line 1: 'tael' is no colour."),
        ("b.csv", "label,colour\na,tael\n", "b.csv:row 1, column colour: 'tael' is no colour."),
        ("b.md", "##\n", "b.md:line 1: a code has no label."),
        ("b.txt", "a", "b.txt: is not known as a codebook by its ending."),
    ],
)
def test_tables_and_markdown_are_read_as_strictly(name: str, text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_codebook(written(tmp_path / name, text), versions(BOOK))
    assert told in str(error.value)


def test_markdown_that_people_wrote_may_be_wrapped(tmp_path: Path) -> None:
    text = "# Codebook\n\n## waiting\nA first\nline.\n\nA second.\n\n**Examples:**\n\n- one\n  and more\n> two\n"
    code = read_codebook(written(tmp_path / "b.md", text), versions()).book.codes[0]
    assert code.definition == "A first line.\n\nA second."
    assert [one.text for one in code.examples] == ["one and more", "two"]


class TestExport:
    """codebook.yaml of a study."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        return tmp_path / "codebook.yaml"

    @property
    def newer(self) -> Codebook:
        first, *others = BOOK.codes
        return BOOK.model_copy(
            update={"version": 4, "codes": (first.model_copy(update={"definition": "D."}), *others)}
        )

    def test_comments_survive_a_new_version(self, file: Path) -> None:
        assert export_beside(file, BOOK, versions(BOOK)) == (file, "")
        commented = file.read_text().replace("  label: mending\n", "  # why?\n  label: mending  # ask Ana\n")
        file.write_text(commented)
        assert export_beside(file, self.newer, versions(BOOK, self.newer)).note == ""
        text = file.read_text()
        assert "  # why?\n  label: mending  # ask Ana\n  definition: D.\n" in text
        assert text.startswith("# A codebook exported")
        assert "version: 4\n" in text

    def test_edits_that_were_not_imported_stay(self, file: Path) -> None:
        edited = to_yaml(BOOK).replace("label: mending", "label: repair")
        file.write_text(edited)
        done = export_beside(file, self.newer, versions(BOOK, self.newer))
        assert file.read_text() == edited
        assert done.file == file.with_name("codebook.new.yaml")
        assert done.file.read_text() == to_yaml(self.newer)
        assert done.note == (
            f"{file} has edits that were not imported (made from version 3), so it was left as it is. "
            f"Version 4 stands in {done.file}."
        )
        done.file.write_text(edited)
        third = export_beside(file, self.newer, versions(BOOK, self.newer))
        assert third.file.name == "codebook.new2.yaml"
        assert done.file.read_text() == edited

    def test_once_the_edits_are_imported_the_file_is_written_and_the_other_goes(self, file: Path) -> None:
        other = file.with_name("codebook.new.yaml")
        other.write_text(to_yaml(BOOK))
        edited = "# mine\n" + to_yaml(BOOK).replace("label: mending", "label: repair")
        file.write_text(edited)
        assert export_beside(file, self.newer, versions(BOOK, self.newer), imported=edited) == (file, "")
        assert file.read_text().startswith("# mine\n")
        assert not other.exists()

    def test_a_file_that_says_what_the_new_version_says_is_brought_up_to_date(self, file: Path) -> None:
        file.write_text(
            to_yaml(BOOK).replace("definition: |-\n    Doing it\n    oneself.", "definition: D. # short")
        )
        assert export_beside(file, self.newer, versions(BOOK, self.newer)) == (file, "")
        assert "version: 4" in file.read_text()
        assert "definition: D. # short\n" in file.read_text()

    @pytest.mark.parametrize("text", ["codes:\n- label: 'a\n", "\0\1\2", "codes:\n- lable: a\n", "", "- a"])
    def test_a_file_that_cannot_be_read_is_never_overwritten(self, text: str, file: Path) -> None:
        file.write_text(text)
        done = export_beside(file, BOOK, versions(BOOK))
        assert file.read_text() == text
        assert f"{file} cannot be read (" in done.note
        assert done.file.read_text() == to_yaml(BOOK)

    def test_a_layout_that_cannot_be_kept_is_left_alone(self, file: Path) -> None:
        text = "version: 3\ncodes: [{id: c_1, label: &a mending}]\n"
        book = Codebook(version=3, codes=(Code(id="c_1", label="mending"),))
        file.write_text(text)
        assert "has a layout that cannot be kept" in export_beside(file, book, versions(book)).note
        assert file.read_text() == text
