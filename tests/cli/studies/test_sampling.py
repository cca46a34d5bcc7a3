"""`sample` and `import-coding`, as people use them."""

import csv
from pathlib import Path

import openpyxl
import pytest

from intercoder.core.codebook import Code, Codebook
from intercoder.stores.codebooks.codebooks import read_version, reserve_version, write_version
from intercoder.stores.corpus.named_samples import read_sample
from intercoder.stores.database import reading, writing
from intercoder.stores.people.human_codings import human_decisions, human_values
from intercoder.stores.study_folder import open_study
from tests.cli.conftest import Call

CODES = (Code(id="c_1", label="Pride"), Code(id="c_2", label="Thrift"))


def add_book(study: Path, codes: tuple[Code, ...] = CODES, *, exclusive: bool = False) -> int:
    folder = open_study(study)
    with writing(folder.engine) as connection:
        version = reserve_version(connection, folder.study.id, "", 1)
        before = read_version(connection, folder.study.id, version - 1)
        write_version(
            connection, folder.study.id, version, codes, before, "me", Codebook(version=0, exclusive=exclusive)
        )
    folder.close()
    return version


@pytest.fixture
def ready(filled: Path) -> Path:
    """A study with four paragraphs and a codebook of two codes."""
    add_book(filled)
    return filled


def read(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def fill(file: Path, cells: dict[tuple[int, str], str]) -> None:
    rows = read(file)
    for (row, column), value in cells.items():
        rows[row][rows[0].index(column)] = value
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)


def values(study: Path, sample: str = "") -> dict[str, dict[str, list[str]]]:
    folder = open_study(study)
    found = human_values(folder.engine, folder.study.id, sample)
    folder.close()
    return {one.name: {code: list(of.values()) for code, of in one.values.items()} for one in found}


def drawn(study: Path, name: str) -> set[str]:
    folder = open_study(study)
    found = set(read_sample(folder.engine, folder.study.id, name).segment_ids)
    folder.close()
    return found


def test_two_people_code_the_same_sample(command: Call, ready: Path) -> None:
    told = command("sample", ready, "calibration", "-n", 3, "--seed", 1, "--coder", "ana").out
    assert "calibration: 3 segments of 4, drawn with seed 1." in told
    command("sample", ready, "calibration", "--coder", "ben")
    ana, ben = (read(ready / "exports" / f"calibration-{name}.csv") for name in ("ana", "ben"))
    assert [row[0] for row in ana] == [row[0] for row in ben]
    assert ana[0] == [
        *("segment_id", "document", "context", "speaker", "text", "Pride", "Thrift", "memo"),
        *("coder", "sample", "codebook_version", "study"),
    ]
    assert {(row[-4], row[-3], row[-2]) for row in ben[1:]} == {("ben", "calibration", "1")}


def test_a_sample_is_drawn_once(command: Call, ready: Path) -> None:
    command("sample", ready, "calibration", "-n", 3, "--coder", "ana")
    for options in (["-n", 2], ["--seed", 1], ["--stratify", "speaker"], ["--enriched"], ["-u", "sentence"]):
        done = command("sample", ready, "calibration", "--coder", "ben", *options, code=2)
        assert "drawn already: 3 paragraph segments of 4, seed " in done.err
    command("sample", ready, "calibration", "-n", 3, "-u", "paragraph", "--coder", "ben")


