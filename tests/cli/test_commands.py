"""The commands as people use them, one after another."""

import csv
import json
import os
import pty
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer.main

from intercoder.cli.coding import progress
from intercoder.cli.main import app
from intercoder.cli.studies import importing
from intercoder.core.documents import Span
from intercoder.core.texts.segmentation import segment
from tests.cli.conftest import CODED, TEXT, Call, Command, call, command_line, replace, use_scripted

KEYS = [
    "segment_id", "document", "start", "end", "text", "role", "coder", "label", "code", "code_id", "value", "final",
    "reason",
    "quote", "quote_start", "quote_end", "verified", "chosen_from", "merged_from", "similarity", "model",
    "prompt", "prompt_hash", "codebook_version", "round", "run",
]  # fmt: skip
HEAVY = (
    "torch", "transformers", "sentence_transformers", "xgrammar", "chromadb", "textual", "langgraph",
    "langchain_core", "langchain_openai", "openai", "pandas", "numpy", "sqlalchemy", "pydantic", "httpx",
)  # fmt: skip


@pytest.fixture(scope="module")
def coded(templates: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that was run once. Read only."""
    study = Path(shutil.copytree(templates / "filled", tmp_path_factory.mktemp("coded") / "study"))
    assert call("run", "inductive", study).code == 0
    return study


def lines_of(command: Call, study: Path, *options: str) -> list[dict[str, Any]]:
    out = Path("lines.jsonl")
    command("export", study, "--to", "jsonl", out, *options)
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def test_a_study_from_texts_to_a_table_by_the_commands_that_are_suggested(command: Call, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(TEXT, encoding="utf-8")
    out = command("init", "my study", "--question", "Why do people repair things?").out
    use_scripted(tmp_path / "my study")
    for name in ("import", "run", "export"):
        suggested = shlex.split(re.findall(r"intercoder (.*)", out)[-1])
        assert suggested[0] == name
        out = command(*("notes.txt" if word == "FILE..." else word for word in suggested)).out
    assert (tmp_path / "my study" / "exports" / "coded.csv").is_file()


def test_init_writes_settings_that_explain_themselves(command: Call, tmp_path: Path) -> None:
    told = command("init", "new", "--question", 'Why "repair"? \\ \x7f', "--model", "scripted:words").out
    text = (tmp_path / "new" / "study.toml").read_text(encoding="utf-8")
    assert f"Made {Path('new') / 'study.toml'}." in told
    assert text.count('model = "scripted:words"') == 3
    assert text.count("#") > 20
    assert command("status", "new", "--json").objects[0]["question"] == 'Why "repair"? \\ \x7f'


def test_importing_again_adds_nothing_and_a_changed_file_is_a_new_version(
    command: Call, filled: Path, tmp_path: Path
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text(TEXT, encoding="utf-8")
    before = command("status", filled, "--json").out
    again = command("import", filled, file, "--unit", "paragraph").out
    assert "notes.txt: unchanged, nothing added (4 paragraphs there)." in again
    assert command("status", filled, "--json").out == before
    command("run", "inductive", filled)
    old = {line["segment_id"] for line in lines_of(command, filled)}

    file.write_text(TEXT + "\nNobody taught us how to sew at school.\n", encoding="utf-8")
    changed = command("import", filled, file, "--unit", "paragraph").out
    assert "notes.txt: changed, now version 2: 5 paragraphs, 1 new document." in changed
    assert "Decisions stay with the texts they were made on" in changed
    assert "if this is another file of the same name, rename it" in changed
    assert {line["segment_id"] for line in lines_of(command, filled)} == old
    command("run", "inductive", filled)
    assert len({line["segment_id"] for line in lines_of(command, filled)}) == 5
    told = command("import", filled, file, "--unit", "sentence", "--json").objects[0]
    assert (told["version"], told["segments"], told["new_documents"]) == (2, 5, 0)


def test_an_import_that_is_stopped_keeps_whole_files_only(
    command: Call, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first.txt", "second.txt"):
        (tmp_path / name).write_text(f"I mended the {name} of it.\n\nStop here now.", encoding="utf-8")

    def stop_in_the_second(text: str, *options: object, **more: object) -> list[Span]:
        if "second" in text:
            raise KeyboardInterrupt
        return segment(text, "paragraph")

    monkeypatch.setattr(importing, "segment", stop_in_the_second)
    done = command("import", made, "first.txt", "second.txt", "--unit", "paragraph", code=130)
    assert done.out.splitlines()[-1] == "Stopped. Nothing of second.txt was kept; what was imported before stays."
    kept = command("status", made, "--json").objects[0]["sources"]
    assert [source["source"] for source in kept] == ["first.txt"]


def test_files_of_one_name_are_told_apart_by_their_folders(
    command: Call, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("2024/may/notes.txt", "2025/may/notes.txt", "2025/june/notes.txt", "2025/june/other.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"I mended it, see {name}.", encoding="utf-8")
    files = sorted(tmp_path.rglob("*.txt"))
    monkeypatch.chdir(tmp_path / "2025")
    here = [file.relative_to(tmp_path / "2025") if "2025" in str(file) else file for file in files]
    told = command("import", made, *here, "--unit", "paragraph", "--json").objects
    expected = ["2024/may/notes.txt", "june/notes.txt", "other.txt", "2025/may/notes.txt"]
    assert [source["source"] for source in told] == expected
    error = command("import", made, "june/other.txt", "./june/../june/other.txt", "-u", "paragraph", code=2).err
    assert error.startswith(f"error: {tmp_path / '2025/june/other.txt'}: this file is named twice.")


def test_tables_keep_all_columns_and_samples_are_stratified_by_them(
    command: Call, made: Path, tmp_path: Path
) -> None:
    rows = [f"{n},I mend thing number {n} here,site{n % 3},asked on day {n}" for n in range(12)]
    (tmp_path / "answers.csv").write_text("id,answer,site,context\n" + "\n".join(rows), encoding="utf-8")
    columns = ["--text-column", "answer", "--id-column", "id", "--context-column", "context"]
    assert (
        "answers.csv: 12 rows in 12 documents."
        in command("import", made, "answers.csv", "--unit", "row", *columns).out
    )
    command("run", "inductive", made, "--sample", "6", "--seed", "1", "--stratify", "site")
    drawn = {line["document"] for line in lines_of(command, made)}
    assert sorted(int(name.removeprefix("answers.csv#")) % 3 for name in drawn) == [0, 0, 1, 1, 2, 2]
    line = lines_of(command, made)[0]
    assert line["text"] == f"I mend thing number {line['document'].removeprefix('answers.csv#')} here"
    assert (line["start"], line["end"]) == (0, len(line["text"]))


def test_turns_belong_to_speakers(command: Call, made: Path, tmp_path: Path) -> None:
    text = "Ana: We mend it all at home.\n\nBen: We throw it away at once.\n\nAna: That is a pity I say.\n"
    (tmp_path / "talk.txt").write_text(text, encoding="utf-8")
    command("import", made, "talk.txt", "--unit", "turn")
    command("run", "inductive", made, "--sample", "2", "--stratify", "speaker")
    texts = {line["text"] for line in lines_of(command, made)}
    assert len(texts) == 2
    assert "We throw it away at once." in texts
    assert all(text[line["start"] : line["end"]] == line["text"] for line in lines_of(command, made))


def test_limit_takes_the_first_segments(command: Call, filled: Path) -> None:
    command("run", "inductive", filled, "--limit", "2")
    assert {line["text"] for line in lines_of(command, filled)} == set(TEXT.strip().split("\n\n")[:2])


def test_the_export_has_its_keys_in_order_and_an_empty_answer_is_a_line(command: Call, coded: Path) -> None:
    lines = lines_of(command, coded)
    assert len(lines) == CODED * 4
    assert all(list(line) == KEYS for line in lines)
    assert [line["role"] for line in lines] == (["coder"] * 3 + ["moderator"]) * CODED
    empty = [line for line in lines if line["text"] == "Okay."]
    assert [line["label"] for line in empty] == [None] * 4
    assert all(line["code"] is line["code_id"] is line["quote_start"] is None for line in empty)
    finals = [line for line in lines if line["role"] == "moderator" and line["label"]]
    assert all(line["code_id"].startswith("c_") and line["code"] for line in finals)
    assert all(line["chosen_from"] in ("expert", "explicit", "informal") for line in finals)
    coders = [line for line in lines if line["role"] == "coder"]
    assert all(line["prompt_hash"] and line["prompt"].startswith("coder/") for line in coders)


def test_exports_of_the_same_answers_are_the_same_bytes(
    command: Call, coded: Path, templates: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(templates / "filled", tmp_path / "elsewhere"))
    replace(other / "study.toml", concurrency="1", wave="1")
    command("run", "inductive", other)
    for form in ("jsonl", "csv", "md"):
        files = [tmp_path / f"{place}.{form}" for place in range(3)]
        for file, study in zip(files, (coded, coded, other), strict=True):
            command("export", study, "--to", form, file)
        assert files[0].read_bytes() == files[1].read_bytes() == files[2].read_bytes()
    assert (coded / "codebook.yaml").read_bytes() == (other / "codebook.yaml").read_bytes()


def test_times_are_only_in_exports_that_ask_for_them(command: Call, coded: Path, tmp_path: Path) -> None:
    line = lines_of(command, coded, "--times")[0]
    assert list(line) == [*KEYS, "created_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["created_at"])
    command("export", coded, "--to", "csv", "--times", "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == [*KEYS, "created_at"]
    assert len(rows) == CODED * 4


def test_an_export_goes_where_it_is_sent(command: Call, intercoder: Command, coded: Path, tmp_path: Path) -> None:
    command("export", coded, "--to", "md", "new/folders/out.md")
    assert (tmp_path / "new/folders/out.md").read_text(encoding="utf-8").startswith("# notes.txt\n")
    kept = tmp_path / "kept.jsonl"
    kept.write_text("earlier", encoding="utf-8")
    (tmp_path / "link.jsonl").symlink_to(kept)
    command("export", coded, "--to", "jsonl", "link.jsonl")
    assert (tmp_path / "link.jsonl").is_symlink()
    assert len(kept.read_text(encoding="utf-8").splitlines()) == CODED * 4
    piped = intercoder("export", coded, "--to", "jsonl", "/dev/stdout")
    assert [json.loads(line)["run"] for line in piped.stdout.splitlines()] == ["inductive-1"] * CODED * 4
    assert "/dev/stdout: 16 decisions of inductive-1." in piped.stderr


def test_the_codebook_is_shown_in_every_format(command: Call, coded: Path) -> None:
    table = command("codebook", "show", coded).out
    assert table.startswith("Codebook 1")
    file = (coded / "codebook.yaml").read_text(encoding="utf-8")
    assert command("codebook", "show", coded, "--format", "yaml").out == file
    rows = list(csv.DictReader(command("codebook", "show", coded, "--format", "csv").out.splitlines()))
    assert [row["segments"] for row in rows] == ["1", "1", "1"]
    assert all(row["label"] in table for row in rows)
    assert command("codebook", "show", coded, "--format", "md").out.startswith("# Codebook, version 1 <!--")
    assert "There are: 1." in command("codebook", "show", coded, "--version", "2", code=2).err


def test_a_run_that_is_stopped_says_what_is_kept_and_how_to_go_on(
    command: Call, filled: Path, coded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(filled / "study.toml", concurrency="1", wave="1")

    @contextmanager
    def impatient(*, json: bool) -> Iterator[Callable[[dict[str, Any]], None]]:
        def listen(event: dict[str, Any]) -> None:
            if event.get("done") == 2:
                raise KeyboardInterrupt

        yield listen

    with monkeypatch.context() as patched:
        patched.setattr(progress, "listener", impatient)
        done = command("run", "inductive", filled, code=130)
    assert done.out.splitlines() == [
        "Stopped. Kept: 6 answers, 2 of 4 segments settled, 2 codes.",
        f"Go on with: intercoder resume {filled}",
    ]
    assert command("status", filled).out.splitlines()[-1] == f"Next: intercoder resume {filled}"
    command("resume", filled)
    assert lines_of(command, filled) == lines_of(command, coded)


def test_a_finished_run_is_not_resumed_and_has_nothing_to_retry(command: Call, coded: Path) -> None:
    assert "intercoder run inductive" in command("resume", coded, code=2).err
    assert "`inductive-1` is done" in command("resume", coded, "inductive-1", code=2).err
    assert command("retry", coded).out == "No answer failed; there is nothing to retry.\n"


def test_programs_get_one_object_a_line(command: Call, filled: Path, tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("We learned to sew at school.", encoding="utf-8")
    assert command("import", filled, "more.txt", "-u", "paragraph", "--json").objects[0]["source"] == "more.txt"
    plan = command("run", "inductive", filled, "--dry-run", "--json").objects
    assert [(one["kind"], one["segments"], one["calls"]) for one in plan] == [("plan", 5, 15)]
    events = command("run", "inductive", filled, "--json")
    assert events.err == ""
    kinds = [event["kind"] for event in events.objects]
    assert kinds[0] == "begin"
    assert kinds[-1] == "done"
    assert set(kinds) == {"begin", "code", "progress", "done"}
    assert events.objects[-1]["failures"] == 0
    view = command("status", filled, "--json").objects
    assert [run["id"] for run in view[0]["runs"]] == ["inductive-1"]
    assert {model["name"] for model in command("models", "list", "--json").objects} >= {"minilm-l6"}


def test_without_a_terminal_progress_is_log_lines_beside_the_result(command: Call, filled: Path) -> None:
    done = command("run", "inductive", filled)
    first, last = done.err.splitlines()
    assert first == "inductive-1: 4 segments"
    assert re.fullmatch(r"inductive-1: 12/12 answers · 4/4 settled · [\d.]+/s · 3 codes · [\dk]+ tokens", last)
    assert "\x1b" not in done.err + done.out
    assert done.out.startswith("Codebook 1")
    assert f"Codebook: {filled / 'codebook.yaml'}" in done.out


def test_in_a_terminal_progress_is_a_bar(filled: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    with subprocess.Popen(
        command_line("run", "inductive", filled), stdout=subprocess.PIPE, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        while block := _read(ours):
            shown += block
        assert process.stdout is not None
        assert b"Next: intercoder export" in process.stdout.read()
    os.close(ours)
    assert process.returncode == 0
    text = shown.decode()
    assert "━" in text
    assert "12/12 answers · 4/4 settled" in text
    assert "/s · 3 codes" in text
    assert re.search(r"\d\d:\d\d", text)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        return b""  # the other end is closed


def test_a_dry_run_says_what_would_go_where_and_contacts_nobody(
    command: Call, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(filled / "study.toml", kind='"llm"\nmodel = "openai:judge@https://remote.example/v1"')
    before = {file: file.read_bytes() for file in filled.iterdir() if file.suffix in (".db", ".toml")}

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a dry run opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    out = command("run", "inductive", filled, "--dry-run").out
    assert out.startswith("4 segments, 189 characters; 16 calls. Nothing was called.\n")
    assert re.search(r"medoid +the segment's text, its speaker, the coders' suggestions +remote\.example", out)
    assert re.search(r"expert +the segment's text, its speaker and context +this machine", out)
    assert re.search(r"code memory +labels and definitions +this machine", out)
    assert re.search(r"medoid +moderator .* unknown *\n", out)
    assert "Would not start: https://remote.example/v1: The endpoint remote.example is refused" in out
    assert {file: file.read_bytes() for file in before} == before
    assert command("status", filled, "--json").objects[0]["runs"] == []


def test_costs_are_estimated_and_counted(command: Call, filled: Path) -> None:
    with (filled / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[prices."scripted:words"]\ninput = 1.0\noutput = 2.0\n')
    plan = command("run", "inductive", filled, "--dry-run", "--json").objects[0]
    coder = plan["actors"][0]
    assert coder["cost"] == pytest.approx((coder["input_tokens"] + 2 * coder["output_tokens"]) / 1e6)
    events = command("run", "inductive", filled, "--json").objects
    told = next(event for event in reversed(events) if event["kind"] == "progress")
    assert told["cost"] == pytest.approx((told["input_tokens"] + 2 * told["output_tokens"]) / 1e6, abs=1e-6)
    counted = command("status", filled, "--json").objects[0]["runs"][0]
    assert counted["cost"] == pytest.approx(told["cost"])
    estimated = sum(actor["input_tokens"] for actor in plan["actors"])
    assert estimated == pytest.approx(told["input_tokens"], rel=0.05)


def test_models_are_listed_with_what_is_here(
    command: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from intercoder.llms.fetching.catalogue import MARKER, find

    monkeypatch.setenv("INTERCODER_MODELS", str(tmp_path))
    (tmp_path / "minilm-l6").mkdir()
    (tmp_path / "minilm-l6" / MARKER).write_text(json.dumps({"sha256": find("minilm-l6").sha256}), encoding="utf-8")
    table = command("models", "list").out
    assert re.search(r"embedded:minilm-l6 +embedding +Apache-2.0 +\d+ +yes", table)
    assert re.search(r"embedded:qwen2.5-coder-0.5b +chat +Apache-2.0 +\d+ +no", table)
    assert command("models", "path", "embedded:minilm-l6").out == f"{tmp_path / 'minilm-l6'}\n"
    assert "already here" in command("models", "pull", "minilm-l6").out


def test_output_that_nobody_reads_is_no_error(coded: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        command_line("codebook", "show", coded, "--format", "yaml"),
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (0, "")


def commands(group: Any = None, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """All commands, by the words that name them."""
    group = group or typer.main.get_command(app)
    found = [above]
    for name, inner in getattr(group, "commands", {}).items():
        found += commands(inner, (*above, name))
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_help_shows_an_example_that_names_the_command(command: Call, words: tuple[str, ...]) -> None:
    help_text = " ".join(command(*words, "--help").out.replace("│", " ").split())
    example = help_text.partition("Start with: " if not words else "Example: ")[2]
    assert example.startswith(" ".join(("intercoder", *words)))


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "sys.argv = ['intercoder', '--help']\n"
        "from intercoder.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('\\n' + ' '.join(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout
    assert not set(done.stdout.splitlines()[-1].split()) & set(HEAVY)
