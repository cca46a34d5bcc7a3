"""Importing files one by one, telling what became of each."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from intercoder.cli.output import print_json
from intercoder.core.documents import Document, Span, Unit
from intercoder.core.errors import InputError
from intercoder.core.shown import counted, one_line
from intercoder.core.texts.segmentation import segment
from intercoder.formats.files import check_exists, told
from intercoder.formats.reader import ReadOptions, ReadReport, read_documents
from intercoder.stores.codebooks.revisions import newest
from intercoder.stores.corpus.intake import Imported, Source, import_source
from intercoder.stores.database import reading
from intercoder.stores.study_folder import StudyFolder


def import_all(folder: StudyFolder, files: Sequence[Path], unit: Unit, options: ReadOptions, *, json: bool) -> None:
    """Import files in order. Each is taken whole or not at all; an error stops at its file.

    All of them must be there before the first is taken, so that a mistyped name costs nothing.
    """
    named = _names(files)
    for _, file in named:
        with told(file):
            check_exists(file)
    for name, file in named:
        try:
            imported = import_file(folder, name, file, unit, options)
        except KeyboardInterrupt:
            stopped = f"\nStopped. Nothing of {one_line(name)} was kept; what was imported before stays."
            print(stopped, file=sys.stderr if json else sys.stdout)
            raise
        if json:
            print_json(imported.model_dump(mode="json"))
        else:
            _tell(imported)
    if not json:
        _tell_next(folder)


def import_file(folder: StudyFolder, name: str, file: Path, unit: Unit, options: ReadOptions) -> Imported:
    """Import one file under a name.

    Raises:
        InputError: The file cannot be read as asked; nothing of it is kept.
    """
    report = ReadReport()
    documents = read_documents(file, options, name=name, report=report)
    source = Source(
        name=name,
        sha256=_sha256(file),
        options=options.model_dump(mode="json"),
        unit=unit,
    )

    def cut(document: Document) -> list[Span]:
        try:
            return segment(document.text, unit, language=folder.study.language)
        except InputError as error:
            raise InputError(error.message, where=document.name, remedy=error.remedy) from None

    return import_source(folder.engine, folder.study.id, source, documents, cut, report.notes)


def _tell(imported: Imported) -> None:
    name, count = one_line(imported.source), counted(imported.segments, imported.unit)
    if imported.unchanged:
        print(f"{name}: unchanged, nothing added ({count} there).")
    elif imported.version > 1:
        new = counted(imported.new_documents, "new document")
        print(
            f"{name}: changed, now version {imported.version}: {count}, {new}. "
            "Decisions stay with the texts they were made on."
        )
        if imported.new_documents == imported.documents:
            print("  A study knows files by their names: if this is another file of the same name, rename it.")
    else:
        print(f"{name}: {count} in {counted(imported.documents, 'document')}.")
    for note in imported.notes:
        print(f"  {one_line(note, 200)}")


def _tell_next(folder: StudyFolder) -> None:
    with reading(folder.engine) as connection:
        book = newest(connection, folder.study.id)
    if book.codes and not book.run:
        print(f"Next: intercoder run codevelop {folder.argument}")
        return
    if not book.codes:
        print(f"If you have a codebook: intercoder codebook import {folder.argument} codebook.yaml")
    print(f"Next: intercoder run inductive {folder.argument}")


def _names(files: Sequence[Path]) -> list[tuple[str, Path]]:
    """A name for each file: its own, with as many folders as it takes to tell it from the others.

    Raises:
        InputError: A file is named twice.
    """
    twice = [file for file, times in Counter(file.resolve() for file in files).items() if times > 1]
    if twice:
        raise InputError("this file is named twice.", where=str(twice[0]), remedy="Name each file once.")
    named: dict[Path, str] = {}
    depth = 1
    while len(named) < len(files):
        count = Counter(_ending(file, depth) for file in files)
        named |= {
            file: _ending(file, depth) for file in files if file not in named and count[_ending(file, depth)] == 1
        }
        depth += 1
    return [(named[file], file) for file in files]


def _ending(file: Path, depth: int) -> str:
    return "/".join(file.absolute().parts[-depth:])


def _sha256(file: Path) -> str:
    with told(file), file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
