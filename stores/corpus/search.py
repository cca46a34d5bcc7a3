"""Finding segments by text, code, coder, speaker, document and kind, all at once."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence

from intercoder.core.codebook import Code, Codebook
from intercoder.core.record import Record
from intercoder.stores.codebooks.revisions import newest
from intercoder.stores.corpus.text_index import CorpusIndex
from intercoder.stores.database import reading
from intercoder.stores.runs.coded_segments import CodedSegments, Reader, codes_meant, known_books
from intercoder.stores.study_folder import StudyFolder

KEPT = 32
"""Answers to single questions that are kept."""


class Filters(Record):
    """What is asked for; what is empty does not count."""

    text: str = ""
    code: str = ""
    """Id of a code: it, what it was merged from, and the codes under it."""
    coder: str = ""
    """A person or a model: who gave the code, or said anything where no code is asked for."""
    speaker: str = ""
    document: int | None = None
    """Number of the document in the corpus, from 0."""
    unit: str = ""

    @property
    def any(self) -> bool:
        """Whether anything is asked for."""
        return self != Filters()


class CorpusSearch:
    """Answers questions over an index and a study's decisions; remembers what it was asked lately.

    What it knows of decisions is as of the time it was made, or of `renew`.
    """

    def __init__(self, folder: StudyFolder, index: CorpusIndex) -> None:
        self.index = index
        self._folder = folder
        self._answers: OrderedDict[tuple[str, ...], array[int]] = OrderedDict()
        self.renew()

    def renew(self) -> None:
        """Take note of what was coded since."""
        with reading(self._folder.engine) as connection:
            self.coded = CodedSegments(connection, self._folder.study.id)
        self._books: list[Codebook] = []
        self._answers = OrderedDict(one for one in list(self._answers.items()) if one[0][0] != "coded")

    def readers(self) -> list[Reader]:
        """Who may have coded something."""
        with reading(self._folder.engine) as connection:
            return self.coded.readers(connection)

    def codes_of(self, segment_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Segment -> codes that it was given in the end; those without any are left out."""
        with reading(self._folder.engine) as connection:
            return self.coded.codes_of(connection, segment_ids)

    def books(self) -> list[Codebook]:
        """The newest codebook, then those of the runs, the latest first."""
        if not self._books:
            self._books = self._read_books()
        return self._books

    def _read_books(self) -> list[Codebook]:
        with reading(self._folder.engine) as connection:
            study = self._folder.study.id
            return known_books(connection, study, self.coded, newest(connection, study))

    def codes(self) -> list[Code]:
        """All codes that may have been given, in the order of `books`, each once."""
        return list({code.id: code for book in reversed(self.books()) for code in reversed(book.codes)}.values())[
            ::-1
        ]

    def find(self, filters: Filters) -> Sequence[int]:
        """Places of the segments that all of it is true of, in order; all places where nothing is asked for."""
        found = self._each(filters)
        if not found:
            return range(self.index.count)
        found.sort(key=len)
        return _in_all(found)

    def _each(self, filters: Filters) -> list[Sequence[int]]:
        index = self.index
        asked: list[tuple[tuple[str, ...], Callable[[], Sequence[int]]]] = []
        if filters.text.strip():
            asked.append((("text", filters.text), lambda: index.search(filters.text)))
        if filters.code or filters.coder:
            asked.append((("coded", filters.code, filters.coder), lambda: self._places(filters)))
        if filters.speaker:
            asked.append((("speaker", filters.speaker), lambda: index.of_speaker(filters.speaker)))
        if filters.unit:
            asked.append((("unit", filters.unit), lambda: index.of_unit(filters.unit)))
        found: list[Sequence[int]] = [self._remembered(key, answer) for key, answer in asked]
        return found if filters.document is None else [index.of_document(filters.document), *found]

    def _places(self, filters: Filters) -> Sequence[int]:
        with reading(self._folder.engine) as connection:
            if filters.code:
                meant = codes_meant(self.books(), filters.code)
                found = self.coded.with_code(connection, meant, filters.coder)
            else:
                found = self.coded.by_coder(connection, filters.coder)
        places = self.index.places
        return sorted(places[one] for one in found if one in places)

    def _remembered(self, key: tuple[str, ...], answer: Callable[[], Sequence[int]]) -> array[int]:
        kept = self._answers.get(key)
        if kept is None:
            found = answer()
            kept = self._answers[key] = found if isinstance(found, array) else array("I", found)
            while len(self._answers) > KEPT:
                self._answers.popitem(last=False)
        return kept


def _in_all(found: Sequence[Sequence[int]]) -> Sequence[int]:
    """Places that are in all of some ordered answers, the shortest first."""
    fewest, *others = found
    sets: list[Collection[int]] = [other if isinstance(other, range) else set(other) for other in others]
    return fewest if not sets else [place for place in fewest if all(place in other for other in sets)]
