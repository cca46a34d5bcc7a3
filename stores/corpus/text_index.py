"""A full-text index of a study's segments, in a SQLite file of its own that may be deleted: it is made again.

Segments in scripts that put spaces between words are in `words` (FTS5, unicode61 over folded text, each ideograph a
word): words are found by their beginning, a Chinese word of any length as a phrase. A trigram index finds nothing
shorter than three characters, and most Chinese words have two; over 100,000 Chinese segments it is three times as
large and takes five times as long to make. Segments with letters of scripts that join words (Thai, Arabic ...) are
in `trigrams` instead, where any part of a word is found; what is shorter than three characters is looked for one by
one. Which of the two is told by each segment's own letters, so that a corpus may mix languages.
"""

from __future__ import annotations

import sqlite3
import threading
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import cached_property
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock

from intercoder.core.errors import StudyError
from intercoder.core.texts.searched_text import fold, has_letters, is_joined, pieces, spaced
from intercoder.stores.corpus.pages import CorpusDocument, CorpusLine, corpus_size, read_corpus, signature
from intercoder.stores.database import reading, remove, translated
from intercoder.stores.study_folder import StudyFolder

FORM = "1"
"""Changes whenever the file's tables do."""
BATCH = 2000
"""Segments that are written at once."""
TRIGRAM = 3
"""Characters that the trigram index needs to find anything."""
_TABLES = """
CREATE TABLE about (signature TEXT);
CREATE TABLE documents (number INTEGER PRIMARY KEY, document_id TEXT, name TEXT, first INTEGER, segments INTEGER);
CREATE TABLE lines (
    place INTEGER PRIMARY KEY, segment_id TEXT, document INTEGER, unit TEXT, ordinal INTEGER, speaker TEXT,
    text TEXT
);
CREATE TABLE joined (place INTEGER PRIMARY KEY, folded TEXT);
CREATE VIRTUAL TABLE words USING fts5(
    folded, content='', prefix='1 2', tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co'"
);
CREATE VIRTUAL TABLE trigrams USING fts5(
    folded, content='joined', content_rowid='place', tokenize='trigram case_sensitive 1'
);
"""
_INDEXES = """
CREATE INDEX lines_segment ON lines (segment_id);
CREATE INDEX lines_speaker ON lines (speaker, place);
"""

Progress = Callable[[int, int], None]
"""Told how many segments of how many are done; may raise to stop."""


class GivenUp(Exception):
    """The index was not made: nobody waits for it any longer."""


class Counted(NamedTuple):
    """A name and how many segments it has."""

    name: str
    segments: int


