"""Every command and every piece of Python in README.md and docs/ runs, in order, as it stands there.

What is put in place of the real thing, and nothing else:

- The guides' files: interviews of 60 turns each, a table of answers, a codebook of two codes.
- After `init`, references to models in study.toml become `scripted:words` and `scripted:hashing`; in Python blocks
  `REFERENCE` becomes `SCRIPTED`.
- Before `resume` there is a run to be resumed: one that was begun and did nothing. Before `stop` a process holds
  the study as a run does.
- Models count as pulled (their folders hold no weights), so `models pull` has nothing to fetch; WordNet is real.
  `train lora` and `distill` find small random weights there, and are told to take a single step. `distill` learns
  from three segments of a kind instead of ten, and takes hardly any texts for near-duplicates, since those of the
  workplace and of the scripted model are very much alike.
- The person's editor is `sed`, which changes a word; before `import-coding` somebody fills in a part of the sheet.
- `review` gets a terminal of its own that presses Ctrl-Q.
- `make` targets and what `pip install` names are checked to exist, not run.
"""

import csv
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import typer.main
from textual.app import App
from textual.pilot import Pilot

from intercoder.cli.main import app
from intercoder.core.study_toml import parse_study
from intercoder.formats.answers_files import parse_answers
from intercoder.graphs.jobs import begin_inductive
from intercoder.llms.fetching.catalogue import CATALOGUE, MARKER, model_path
from intercoder.llms.fetching.pulling import pull
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.study_folder import open_study
from intercoder.tui.app import ReviewApp
from tests.cli.conftest import Call, command, use_scripted
from tests.conftest import ROOT
from tests.docs.guides import blocks, commands, inline_commands, links
from tests.llms import tiny_models
from tests.training.distillation.studies import make_encoder

__all__ = ["command"]

GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
REFERENCE = 'model="embedded:qwen2.5-coder-0.5b"'
SCRIPTED = 'model="scripted:words", embeddings="scripted:hashing"'
CODEBOOK = "codes:\n  - label: repair\n    definition: Something is mended.\n  - label: thrift\n"
WAITING = 3
"""Exit code of a run that waits for people's answers."""
LIKENESS = re.compile(r"^(words_shared|cosine) = [\d.]+", re.MULTILINE)
CODERS = 'question = "Why?"\n[[coders]]\nname = "a"\n'

HOLD = """
import contextlib, pathlib, signal, sys
from intercoder.stores.lease import Lease
from intercoder.stores.study_folder import open_study
folder = open_study(pathlib.Path(sys.argv[1]))
with contextlib.suppress(KeyboardInterrupt), Lease(folder.engine, folder.study.id, "inductive-1"):
    print("at work", flush=True)
    signal.pause()
"""

over_guides = pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
Runner = Callable[[list[str]], None]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the files that the guides speak of."""
    (tmp_path / "interviews").mkdir()
    for name, speaker in (("helen", "Helen"), ("samir", "Samir")):
        turns = [f"{('Interviewer', speaker)[n % 2]}: We mended thing {n} of {name} at home." for n in range(60)]
        (tmp_path / "interviews" / f"{name}.txt").write_text("\n\n".join(turns), encoding="utf-8")
    rows = [f"{n},I mend number {n} because it is mine,born in 19{n}" for n in range(10, 40)]
    (tmp_path / "answers.csv").write_text("\n".join(["id,answer,background", *rows]), encoding="utf-8")
    ratings = ["item,ana,ben,caro", *(f"{n},{n % 2},{n % 2},{n % 3 % 2}" for n in range(20))]
    (tmp_path / "ratings.csv").write_text("\n".join(ratings), encoding="utf-8")
    (tmp_path / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    codes = [{"quote": f"I mend thing {n}.", "code": f"pride {n}"} for n in range(4)]
    (tmp_path / "codes.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in codes), encoding="utf-8")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.setenv("VISUAL", "sed -i s/themselves/alone/")
    wordnet = pull("wordnet", report=print)
    monkeypatch.setenv("INTERCODER_MODELS", str(tmp_path / "models"))
    for model in CATALOGUE:
        folder = tmp_path / "models" / model.name
        folder.mkdir(parents=True)
        (folder / MARKER).write_text(json.dumps({"sha256": model.sha256}), encoding="utf-8")
    shutil.copytree(wordnet, tmp_path / "models" / "wordnet", dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def programs(command: Call, monkeypatch: pytest.MonkeyPatch) -> dict[str, Runner]:
    """The programs whose commands may stand in a guide."""
    monkeypatch.setattr("intercoder.cli.reviewing.in_a_terminal", lambda: True)
    monkeypatch.setattr("intercoder.tui.app.ReviewApp.run", opened_and_left)

    def intercoder(words: list[str]) -> None:
        if words[0] == "resume":
            begin_inductive(open_study(Path(words[1])), Scope(unit="row", limit=5))
        if words[0] == "import-coding":
            fill_in(Path(words[2]))
        if words[0] == "stop":
            hold(Path(words[1]))
        if words[:2] == ["train", "lora"]:
            words = [*words, *made_small(words[words.index("--base") + 1])]
        if words[0] == "distill":
            words = [*words, *learnt_small(Path(words[1]))]
        waits = words[:2] == ["run", "codevelop"] and "--dry-run" not in words
        command(*(file for word in words for file in expanded(word)), code=WAITING if waits else 0)
        if words[0] == "init":
            use_scripted(Path(words[1]))

    def python(words: list[str]) -> None:
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)
        assert done.stdout

    return {"intercoder": intercoder, "python": python, "make": make, "pip": pip}


def hold(study: Path) -> None:
    """Let another process work on a study until it is stopped."""
    held = subprocess.Popen([sys.executable, "-c", HOLD, str(study)], stdout=subprocess.PIPE, text=True)
    assert held.stdout is not None
    assert held.stdout.readline() == "at work\n"


def made_small(base: str) -> list[str]:
    """Put weights into a model's folder that are trained in a moment; settings to do so."""
    pytest.importorskip("torch")
    folder = model_path(base.removeprefix("embedded:"))
    if not (folder / "config.json").exists():
        tiny_models.save(folder, max_position_embeddings=8192)
    return ["--set", "max_steps=1", "--set", "batch_size=1", "--set", "max_length=8192"]


