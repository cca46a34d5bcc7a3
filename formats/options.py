"""How a file is to be read, and what there is to say about it afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field

from intercoder.core.record import Record


class ReadOptions(Record):
    """What the person said about the files. Columns concern tables only (csv, tsv, jsonl)."""

    text_column: str | None = None
    """Column whose text is studied; where it is not given, the column named `text`."""
    id_column: str | None = None
    """Column that identifies rows; where it is not given, rows are numbered from 1."""
    context_columns: tuple[str, ...] = ()
    """Columns shown to coders beside the text, in this order."""
    encoding: str | None = None
    """The files' encoding, for when it should not be detected."""


@dataclass
class ReadReport:
    """Collects what a person should know about one file that was read; complete when its last document is out."""

    encoding: str = ""
    """Encoding the file was read as, by its Python name."""
    skipped: int = 0
    """Rows left out because their text is empty."""
    notes: list[str] = field(default_factory=list)
    """Sentences without the file's name, for people."""

    def note(self, text: str) -> None:
        """Add a note."""
        self.notes.append(text)
