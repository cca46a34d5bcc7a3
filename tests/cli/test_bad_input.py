"""What people get who give the command something it cannot use: what, where, the remedy, and nothing half-done."""

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CODED, Call, Command, replace

TABLE = b"number,answer\n1,I mend it\n2,I throw it away\n"
NEXT_SMALLER = "with the next smaller unit: --unit paragraph"


def status(command: Call, study: Path) -> dict[str, Any]:
    return command("status", study, "--json").objects[0]


@pytest.mark.parametrize(
    ("name", "content", "options", "where", "what", "remedy"),
    [
        ("gone.txt", None, [], "gone.txt", "no such file", "Check the name"),
        ("gone.docx", None, [], "gone.docx", "no such file", "Check the name"),
        ("study", None, [], "study", "is a directory", "Name the files in it: study/*.txt"),
        ("empty.txt", b"", [], "empty.txt", "is empty", "check that it was saved"),
        ("blank.txt", b" \n\t\n", [], "blank.txt", "is empty", "check that it was saved"),
        ("noise.txt", bytes(range(256)) * 20, [], "noise.txt", "a binary file, not text", "Convert it first"),
        ("book.txt", b"%PDF-1.7 text", [], "book.txt", "a PDF, not text", "export it as text"),
        ("book.docx", b"PK\x03\x04", [], "book.docx", "cannot be read", "Known endings: csv, jsonl"),
        ("name", b"text", [], "name", "no ending", "Known endings"),
        ("nul.txt", b"one line\nand a \0 in it\n", [], "nul.txt:line 2", "NUL character", "Remove it"),
        ("bad.txt", "Größe, Höhe ".encode() + b"\xff ende\n", [], "bad.txt:line 1", "0xff", "Mend that place"),
        ("a.txt", b"text", ["--encoding", "utf-9"], "", "no encoding called 'utf-9'", "Use a name such as"),
        ("t.csv", TABLE, [], "", "which column holds the text? Its columns are: number, answer", "--text-col"),
        ("t.csv", TABLE, ["--text-column", "anwser"], "t.csv", "no column 'anwser'", "Choose from them"),
        ("t.csv", b"text\n", [], "t.csv", "a header but no rows", "Check that it was saved"),
        ("t.csv", b"text,text\na,b\n", [], "t.csv:header", "two columns are called 'text'", "name of its own"),
        ("t.csv", b"text,more\na\n", [], "t.csv:row 1", "1 fields where the header has 2", "quotation marks"),
        ("t.csv", b"text,more\na,b,c\n", [], "t.csv:row 1", "3 fields where the header has 2", "quotation marks"),
        ("t.csv", b'text\n"open\n', [], "t.csv:row 1", "never closed", "twice"),
        ("t.csv", b"id,text\n7,a\n8,b\n7,c\n", ["--id-column", "id"], "t.csv:row 3:id", "in row 1", "of its own"),
        ("t.jsonl", b'{"text": "a"}\n{"text": \n', [], "t.jsonl:row 2", "is not JSON", "One JSON object"),
        ("t.jsonl", b'{"text": 5}\n', [], "t.jsonl:row 1:text", "5, which is not a string", "quotation marks"),
        ("t.jsonl", b'{"text": "a\\u0000b"}\n', [], "t.jsonl:row 1:text", "NUL character", "Remove it"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_leaves_no_trace(
    command: Call,
    filled: Path,
    tmp_path: Path,
    name: str,
    content: bytes | None,
    options: list[str],
    where: str,
    what: str,
    remedy: str,
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    before = status(command, filled)
    done = command("import", filled, name, "--unit", "paragraph", *options, code=2)
    error, advice = done.err.splitlines()
    assert error.startswith(f"error: {where}")
    assert what in error
    assert advice.startswith("  -> ")
    assert remedy.lower() in advice.lower()
    assert done.out == ""
    assert status(command, filled) == before


def test_ten_megabytes_in_one_segment_are_refused_and_a_smaller_unit_is_offered(
    command: Call, filled: Path, tmp_path: Path
) -> None:
    paragraph = "She keeps every screw in a jar and labels it. " * 20
    (tmp_path / "long.txt").write_text(f"{paragraph}\n\n" * 11_000, encoding="utf-8")
    before = status(command, filled)
    done = command("import", filled, "long.txt", "--unit", "document", code=2)
    assert re.search(r"error: long.txt: a document .* has 10,\d{3},\d{3} characters", done.err)
    assert NEXT_SMALLER in done.err
    assert status(command, filled) == before
    assert "11,000 paragraphs" in command("import", filled, "long.txt", "--unit", "paragraph").out


def test_a_mistyped_name_among_others_costs_nothing(command: Call, made: Path, tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("I mend it.", encoding="utf-8")
    assert "gone.txt" in command("import", made, "good.txt", "gone.txt", "--unit", "paragraph", code=2).err
    assert status(command, made)["sources"] == []


def test_a_file_of_several_that_is_bad_inside_does_not_undo_the_others(
    command: Call, made: Path, tmp_path: Path
) -> None:
    (tmp_path / "good.txt").write_text("I mend it.", encoding="utf-8")
    (tmp_path / "worse.txt").write_bytes(b"a\0b")
    done = command("import", made, "good.txt", "worse.txt", "--unit", "paragraph", code=2)
    assert done.out.startswith("good.txt: 1 paragraph")
    assert [source["source"] for source in status(command, made)["sources"]] == ["good.txt"]


def test_a_foreign_encoding_is_detected_and_told(command: Call, made: Path, tmp_path: Path) -> None:
    text = "Früher wurde alles repariert, heute wird Übermäßiges weggeworfen.\n"
    (tmp_path / "alt.txt").write_bytes(text.encode("cp1252"))
    told = command("import", made, "alt.txt", "--unit", "paragraph").out
    assert "is not UTF-8; read as cp1252" in told
    command("run", "inductive", made)
    command("export", made, "--to", "jsonl", "out.jsonl")
    assert text.strip() in (tmp_path / "out.jsonl").read_text(encoding="utf-8")


ODD = (
    "Plain words before, then \u202eright to left\u202c and zero\u200bwidth words.\n\n"
    "The mechanic \U0001f469\u200d\U0001f527 fixed my cafe\u0301 machine \U0001f1e9\U0001f1ea in ten minutes.\n\n"
    "\u0e0b\u0e48\u0e2d\u0e21\u0e21\u0e31\u0e19\u0e40\u0e16\u0e2d\u0e30 we said, \u4fee\u7406 it ourselves.\n"
)


def test_odd_characters_are_kept_and_reported_and_offsets_count_code_points(
    command: Call, made: Path, tmp_path: Path
) -> None:
    (tmp_path / "odd.txt").write_text(ODD, encoding="utf-8")
    told = command("import", made, "odd.txt", "--unit", "paragraph").out
    assert "2 bidirectional control characters and 1 zero-width character; kept, shown escaped" in told
    shown = command("run", "inductive", made).out + command("codebook", "show", made).out
    assert not set(shown) & set("\u202e\u202c\u200b")
    command("export", made, "--to", "jsonl", "out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["text"] for line in lines} == set(ODD.strip().split("\n\n"))
    assert all(ODD[line["start"] : line["end"]] == line["text"] for line in lines)
    quoted = [line for line in lines if line["verified"]]
    assert {line["text"] for line in quoted} == {line["text"] for line in lines}
    assert all(ODD[line["quote_start"] : line["quote_end"]] == line["quote"] for line in quoted)


@pytest.mark.parametrize("place", ["notes.txt", "notes.txt/study"])
def test_a_study_is_not_made_where_a_file_stands(command: Call, tmp_path: Path, place: str) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    error, advice = command("init", place, "--question", "Why?", code=2).err.splitlines()
    assert error.startswith(f"error: {place}: ")
    assert "a directory" in advice
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_study_is_not_made_over_another(command: Call, filled: Path) -> None:
    before = status(command, filled)
    assert "a study here already" in command("init", filled, "--question", "Why?", code=2).err
    assert status(command, filled) == before
    (filled / "study.toml").unlink()
    error, advice = command("init", filled, "--question", "Why?", code=2).err.splitlines()
    assert f"{filled / 'study.db'}: there is a study's database here already" in error
    assert "Put study.toml back" in advice


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["init", "new", "--question", " "], "--question: the research question is empty"),
        (["init", "new", "--question", "Why?", "--model", "gpt-4"], "A reference begins with its backend"),
        (["init", "new", "--question", "Why?", "--model", "embeded:x"], "Did you mean `embedded:`?"),
        (["init", "new", "--question", "Why?", "--model", "embedded:qwen2.5-coder"], "Did you mean qwen2.5-coder-"),
        (["init", "new", "--question", "Why?", "--model", "openai:m@127.0.0.1:8000"], "http:// or https://"),
        (["status", "nowhere"], 'intercoder init nowhere --question "..."'),
        (["status", "my study"], "intercoder init 'my study' --question"),
        (["run", "inductive", "study", "--seed", "3"], "Add `--sample N`"),
        (["run", "inductive", "study", "--sample", "5"], "there are only 4 segments"),
        (["run", "inductive", "study", "--sample", "2", "--stratify", "site"], "no document has an attribute"),
        (["run", "inductive", "study", "--unit", "turn"], "the corpus is not cut by turn"),
        (["resume", "study"], "Start one: `intercoder run inductive study`"),
        (["retry", "study"], "Start one: `intercoder run inductive study`"),
        (["resume", "study", "inductive-9"], "there is no run `inductive-9`"),
        (["codebook", "show", "study"], "no codebook yet"),
        (["export", "study", "--to", "csv", "out.csv"], "no run yet"),
        (["models", "path", "minilm"], "Did you mean minilm-l6?"),
    ],
)
def test_wrong_arguments_are_answered_with_the_right_ones(
    command: Call, filled: Path, tmp_path: Path, arguments: list[str], what: str
) -> None:
    done = command(*arguments, code=2)
    assert done.err.startswith("error: ")
    assert what in done.err
    assert done.out == ""
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "out.csv").exists()
    assert status(command, filled)["runs"] == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("max_codes = 1", "maxcodes = 1", "unknown key `coding.maxcodes`; did you mean `max_codes`?"),
        ("temperature =", "temprature =", "`coders.0.sampling.temprature`; did you mean `temperature`?"),
        ("[limits]", "[limit]", "unknown key `limit`; did you mean `limits`?"),
        ("question =", "qestion =", "`question` is missing. unknown key `qestion`; did you mean `question`?"),
        ("allow_remote", "remote", "unknown key `privacy.remote`; did you mean `allow_remote`?"),
        ("[coding]", "[coding]\nzzz = 1", "unknown key `coding.zzz`; known here: max_codes, context_before."),
        ("max_codes = 1", 'max_codes = "one"', "`coding.max_codes`: input should be a valid integer"),
        (
            "tau = 0.7\nadaptive",
            "tau = 7\nadaptive",
            "`refinement.tau`: input should be less than or equal to 1, not 7.",
        ),
        ('ending = "full_stop"', 'ending = "period"', "'full_stop' or 'line_break', not 'period'."),
        ('kind = "medoid"', 'kind = "llm"', 'a moderator of kind "llm" needs a model.'),
        ('name = "explicit"', 'name = "expert"', "used twice: expert."),
        ("tau = 0.7", "tau = ", "not valid TOML: Invalid value (at line "),
    ],
)
def test_settings_that_are_wrong_are_told_with_the_right_ones(
    command: Call, filled: Path, old: str, new: str, what: str
) -> None:
    file = filled / "study.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    for arguments in (["status", filled], ["run", "inductive", filled]):
        error, advice = command(*arguments, code=2).err.splitlines()
        assert error.startswith(f"error: {file}: ")
        assert what in error
        assert advice.startswith("  -> Mend ")