def learnt_small(study: Path) -> list[str]:
    """Put an encoder into its folder that is fine-tuned in a moment; settings to do so."""
    pytest.importorskip("sentence_transformers")
    folder = model_path("minilm-l6")
    if not (folder / "config.json").exists():
        make_encoder(folder)
    (study / "study.toml").write_text(LIKENESS.sub(r"\1 = 1.0", (study / "study.toml").read_text("utf-8")), "utf-8")
    return ["--set", "fewest=3", "--set", "classifier.max_steps=1", "--set", "resamples=100"]


def opened_and_left(app: ReviewApp) -> None:
    """Open the terminal UI and leave it."""

    async def leave(pilot: Pilot[object]) -> None:
        await pilot.pause()
        await pilot.press("ctrl+q")

    App.run(app, headless=True, auto_pilot=leave)


def fill_in(sheet: Path) -> None:
    """Code the first segments of a blank sheet."""
    if sheet.suffix != ".csv":
        return
    with sheet.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = list(rows[0])
    for place, row in enumerate(rows[:10]):
        for code in columns[columns.index("text") + 1 : columns.index("memo")]:
            row[code] = row[code] or ("yes", "no")[place % 2]
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)


def expanded(word: str) -> list[str]:
    """A word as a shell passes it: a pattern becomes the files it matches."""
    if "*" not in word:
        return [word]
    files = sorted(str(file) for file in Path().glob(word))
    assert files, f"nothing matches {word}"
    return files


def make(words: list[str]) -> None:
    rules = [line.partition(":")[0] for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()]
    assert set(words) <= set(rules)


def pip(words: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    match words:
        case ["install", "-c", constraints, what]:
            assert (ROOT / constraints).is_file()
            assert what.removeprefix(".[").removesuffix("]") in project["optional-dependencies"]
        case _:
            pytest.fail(f"pip {' '.join(words)} is not known here")


@over_guides
def test_what_a_guide_shows_runs(guide: Path, workplace: Path, programs: dict[str, Runner]) -> None:
    for language, code in blocks(guide):
        if language == "sh":
            for program, *words in commands(code):
                assert program in programs, f"{guide.name} shows `{program}`, which this test cannot run"
                programs[program](words)
        elif language == "python":
            exec(compile(code.replace(REFERENCE, SCRIPTED), str(guide), "exec"), {})
        elif language == "toml":
            parse_answers(code, guide.name) if "[[answers]]" in code else parse_study(CODERS + code)
        else:
            assert language == "", f"{guide.name} has a block of {language}, which this test cannot run"


@over_guides
def test_commands_in_a_guides_prose_are_ones_that_the_command_line_takes(guide: Path) -> None:
    for words in inline_commands(guide, "intercoder"):
        check_words(words[1:])
    for words in inline_commands(guide, "pip"):
        pip(words[1:])
    for words in inline_commands(guide, "make"):
        make(words[1:])


def check_words(words: list[str]) -> None:
    """Parse a command without running it; placeholders such as NAME may stand for values."""
    command, name = typer.main.get_command(app), "intercoder"
    while hasattr(command, "get_command"):
        name, *words = words
        inner = command.get_command(None, name)
        assert inner is not None, f"there is no command `{name}`"
        command = inner
    command.make_context(name, list(words))


@pytest.mark.parametrize("words", ["rum", "run inductively", "status", "status my-study --jason"])
def test_a_mistyped_command_would_be_noticed(words: str) -> None:
    with pytest.raises(Exception, match=r"no command|No such option|Missing"):
        check_words(words.split())


@over_guides
def test_links_lead_to_files(guide: Path) -> None:
    missing = [link for link in links(guide) if not (guide.parent / link).exists()]
    assert missing == []


def test_guides_hold_what_these_tests_look_for() -> None:
    found = [block.language for guide in GUIDES for block in blocks(guide)]
    assert found.count("sh") >= 8
    assert found.count("python") >= 2
    assert REFERENCE in (ROOT / "README.md").read_text(encoding="utf-8")