class CorpusIndex:
    """An index that was made for what the study held then; see `corpus_index` and `fresh_index`.

    Places of segments count from 0 in document order. May be used from several threads.
    """

    def __init__(self, file: Path, made_for: str) -> None:
        self._file = file
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []
        self.made_for = made_for

    def close(self) -> None:
        """Let go of the file."""
        while self._open:
            self._open.pop().close()

    @cached_property
    def count(self) -> int:
        """Segments in the corpus."""
        return int(self._one("SELECT count(*) FROM lines"))

    @cached_property
    def document_count(self) -> int:
        """Documents in the corpus."""
        return int(self._one("SELECT count(*) FROM documents"))

    def documents(self, start: int, stop: int) -> list[CorpusDocument]:
        """Documents `start` to `stop` (exclusive), in order."""
        query = (
            "SELECT document_id, name, first, segments FROM documents WHERE number BETWEEN ? AND ? ORDER BY number"
        )
        return [CorpusDocument(*row) for row in self._all(query, (start, stop - 1))]

    def document_at(self, place: int) -> int:
        """Number of the document that a segment is of, from 0."""
        return int(self._one("SELECT document FROM lines WHERE place = ?", (place,)))

    def lines(self, places: Sequence[int]) -> list[CorpusLine]:
        """The segments at some places, in the order of the places."""
        marks = ",".join("?" * len(places))
        query = (
            "SELECT l.place, segment_id, d.name, unit, ordinal, speaker, text "  # noqa: S608
            f"FROM lines l JOIN documents d ON d.number = l.document WHERE l.place IN ({marks})"
        )
        found = {row[0]: CorpusLine(*row[1:]) for row in self._all(query, places)}
        return [found[place] for place in places]

    def place(self, segment_id: str) -> int | None:
        """Where a segment stands; None if it is of no source's latest version."""
        rows = self._all("SELECT place FROM lines WHERE segment_id = ? ORDER BY place LIMIT 1", (segment_id,))
        return int(rows[0][0]) if rows else None

    @cached_property
    def places(self) -> dict[str, int]:
        """Segment id -> place, of all."""
        with translated(str(self._file)):
            return dict(self._connection.execute("SELECT segment_id, place FROM lines"))

    def speakers(self) -> list[Counted]:
        """Who speaks, by name."""
        query = "SELECT speaker, count(*) FROM lines WHERE speaker != '' GROUP BY speaker ORDER BY speaker"
        return [Counted(*row) for row in self._all(query)]

    def units(self) -> list[Counted]:
        """How the corpus is cut, by name."""
        return [Counted(*row) for row in self._all("SELECT unit, count(*) FROM lines GROUP BY unit ORDER BY unit")]

    def of_document(self, number: int) -> range:
        """Places of a document's segments."""
        rows = self._all("SELECT first, segments FROM documents WHERE number = ?", (number,))
        return range(rows[0][0], rows[0][0] + rows[0][1]) if rows else range(0)

    def of_speaker(self, name: str) -> array[int]:
        """Places of what somebody says, in order."""
        return self._places("SELECT place FROM lines WHERE speaker = ? ORDER BY place", (name,))

    def of_unit(self, unit: str) -> array[int]:
        """Places of the segments of one way to cut, in order."""
        return self._places("SELECT place FROM lines WHERE unit = ? ORDER BY place", (unit,))

    def search(self, text: str) -> array[int]:
        """Places of the segments that hold all that is asked for, in order; nothing asked, nothing found.

        Args:
            text: Words, of which the beginning is enough. What FTS5 takes for operators is text here.
        """
        wanted = pieces(text)
        if not wanted:
            return array("I")
        lettered = [piece for piece in wanted if has_letters(piece)]
        signs = [piece for piece in wanted if not has_letters(piece)]
        found = self._lettered(lettered) if lettered else None
        return self._with_signs(signs, found) if signs else found or array("I")

    def _lettered(self, wanted: Sequence[str]) -> array[int]:
        words, joined = self._words(wanted), self._joined(wanted)
        return array("I", sorted(words + joined)) if joined else words

    def _words(self, wanted: Sequence[str]) -> array[int]:
        query = " ".join(f'"{spaced(_unquoted(piece))}" *' for piece in wanted)
        return self._places("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid", (query,))

    def _joined(self, wanted: Sequence[str]) -> array[int]:
        if not self._has_joined:
            return array("I")
        long = [f'"{_doubled(piece)}"' for piece in wanted if len(piece) >= TRIGRAM]
        short = [piece for piece in wanted if len(piece) < TRIGRAM]
        condition = " AND ".join(["instr(folded, ?)"] * len(short))
        if not long:
            return self._places(f"SELECT place FROM joined WHERE {condition} ORDER BY place", short)  # noqa: S608
        query = "SELECT rowid FROM trigrams WHERE trigrams MATCH ?"
        if not short:
            return self._places(f"{query} ORDER BY rowid", (" ".join(long),))
        query = f"SELECT place FROM joined WHERE place IN ({query}) AND {condition} ORDER BY place"  # noqa: S608
        return self._places(query, (" ".join(long), *short))

    def _with_signs(self, signs: Sequence[str], among: array[int] | None) -> array[int]:
        """Of the places (None for all) those whose text holds all of some signs, which no index knows."""
        condition = " AND ".join(["instr(text, ?)"] * len(signs))
        having = self._places(f"SELECT place FROM lines WHERE {condition} ORDER BY place", signs)  # noqa: S608
        return having if among is None else array("I", sorted(set(having).intersection(among)))

    @cached_property
    def _has_joined(self) -> bool:
        return bool(self._all("SELECT 1 FROM joined LIMIT 1"))

    def _places(self, query: str, values: Sequence[object]) -> array[int]:
        # A list of all rows at once would be 100,000 objects more for the garbage collector to look through.
        with translated(str(self._file)):
            return array("I", map(itemgetter(0), self._connection.execute(query, tuple(values))))

    def _one(self, query: str, values: Sequence[object] = ()) -> Any:
        return self._all(query, values)[0][0]

    def _all(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        with translated(str(self._file)):
            return self._connection.execute(query, tuple(values)).fetchall()

    @property
    def _connection(self) -> sqlite3.Connection:
        """This thread's connection: one that searches holds up no other."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _read_only(self._file)
            self._open.append(connection)
        return connection


def index_file(folder: StudyFolder) -> Path:
    """Where a study's index is kept."""
    return folder.path / "memory" / "corpus.db"


def fresh_index(folder: StudyFolder, known: CorpusIndex | None = None) -> CorpusIndex | None:
    """The study's index, if there is one for what the study holds now.

    Args:
        folder: The study.
        known: One that is open; given back if it is the one.

    Raises:
        StudyError: The study cannot be read.
    """
    with reading(folder.engine) as connection:
        wanted = _made_for(signature(connection, folder.study.id), folder)
    if known is not None and known.made_for == wanted:
        return known
    return _opened(index_file(folder), wanted)


def corpus_index(
    folder: StudyFolder,
    progress: Progress = lambda done, total: None,
    *,
    given_up: Callable[[], bool] = lambda: False,
) -> CorpusIndex:
    """The study's index, made now if there is none for what the study holds.

    It is written into another file, which takes the old one's place when it is whole. Of two that make it at once
    the second waits for the first.

    Args:
        folder: The study.
        progress: Told of each batch of segments.
        given_up: Whether nobody waits any longer, as when a program that is to show it is left; looked at between
            batches.

    Raises:
        GivenUp: Nobody waits any longer; what there was before is left, and nothing that is half.
        StudyError: It cannot be written, for instance because the disk is full or the folder is read-only.
    """
    ready = fresh_index(folder)
    if ready is not None:
        return ready
    file = index_file(folder)

    def tell(done: int, total: int) -> None:
        if given_up():
            raise GivenUp
        progress(done, total)

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with translated(str(file)), FileLock(file.with_suffix(".lock")):
            return fresh_index(folder) or CorpusIndex(file, _build(folder, tell))
    except OSError as error:
        raise StudyError(
            f"the index of the corpus cannot be written: {error.strerror}.",
            where=error.filename or str(file),
            remedy="Free some space, or see to the folder's permissions.",
        ) from error


def _opened(file: Path, wanted: str) -> CorpusIndex | None:
    if not file.is_file():
        return None
    try:
        with closing(_read_only(file)) as connection:
            found = connection.execute("SELECT signature FROM about").fetchone()
    except sqlite3.DatabaseError:
        return None
    return CorpusIndex(file, wanted) if found == (wanted,) else None


def _read_only(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False, timeout=30)


def _made_for(state: str, folder: StudyFolder) -> str:
    return f"{FORM} {folder.study.id} {state}"


def _build(folder: StudyFolder, progress: Progress) -> str:
    part = index_file(folder).with_suffix(".part")
    remove(part)
    try:
        with closing(sqlite3.connect(part)) as file, reading(folder.engine) as connection:
            # The file is whole or it is thrown away: it needs no journal.
            file.execute("PRAGMA journal_mode=OFF")
            file.execute("PRAGMA synchronous=OFF")
            file.executescript(_TABLES)
            # One view of the study, whatever is imported meanwhile.
            connection.exec_driver_sql("BEGIN")
            wanted = _made_for(signature(connection, folder.study.id), folder)
            total = corpus_size(connection, folder.study.id)
            _fill(file, read_corpus(connection, folder.study.id), total, progress)
            file.executescript(_INDEXES)
            file.execute("INSERT INTO about VALUES (?)", (wanted,))
            file.commit()
        part.replace(index_file(folder))
    except BaseException:
        remove(part)
        raise
    return wanted


def _fill(
    file: sqlite3.Connection,
    documents: Iterator[tuple[CorpusDocument, list[CorpusLine]]],
    total: int,
    progress: Progress,
) -> None:
    rows = _rows(file, documents)
    done = 0
    progress(0, total)
    while batch := list(islice(rows, BATCH)):
        file.executemany("INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?)", batch)
        words, joined = [], []
        for place, *_, text in batch:
            folded = fold(str(text))
            if is_joined(str(text)):
                joined.append((place, folded))
            else:
                words.append((place, spaced(folded)))
        file.executemany("INSERT INTO words (rowid, folded) VALUES (?, ?)", words)
        file.executemany("INSERT INTO joined VALUES (?, ?)", joined)
        file.executemany("INSERT INTO trigrams (rowid, folded) VALUES (?, ?)", joined)
        done += len(batch)
        progress(done, total)
    file.execute("INSERT INTO words (words) VALUES ('optimize')")
    file.execute("INSERT INTO trigrams (trigrams) VALUES ('optimize')")


def _rows(
    file: sqlite3.Connection, documents: Iterator[tuple[CorpusDocument, list[CorpusLine]]]
) -> Iterator[tuple[object, ...]]:
    """Rows of `lines`; documents are written on the way."""
    for number, (document, lines) in enumerate(documents):
        file.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?)", (number, *document))
        for place, one in enumerate(lines, document.first):
            yield place, one.segment_id, number, one.unit, one.ordinal, one.speaker, one.text


def _unquoted(piece: str) -> str:
    return piece.replace('"', " ").replace("\0", " ")


def _doubled(piece: str) -> str:
    return piece.replace('"', '""').replace("\0", " ")