def test_a_sheet_that_is_there_is_not_written_over(command: Call, ready: Path) -> None:
    command("sample", ready, "calibration", "-n", 3, "--coder", "ana")
    done = command("sample", ready, "calibration", "--coder", "ana", code=2)
    assert "somebody's codings may be in it" in done.err
    command("sample", ready, "calibration", "--coder", "ana", "--to", "again.csv")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["../up", "-n", 2, "--coder", "ana"], "cannot be the name of a sample"),
        (["calibration", "-n", 2, "--coder", "a/b"], "cannot be the name of a coder"),
        (["final-1", "-n", 2, "--coder", "ana"], "is a name for runs"),
        (["calibration", "-n", 2, "--coder", "moderator"], "is the name of a coder in study.toml"),
        (["calibration", "-n", 2, "--coder", "ana", "--to", "sheet.docx"], "end in .csv or .xlsx"),
        (["calibration", "-n", 2, "--coder", "ana", "--to", "study/study.csv"], "file of the study itself"),
        (["calibration", "--coder", "ana"], "Say how many to draw"),
        (["calibration", "-n", 9, "--coder", "ana"], "there are only 4 segments"),
        (["calibration", "-n", 2, "--coder", "ana", "--enriched"], "the model coded 0 of these segments"),
        (["calibration", "-n", 2, "--coder", "ana", "--enriched", "--stratify", "x"], "not by both"),
        (["calibration", "-n", 2, "--coder", "ana", "--skip-speaker", "Eva"], "nobody is called 'Eva'"),
    ],
)
def test_what_cannot_be_sampled(command: Call, ready: Path, arguments: list[object], message: str) -> None:
    assert message in command("sample", ready, *arguments, code=2).err
    assert not (ready / "exports").exists()


def test_without_a_codebook_there_is_no_sheet(command: Call, filled: Path) -> None:
    assert "no codebook yet" in command("sample", filled, "calibration", "-n", 2, "--coder", "ana", code=2).err


def test_a_sheet_is_read_back_as_it_grows(command: Call, ready: Path) -> None:
    command("sample", ready, "calibration", "-n", 3, "--coder", "ana")
    file = ready / "exports" / "calibration-ana.csv"
    fill(file, {(1, "Pride"): "y", (1, "Thrift"): "n", (2, "memo"): "unclear"})
    told = command("import-coding", ready, file).out
    assert "ana: 2 codings on 1 segment: 2 new, 0 changed, 0 as before; 4 blank." in told
    assert "1 memo new" in told
    assert f"Next: intercoder calibrate {ready}" in told
    assert "0 new, 0 changed, 2 as before" in command("import-coding", ready, file).out
    fill(file, {(1, "Pride"): "no", (1, "Thrift"): "", (2, "Pride"): "x"})
    told = command("import-coding", ready, file).out
    assert "2 codings on 2 segments: 1 new, 1 changed, 0 as before; 4 blank." in told
    assert "1 cell coded before and blank now: what was said stands." in told
    assert values(ready, "calibration") == {"ana": {"c_1": ["no", "yes"], "c_2": ["no"]}}


def test_a_workbook_goes_and_comes(command: Call, ready: Path) -> None:
    command("sample", ready, "calibration", "-n", 3, "--coder", "ana", "--to", "ana.xlsx")
    book = openpyxl.load_workbook("ana.xlsx")
    book.worksheets[0]["F2"] = True
    book.worksheets[0]["G2"] = 0
    book.save("ana.xlsx")
    (done,) = command("import-coding", ready, "ana.xlsx", "--json").objects
    assert (done["coder"], done["sample"], done["new"], done["blank"]) == ("ana", "calibration", 2, 4)
    assert values(ready) == {"ana": {"c_1": ["yes"], "c_2": ["no"]}}


def test_an_exclusive_book(command: Call, filled: Path) -> None:
    add_book(filled, exclusive=True)
    command("sample", filled, "calibration", "-n", 2, "--coder", "ana")
    file = filled / "exports" / "calibration-ana.csv"
    fill(file, {(1, "code"): "thrift"})
    assert "1 coding on 1 segment: 1 new" in command("import-coding", filled, file).out
    assert values(filled) == {"ana": {"c_1": ["no"], "c_2": ["yes"]}}


