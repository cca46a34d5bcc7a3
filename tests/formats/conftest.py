from collections.abc import Callable
from pathlib import Path

import pytest

from intercoder.core.documents import Document
from intercoder.formats import ReadOptions, ReadReport, read_documents

Save = Callable[[str, str | bytes], Path]
Read = Callable[..., list[Document]]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Writes a file, text as UTF-8 with its line ends as they are."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def report() -> ReadReport:
    return ReadReport()


@pytest.fixture
def read(save: Save, report: ReadReport) -> Read:
    """Writes a file and reads its documents, notes going to the `report` fixture."""

    def write_and_read(name: str, content: str | bytes, **options: object) -> list[Document]:
        return list(read_documents(save(name, content), ReadOptions.model_validate(options), report=report))

    return write_and_read
