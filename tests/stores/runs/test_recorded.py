"""Recorded answers after the codebook changed: codes are found as they were called before."""

import pytest

from intercoder.core.codebook import Code, Codebook, Lineage
from intercoder.core.coding.given_answers import AnswerRow, Place
from intercoder.core.documents import Document, Span
from intercoder.core.errors import InputError
from intercoder.core.revisions import Revision, revised
from intercoder.stores.codebooks.revisions import revise_by_hand
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.runs.recorded import match
from intercoder.stores.study_folder import StudyFolder

PRIDE = Code(id="c_1", label="Pride", lineage=Lineage(renamed_from="Hubris"))
THRIFT = Code(id="c_2", label="Thrift")


@pytest.fixture
def book(folder: StudyFolder) -> Codebook:
    """A study of one segment and two codes."""
    document = Document(name="t.csv#1", source="t.csv", key="1", text="text")
    source = Source(name="t.csv", sha256="t", options={}, unit="row")
    import_source(
        folder.engine, folder.study.id, source, [document], lambda one: [Span(start=0, end=len(one.text))], []
    )
    return changed(folder, *(Revision(kind="add", after=(code,)) for code in (PRIDE, THRIFT)))


def changed(folder: StudyFolder, *revisions: Revision) -> Codebook:
    return revise_by_hand(folder.engine, folder.study.id, revisions, "ana")


def renamed(book: Codebook, code_id: str, label: str) -> Revision:
    code = book.code(code_id)
    assert code is not None
    return revised("rename", code, label=label)


def found(folder: StudyFolder, book: Codebook, name: str) -> list[str]:
    """Ids of the codes that the table's answer is given to."""
    row = AnswerRow(where="t.csv:row 1", place=Place("", "", "1"), code=name, value="yes")
    return [code_id for _, code_id in match(folder, book, [row])[1]]


@pytest.mark.parametrize("name", ["thrift", "saving ", "c_2", "Frugality"])
def test_a_renamed_code_is_found_as_it_was_ever_called(folder: StudyFolder, book: Codebook, name: str) -> None:
    book = changed(folder, renamed(book, "c_2", "Saving"))
    book = changed(folder, renamed(book, "c_2", "Frugality"))
    assert found(folder, book, name) == ["c_2"]
    assert found(folder, book, "hubris") == ["c_1"]


def test_a_label_that_another_code_has_by_now_is_that_codes(folder: StudyFolder, book: Codebook) -> None:
    book = changed(folder, renamed(book, "c_2", "Saving"))
    book = changed(folder, renamed(book, "c_1", "Thrift"))
    assert found(folder, book, "Thrift") == ["c_1"]


def test_a_label_that_several_had_or_a_group_has_is_no_codes(folder: StudyFolder, book: Codebook) -> None:
    book = changed(folder, renamed(book, "c_2", "Saving"))
    book = changed(folder, renamed(book, "c_1", "Thrift"))
    book = changed(folder, renamed(book, "c_1", "Pride"))
    with pytest.raises(InputError, match="'Thrift' is no code"):
        found(folder, book, "Thrift")
    group, child = Code(id="c_3", label="Hubris"), Code(id="c_4", label="Scorn", parent="c_3")
    book = changed(folder, *(Revision(kind="add", after=(code,)) for code in (group, child)))
    with pytest.raises(InputError, match=r"'Hubris' is no code\. It is a group"):
        found(folder, book, "Hubris")