def test_a_wrong_sheet_changes_nothing(command: Call, ready: Path) -> None:
    command("sample", ready, "calibration", "-n", 2, "--coder", "ana")
    file = ready / "exports" / "calibration-ana.csv"
    fill(file, {(1, "Pride"): "yes", (2, "text"): "Something else."})
    done = command("import-coding", ready, file, code=2)
    assert "the text was edited" in done.err
    fill(file, {(2, "text"): "", (2, "segment_id"): "s_0"})
    assert "there is no segment 's_0' in this study" in command("import-coding", ready, file, code=2).err
    folder = open_study(ready)
    drawn = read_sample(folder.engine, folder.study.id, "calibration").segment_ids
    folder.close()
    command("sample", ready, "all", "-n", 4, "--coder", "ana")
    (other, *_) = (row[0] for row in read(ready / "exports" / "all-ana.csv")[1:] if row[0] not in drawn)
    fill(file, {(2, "segment_id"): other})
    assert "is not of the sample 'calibration'" in command("import-coding", ready, file, code=2).err
    assert "there is no sample 'calib'" in command("import-coding", ready, file, "--sample", "calib", code=2).err
    assert values(ready) == {}


def test_a_sheet_of_another_study(command: Call, ready: Path, tmp_path: Path) -> None:
    command("sample", ready, "calibration", "-n", 2, "--coder", "ana", "--to", "ana.csv")
    command("init", "other", "--question", "Something else?")
    add_book(tmp_path / "other")
    fill(tmp_path / "ana.csv", {(1, "Pride"): "yes"})
    assert "is of another study" in command("import-coding", "other", "ana.csv", code=2).err


def test_a_sheet_keeps_the_version_it_was_made_for(command: Call, ready: Path) -> None:
    command("sample", ready, "calibration", "-n", 2, "--coder", "ana", "--to", "ana.csv")
    add_book(ready, (CODES[0].model_copy(update={"label": "Dignity"}), CODES[1]))
    fill(Path("ana.csv"), {(1, "Pride"): "yes"})
    command("import-coding", ready, "ana.csv")
    folder = open_study(ready)
    with reading(folder.engine) as connection:
        (decision,) = human_decisions(connection, folder.study.id)
    folder.close()
    assert (decision.label, decision.codebook_version, decision.code_revision) == ("Pride", 1, 1)


def test_codings_made_elsewhere(command: Call, made: Path, tmp_path: Path) -> None:
    add_book(made)
    (tmp_path / "answers.csv").write_text("key,text\n7,I mend it\n8,I throw it away\n", encoding="utf-8")
    command("import", made, "answers.csv", "--unit", "row", "--id-column", "key")
    lines = ["coder,id,code,value", "ana,7,Pride,1", "ana,8,Pride,0", "ben,7,Pride,0"]
    (tmp_path / "codings.csv").write_text("\n".join(lines), encoding="utf-8")
    told = command("import-coding", made, "codings.csv").out
    assert "ana: 2 codings on 2 segments" in told
    assert "ben: 1 coding on 1 segment" in told
    assert values(made) == {"ana": {"c_1": ["yes", "no"]}, "ben": {"c_1": ["no"]}}
    lines = ["id,Pride,Thrift", "7,1,0", "9,1,0"]
    (tmp_path / "wide.csv").write_text("\n".join(lines), encoding="utf-8")
    assert "does not say who coded" in command("import-coding", made, "wide.csv", code=2).err
    assert "there is no id '9'" in command("import-coding", made, "wide.csv", "--coder", "eva", code=2).err


def test_a_sample_may_leave_out_what_people_coded(command: Call, ready: Path) -> None:
    command("sample", ready, "first", "-n", 2, "--coder", "ana")
    file = ready / "exports" / "first-ana.csv"
    fill(file, {(1, "Pride"): "y", (2, "Thrift"): "n"})
    told = command("import-coding", ready, file).out
    assert f"Next: intercoder calibrate {ready} --sample first" in told
    command("sample", ready, "fresh", "-n", 2, "--uncoded", "--coder", "ana")
    assert len(drawn(ready, "fresh")) == 2
    assert not drawn(ready, "first") & drawn(ready, "fresh")
    refused = command("sample", ready, "more", "-n", 3, "--uncoded", "--coder", "ana", code=2).err
    assert "there are only 2 segments" in refused
    again = ready / "exports" / "fresh-ana.csv"
    fill(again, {(1, "Pride"): "y", (2, "Thrift"): "n"})
    command("import-coding", ready, again)
    assert (
        "people have coded all 4 segments"
        in command("sample", ready, "none", "-n", 1, "--uncoded", "--coder", "ana", code=2).err
    )