@pytest.mark.parametrize(
    ("setting", "value", "where", "what"),
    [
        ("prompt", '"expert_angel"', "prompts/coder/expert_angel.md", "Did you mean `expert_angle`?"),
        ("model", '"scripted:wrods"', "scripted:wrods", "Scripts here are: words"),
        ("model", '"embedded:qwen2.5"', "qwen2.5", "no embedded model of this name"),
        ("model", '"embedded:minilm-l6"', "embedded:minilm-l6", "a model for embeddings"),
        ("model", '"hf:/no/such/folder"', "hf:/no/such/folder", "no such folder"),
        ("model", '"openai:m@https://remote.example/v1"', "https://remote.example/v1", "allow_remote = true"),
        ("url", '"http://remote.example:8000"', "http://remote.example:8000", "allow_remote = true"),
        ("url", '"localhost"', "localhost", "not the address of an endpoint"),
    ],
)
def test_what_a_run_would_stumble_over_is_told_before_it_begins(
    command: Call, filled: Path, setting: str, value: str, where: str, what: str
) -> None:
    replace(filled / "study.toml", **{setting: value})
    done = command("run", "inductive", filled, code=2)
    assert done.err.splitlines()[0].startswith("error: ")
    assert where in done.err.splitlines()[0]
    assert what in done.err
    assert status(command, filled)["runs"] == []


