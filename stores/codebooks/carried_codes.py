"""How many segments carry each code of a codebook now, by whatever wording they were coded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.engine import Connection

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_diff import affected
from intercoder.core.record import Record
from intercoder.stores.codebooks.code_uses import code_uses
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.codebooks.revisions import newest
from intercoder.stores.corpus.pages import outside_corpus
from intercoder.stores.database import reading
from intercoder.stores.runs.coded_segments import CodedSegments, codes_meant, known_books
from intercoder.stores.study_folder import StudyFolder


class Carried(Record):
    """What carries a code; what carries a group are the segments of its codes."""

    segments: int
    """Segments of the corpus: as many as are found in it by the code."""
    earlier: int = 0
    """Of them those that have the code only from coders who saw another wording than the present one."""
    versions: tuple[int, ...] = ()
    """The codebook versions whose wording those coders saw."""


def carried_codes(folder: StudyFolder) -> dict[str, Carried]:
    """Code id -> what carries it, in the newest version; codes that nobody decided about are no keys.

    A code is carried as `CodedSegments` finds it: given by a person, or by what stands in the end of a run, to the
    code itself or to one that it was merged from. Codes that a run found by itself had no wording before.
    """
    study = folder.study.id
    with reading(folder.engine) as connection:
        coded = CodedSegments(connection, study)
        book = newest(connection, study)
        books = known_books(connection, study, coded, book)
        meant = {code.id: codes_meant(books, code.id) for code in book.codes}
        given = coded.given(connection, {one for ids in meant.values() for one in ids})
        outside = outside_corpus(connection, study)
        worded = _Wordings(connection, study, book)
        found = {code.id: _carried(code, meant[code.id], given, outside, worded) for code in book.codes}
    decided = set(code_uses(folder.engine, study, {one for ids in meant.values() for one in ids}))
    return {id_: one for id_, one in found.items() if one.segments or meant[id_] & decided}


class _Wordings:
    """Under which versions coders saw of a code what they would see now."""

    def __init__(self, connection: Connection, study_id: str, book: Codebook) -> None:
        self._connection, self._study_id, self._book = connection, study_id, book
        self._affected: dict[int, frozenset[str]] = {}
        self._ids = {code.id for code in book.codes}

    def same(self, code_id: str, version: int) -> bool:
        """Whether a code that was given under a version is worded so now."""
        if not version:
            return True
        if version not in self._affected:
            before = read_version(self._connection, self._study_id, version)
            self._affected[version] = frozenset(affected(before, self._book))
        return code_id in self._ids and code_id not in self._affected[version]


def _carried(
    code: Code,
    meant: Iterable[str],
    given: Mapping[tuple[str, int], frozenset[str]],
    outside: frozenset[str],
    worded: _Wordings,
) -> Carried:
    wanted = set(meant)
    here = {key: segments - outside for key, segments in given.items() if key[0] in wanted}
    total = frozenset[str]().union(*here.values())
    now = frozenset[str]().union(*(segments for key, segments in here.items() if worded.same(*key)))
    versions = {version for (id_, version), segments in here.items() if segments - now}
    return Carried(segments=len(total), earlier=len(total - now), versions=tuple(sorted(versions)))
