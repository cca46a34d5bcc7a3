"""What people decided on texts that no classifier learnt from: on others it would be held against itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from intercoder.core.classifiers import read_card, text_key
from intercoder.core.deduction import CoderValues
from intercoder.core.errors import ModelError
from intercoder.core.study import Study
from intercoder.stores.database import reading
from intercoder.stores.segments import segments_of_ids
from intercoder.stores.study_folder import StudyFolder


class Unlearnt(NamedTuple):
    """People's values that classifiers may be held against."""

    people: list[CoderValues]
    left_out: int
    """Segments that people coded and a classifier learnt from or was chosen with."""


def unlearnt(folder: StudyFolder, study: Study, people: Sequence[CoderValues]) -> Unlearnt:
    """Leave out segments of documents, and texts, that the study's classifiers learnt from or were chosen with.

    Where a classifier is gone, nobody can tell what it learnt from, and everything is left out.

    Args:
        folder: The study.
        study: The settings that were coded with.
        people: What people decided.
    """
    coded = {segment for person in people for values in person.values.values() for segment in values}
    names = {coder.classifies for coder in study.deductive.coders if coder.classifies}
    if not names or not coded:
        return Unlearnt(list(people), 0)
    learnt = _learnt(folder, names, coded)
    return Unlearnt([_without(person, learnt) for person in people], len(learnt))


def _learnt(folder: StudyFolder, names: Collection[str], coded: Collection[str]) -> set[str]:
    """Of these segments those that a classifier knows."""
    documents: set[str] = set()
    texts: set[str] = set()
    for name in names:
        try:
            data = read_card(folder.classifiers / name).data
        except ModelError:
            return set(coded)
        documents.update(data.learnt_documents)
        texts.update(data.learnt_texts)
    with reading(folder.engine) as connection:
        segments = segments_of_ids(connection, folder.study.id, sorted(coded))
    return {one.id for one in segments.values() if one.document_id in documents or text_key(one.text) in texts}


def _without(person: CoderValues, learnt: Collection[str]) -> CoderValues:
    kept = {
        code: {segment: value for segment, value in values.items() if segment not in learnt}
        for code, values in person.values.items()
    }
    return person.model_copy(update={"values": {code: values for code, values in kept.items() if values}})