def test_a_model_that_is_not_pulled_is_told_with_the_command_that_pulls_it(
    command: Call, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERCODER_MODELS", str(tmp_path / "none"))
    replace(filled / "study.toml", model='"embedded:smollm2-135m"')
    assert "  -> Run: intercoder models pull smollm2-135m" in command("run", "inductive", filled, code=2).err
    assert "pull smollm2-135m" in command("models", "path", "smollm2-135m", code=2).err
    assert "Run: intercoder models pull qwen2.5-coder-0.5b" in command("init", "new", "-q", "Why?").out
    assert status(command, filled)["runs"] == []


def test_a_study_made_by_a_newer_version_is_left_alone(command: Call, filled: Path, tmp_path: Path) -> None:
    with sqlite3.connect(filled / "study.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    before = (filled / "study.db").read_bytes()
    for arguments in (["status", filled], ["run", "inductive", filled], ["export", filled, "--to", "csv", "o.csv"]):
        error, advice = command(*arguments, code=2).err.splitlines()
        assert f"{filled / 'study.db'}: this study was made by a newer version of intercoder" in error
        assert "pip install --upgrade intercoder" in advice
    assert (filled / "study.db").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "what", "remedy"),
    [
        (None, "the study's database is missing", "Restore it from a backup"),
        (b"not a database at all" * 300, "damaged or not a study database", "Restore it from a backup"),
        (b"", "the database holds no study", "intercoder init"),
    ],
)
def test_a_database_that_is_none_is_told(
    command: Call, filled: Path, content: bytes | None, what: str, remedy: str
) -> None:
    file = filled / "study.db"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    error, advice = command("status", filled, code=2).err.splitlines()
    assert error.startswith(f"error: {file}: ")
    assert what in error
    assert remedy in advice


