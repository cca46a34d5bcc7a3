"""The whole loop across separate processes, from a draft codebook to final estimates; killed at any step, too."""

import csv
import itertools
import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import command_line, use_scripted
from tests.cli.forking import AtLine, Forked

pytestmark = pytest.mark.long

TEXTS = [
    f"{who} {what} because {why}."
    for who, what, why in itertools.product(
        ("My neighbour", "Our daughter", "The carpenter"),
        ("mends old clothes", "repairs the radio", "borrows some tools"),
        ("new ones are expensive", "nobody sells 3 spare parts", "it is a pleasure", "waste is a shame"),
    )
]
CODEBOOK = """\
codes:
  - label: thrift
    definition: Money is the reason to repair.
  - label: pleasure
    definition: Repairing is enjoyed.
  - label: with number
    definition: A figure is named.
    kind: pattern
    pattern: '\\d'
"""
NEVER = 10_000


class Loop:
    """Runs commands on one study, each in a process of its own; kills jobs where lines are given to do it at."""

    def __init__(self, folder: Path, kill_at: Iterator[int] | None) -> None:
        self.folder = folder
        self.kill_at = kill_at
        self.kills = 0

    def run(self, *arguments: object, code: int = 0) -> list[str]:
        """A command that is quick; run to its end."""
        process = self.forked(*arguments)
        out, _ = process.communicate()
        assert process.returncode == code, f"exit {process.returncode}\n{out}\n{self.log}"
        return out.splitlines()

    def forked(self, *arguments: object, dies_at: AtLine | None = None) -> Forked:
        return Forked(*arguments, log=self.folder / "log.txt", cwd=self.folder, dies_at=dies_at)

    @property
    def log(self) -> str:
        return (self.folder / "log.txt").read_text("utf-8")

    def job(self, *arguments: object, code: int) -> dict[str, Any]:
        """A job as a shell starts it, or one that is killed, and run again until it comes to its end."""
        if self.kill_at is None:
            done = subprocess.run(
                command_line(*arguments, "--json"), capture_output=True, text=True, cwd=self.folder, timeout=120
            )
            assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
            lines = done.stdout.splitlines()
        else:
            lines = self.killed(self.kill_at, *arguments, code=code)
        found: dict[str, Any] = json.loads(lines[-1])
        return found

    def killed(self, kill_at: Iterator[int], *arguments: object, code: int) -> list[str]:
        """What a job prints in the end that is killed with SIGKILL at some line, and run again."""
        while True:
            last = next(kill_at)
            job = self.forked(*arguments, "--json", dies_at=AtLine(last))
            out, _ = job.communicate()
            if job.returncode == -signal.SIGKILL:
                self.kills += 1
                continue
            assert job.returncode == code, f"{out}\n{self.log}"
            return out.splitlines()

    def revisions(self, *arguments: object) -> list[dict[str, Any]]:
        """Revisions as `revisions STUDY --json` lists them."""
        return [json.loads(line) for line in self.run("revisions", "study", *arguments, "--json")]


def walk(folder: Path, kill_at: Iterator[int] | None) -> dict[str, Any]:
    """Draft, round, two revisions answered, recoding, calibration, final. Returns what came of it."""
    loop = Loop(folder, kill_at)
    (folder / "texts.csv").write_text("text\n" + "\n".join(TEXTS) + "\n", encoding="utf-8")
    (folder / "book.yaml").write_text(CODEBOOK, encoding="utf-8")
    loop.run("init", "study", "--question", "Why do people repair things?")
    use_scripted(folder / "study")
    loop.run("import", "study", "texts.csv", "--unit", "row")
    loop.run("codebook", "import", "study", "book.yaml", "--author", "ana")

    first = loop.job("run", "codevelop", "study", "-n", 24, "--seed", 1, code=3)
    assert first["kind"] == "waiting"
    edited, rejected = first["waiting"][:2]
    more = first["waiting"][2:]
    text = "Costs of a new thing are named."
    loop.run("revisions", "study", "edit", edited, "--text", text, "--note", "plainer", "--by", "ana")
    loop.run("revisions", "study", "reject", rejected, *more, "--note", "not so", "--by", "ana")
    refused = loop.run("revisions", "study", "approve", rejected, "--by", "ben", code=2)
    assert refused == []

    state = loop.job("run", "codevelop", "study", code=3)
    assert (state["round"], state["codebook_version"]) == (2, 2)
    for _ in range(5):
        if state["kind"] == "done":
            break
        loop.run("revisions", "study", "reject", *state["waiting"], "--note", "no", "--by", "ana")
        state = loop.job("run", "codevelop", "study", code=0)
    assert state["kind"] == "done"

    for coder in ("ana", "ben"):
        loop.run("sample", "study", "calibration", "-n", 30, "--seed", 2, "--coder", coder)
        sheet = folder / "study" / "exports" / f"calibration-{coder}.csv"
        codes = fill_in(sheet)
        loop.run("import-coding", "study", sheet, "--coder", coder)
    loop.job("calibrate", "study", code=0)
    names = [part for code in codes for part in ("--override", code)] + ["--note", "a trial"]
    final = loop.job("run", "final", "study", "--all", *names, "--by", "ana", code=0)
    loop.run("export", "study", "wide.csv", "--to", "csv", "--wide", "--run", final["run"])
    loop.run("export", "study", "long.jsonl", "--to", "jsonl", "--run", final["run"])
    loop.run("export", "study", "rounds.jsonl", "--to", "jsonl", "--run", "codevelop-1")
    exports = {name: (folder / name).read_text("utf-8") for name in ("wide.csv", "long.jsonl", "rounds.jsonl")}
    return {
        "exports": exports,
        "estimates": final["estimates"],
        "kills": loop.kills,
        "revisions": loop.revisions("--all"),
    }


def fill_in(sheet: Path) -> list[str]:
    """Code a sheet as a person would, by what the words say. Returns the codes' labels."""
    with sheet.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = list(rows[0])
    codes = columns[columns.index("text") + 1 : columns.index("memo")]
    for row in rows:
        for code, word in zip(codes, ("expensive", "pleasure"), strict=True):
            row[code] = "yes" if word in row["text"] else "no"
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return codes


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return walk(tmp_path_factory.mktemp("undisturbed"), None)


def test_the_loop_ends_with_estimates_of_all_codes(undisturbed: dict[str, Any]) -> None:
    rows = list(csv.DictReader(undisturbed["exports"]["wide.csv"].splitlines()))
    assert len(rows) == len(TEXTS)
    assert all(row["with number"] == ("yes" if "3" in row["text"] else "no") for row in rows)
    assert [code["yes"] + code["no"] for code in undisturbed["estimates"]["codes"]] == [len(TEXTS)] * 3


def test_only_the_revised_code_was_coded_again(undisturbed: dict[str, Any]) -> None:
    lines = [json.loads(line) for line in undisturbed["exports"]["rounds.jsonl"].splitlines()]
    again = {line["label"] for line in lines if line["round"] == 2}
    once = {line["label"] for line in lines if line["round"] == 1}
    assert len(again) == 1
    assert not again & once
    assert "with number" in once


def test_killed_at_every_step_it_ends_the_same(undisturbed: dict[str, Any], tmp_path: Path) -> None:
    # Killed at the first line, then a line later each time, so that every job is killed early and late.
    disturbed = walk(tmp_path, itertools.cycle([0, 1, 2, 3, 5, 8, 13, NEVER]))
    assert disturbed["kills"] >= 8
    assert disturbed["exports"] == undisturbed["exports"]
    assert disturbed["estimates"] == undisturbed["estimates"]
