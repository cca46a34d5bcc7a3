"""What is installed is what is here: every package listed, its data in the wheel, every dependency pinned."""

import importlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from intercoder.llms.fetching.catalogue import CATALOGUE, MARKER
from tests.conftest import ROOT

NOT_ROOMS = {"tests", "benchmarks", "examples", "docs", "build", "dist"}
SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = sorted(
    ".".join(("intercoder", *file.parent.relative_to(ROOT).parts))
    for file in ROOT.glob("[!.]*/**/__init__.py")
    if file.relative_to(ROOT).parts[0] not in NOT_ROOMS
)
ANYWHERE = {"/", "/home", "/mnt", "/opt", "/root", "/src", "/tmp", "/usr", "/usr/local", "/var"}
"""Folders that every machine has."""
INSTALLERS = {"pip", "setuptools", "wheel"}
"""Not pinned: the environment that installs brings its own."""
ROOMS = sorted(package for package in PACKAGES if package.count(".") == 1)


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """The files that git keeps."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout, so nobody knows which files belong to it")
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_every_package_is_listed_and_mapped_to_its_folder() -> None:
    listed = SETTINGS["tool"]["setuptools"]
    assert sorted(listed["packages"]) == PACKAGES
    folders = {package: "/".join(package.split(".")[1:]) for package in PACKAGES}
    assert listed["package-dir"] == folders


def test_every_room_is_typed_checked_and_under_the_import_contracts() -> None:
    assert all((ROOT / room.partition(".")[2] / "py.typed").is_file() for room in ROOMS)
    contracts = SETTINGS["tool"]["importlinter"]
    assert sorted(contracts["root_packages"]) == ROOMS
    layers = contracts["contracts"][0]["layers"]
    # Measures stand beside the layers, with a contract of their own: their report reads stores.
    layered = [room.strip() for layer in layers for room in layer.split("|")]
    assert sorted([*layered, "intercoder.evals"]) == ROOMS
    types = re.search(r"-p intercoder\.,([\w ]+)\)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert types is not None
    assert sorted(f"intercoder.{room}" for room in types[1].split()) == ROOMS


@pytest.fixture(scope="module")
def wheel(tracked: list[Path], tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """The wheel that is built from what git keeps, without a network."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for file in tracked:
        target = source / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*build, "-w", str(out), str(source)], check=True, capture_output=True)
    return zipfile.Path(next(out.glob("*.whl")))


def test_the_wheel_holds_the_rooms_with_their_data_and_nothing_else(
    wheel: zipfile.Path, tracked: list[Path]
) -> None:
    names = {name for name in wheel.root.namelist() if not name.endswith("/")}
    rooms = {room.partition(".")[2] for room in ROOMS}
    wanted = {
        f"intercoder/{file.relative_to(ROOT).as_posix()}"
        for file in tracked
        if file.relative_to(ROOT).parts[0] in rooms
    }
    assert {name for name in names if ".dist-info/" not in name} == wanted
    endings = {Path(name).suffix for name in wanted}
    assert {".py", ".md", ".toml", ".mako", ".typed"} <= endings


def test_the_wheel_names_the_command_the_licence_and_the_dependencies(wheel: zipfile.Path) -> None:
    info = next(place for place in wheel.iterdir() if place.name.endswith(".dist-info"))
    assert "intercoder = intercoder.cli.main:main" in (info / "entry_points.txt").read_text(encoding="utf-8")
    told = (info / "METADATA").read_text(encoding="utf-8")
    assert told.count("Requires-Dist: ") >= len(SETTINGS["project"]["dependencies"])
    assert any(name.endswith("LICENSE") for name in wheel.root.namelist())


def pins() -> dict[str, str]:
    """Name -> version of constraints.txt."""
    found = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, version = line.split("==")
            found[canonicalize_name(name)] = version
    return found


def required(names: list[str]) -> Iterator[Requirement]:
    """Requirements of a list in pyproject.toml and all that they pull in on this machine."""
    waiting = [Requirement(name) for name in names]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop()
        yield requirement
        for extra in {"", *requirement.extras}:
            key = (canonicalize_name(requirement.name), extra)
            if key in seen:
                continue
            seen.add(key)
            inner = map(Requirement, metadata.requires(requirement.name) or [])
            waiting += [one for one in inner if one.marker is None or one.marker.evaluate({"extra": extra})]


@pytest.mark.parametrize("part", ["dependencies", "embedded", "test"])
def test_every_dependency_is_pinned_to_a_version_that_fits(part: str) -> None:
    project = SETTINGS["project"]
    listed = project["dependencies"] if part == "dependencies" else project["optional-dependencies"][part]
    found = pins()
    unpinned, unfit = set(), set()
    for requirement in required(listed):
        version = found.get(canonicalize_name(requirement.name))
        if requirement.name in INSTALLERS:
            continue
        if version is None:
            unpinned.add(requirement.name)
        elif not requirement.specifier.contains(version, prereleases=True):
            unfit.add(f"{requirement} but {version}")
    assert (unpinned, unfit) == (set(), set())


def registries() -> set[str]:
    """Addresses, folders and hosts from which pip installs here, but for the one that everybody has."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    )
    places = set()
    for line in done.stdout.splitlines():
        name, _, value = line.partition("=")
        if name.endswith(("index-url", "find-links", "trusted-host")):
            for place in value.strip("'\"").split():
                address = urlsplit(place)
                places |= {place, address.path if address.scheme == "file" else address.hostname or place}
    return {place for place in places if len(place) > 3 and "pypi.org" not in place}


def test_no_file_names_a_place_of_this_machine_or_its_registry(tracked: list[Path]) -> None:
    places = {str(ROOT), str(ROOT.parent), sys.prefix, *registries()} - ANYWHERE
    here = re.compile("|".join(rf"(?<![\w.~-]){re.escape(place)}(?![\w-])" for place in places))
    homes = re.compile(r"/(?:home|Users)/[a-z]\w*/|(?<![\w.])/roo[t]/")  # so that it does not find itself
    found = []
    for file in tracked:
        text = file.read_text(encoding="utf-8", errors="replace")
        found += [f"{file.name}: {match[0]}" for pattern in (here, homes) for match in pattern.finditer(text)]
    assert found == []


def test_the_served_graphs_import_without_weights_and_have_no_checkpointer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERCODER_MODELS", str(tmp_path))
    for model in CATALOGUE:
        (tmp_path / model.name).mkdir()
        (tmp_path / model.name / MARKER).write_text(json.dumps({"sha256": model.sha256}), encoding="utf-8")
    listed = json.loads((ROOT / "langgraph.json").read_text(encoding="utf-8"))
    graphs = {"codevelopment", "deductive", "inductive", "merging", "theming"}
    assert set(listed["graphs"]) == graphs | {"coder", "definer", "moderator", "themer"}
    for place in listed["graphs"].values():
        file, _, name = place.partition(":")
        assert (ROOT / file).is_file()
        module = importlib.import_module("intercoder." + ".".join(Path(file).with_suffix("").parts))
        graph = getattr(module, name)
        assert graph.checkpointer is None
        assert graph.get_graph().nodes