def test_settings_of_another_study_are_told(command: Call, filled: Path) -> None:
    replace(filled / "study.toml", id='"study_of_somebody_else"')
    error, advice = command("status", filled, code=2).err.splitlines()
    assert f"{filled / 'study.toml'}: id: the database holds study study_" in error
    assert "Put the id back" in advice


def test_an_export_does_not_overwrite_the_study(command: Call, filled: Path) -> None:
    command("run", "inductive", filled)
    for name in ("study.db", "study.toml", "codebook.yaml", "memory/embeddings.db"):
        before = (filled / name).read_bytes()
        error, advice = command("export", filled, "--to", "csv", filled / name, code=2).err.splitlines()
        assert f"{filled / name}: this is a file of the study itself" in error
        assert f"{filled / 'exports' / Path(name).name}" in advice
        assert (filled / name).read_bytes() == before
    command("export", filled, "--to", "csv", filled / "exports" / "coded.csv")


@pytest.mark.parametrize("place", [".", "notes.txt/out.csv", "/proc/out.csv"])
def test_an_export_that_cannot_be_written_says_where_to(
    command: Call, filled: Path, tmp_path: Path, place: str
) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    command("run", "inductive", filled)
    error, advice = command("export", filled, "--to", "csv", place, code=2).err.splitlines()
    assert error.startswith(f"error: {place}: ")
    assert advice.startswith("  -> Name ")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["notes.txt", "study"]


def test_usage_errors_are_exit_code_2(intercoder: Command) -> None:
    for arguments in ([], ["nonsense"], ["import", "study"], ["run", "inductive", "study", "--sample", "0"]):
        assert "Usage:" in (done := intercoder(*arguments, code=2)).stderr + done.stdout


def test_all_texts_of_the_filled_study_are_there(command: Call, filled: Path) -> None:
    assert status(command, filled)["sources"][0]["segments"] == {"paragraph": CODED}
