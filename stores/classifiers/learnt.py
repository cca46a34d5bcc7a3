"""What people decided on texts that no classifier or adapter learnt from: on others it is held against itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from intercoder.core.adapters import read_data
from intercoder.core.classifiers import classifier_folder, group_keys, read_card, text_key
from intercoder.core.coding.deduction import CoderValues
from intercoder.core.errors import ModelError
from intercoder.core.protocols import Run
from intercoder.core.study import Study
from intercoder.stores.corpus.segments import segments_of_ids
from intercoder.stores.database import reading
from intercoder.stores.runs.run_adapters import present_adapters, run_adapters
from intercoder.stores.runs.run_classifiers import read_classifiers
from intercoder.stores.study_folder import StudyFolder


class Told(Protocol):
    """What a classifier (`core.classifiers.TrainedOn`) or an adapter (`core.adapters.DataCard`) was made of."""

    @property
    def learnt_documents(self) -> Collection[str]:
        """Ids of documents."""

    @property
    def learnt_texts(self) -> Collection[str]:
        """`text_key` of texts."""

    @property
    def learnt_groups(self) -> Collection[str]:
        """`group_keys` of segments."""


class Unlearnt(NamedTuple):
    """People's values that coders may be held against."""

    people: list[CoderValues]
    left_out: int
    """Segments that people coded and a classifier or an adapter learnt from or was chosen with."""


def unlearnt(folder: StudyFolder, people: Sequence[CoderValues], runs: Sequence[Run] = ()) -> Unlearnt:
    """Leave out documents, groups of documents and texts that coders learnt from or were chosen with.

    Those are classifiers, and LoRA adapters of models that code or settle. Where nobody can tell what one learnt
    from, everything is left out.

    Args:
        folder: The study.
        people: What people decided.
        runs: The runs that are held against people, with the classifiers and adapters that they began with; none
            for those of the study's coders as they are now.
    """
    coded = {segment for person in people for values in person.values.values() for segment in values}
    learnt = _learnt_by_runs(folder, runs) if runs else _learnt_by_present(folder)
    if learnt is None:
        return Unlearnt([_without(person, coded) for person in people], len(coded))
    documents = {name for one in learnt for name in one.learnt_documents}
    texts = {name for one in learnt for name in one.learnt_texts}
    groups = {name for one in learnt for name in one.learnt_groups}
    if not coded or not (documents or texts or groups):
        return Unlearnt(list(people), 0)
    with reading(folder.engine) as connection:
        segments = segments_of_ids(connection, folder.study.id, sorted(coded)).values()
    left_out = {
        one.id
        for one in segments
        if one.document_id in documents
        or text_key(one.text) in texts
        or not groups.isdisjoint(group_keys(one.attributes, one.attributes))
    }
    return Unlearnt([_without(person, left_out) for person in people], len(left_out))


def _learnt_by_present(folder: StudyFolder) -> list[Told] | None:
    """Of the classifiers and adapters that lie there now; None where of one nobody can tell."""
    names = {coder.classifies for coder in folder.study.deductive.coders if coder.classifies}
    try:
        found: list[Told] = [read_card(classifier_folder(folder.classifiers, name)).data for name in names]
    except ModelError:
        return None
    return _with_adapters(found, present_adapters(folder))


def _learnt_by_runs(folder: StudyFolder, runs: Sequence[Run]) -> list[Told] | None:
    """Of the classifiers and adapters that runs began with; None where of one nobody can tell."""
    found: list[Told] = []
    for run in runs:
        with reading(folder.engine) as connection:
            kept = {one.coder: one for one in read_classifiers(connection, folder.study.id, run.id)}
        coders = Study.model_validate_json(run.settings).deductive.coders
        if any(coder.classifies and coder.name not in kept for coder in coders):
            return None
        with_adapters = _with_adapters(kept.values(), run_adapters(folder, run))
        if with_adapters is None:
            return None
        found += with_adapters
    return found


def _with_adapters(classifiers: Iterable[Told], adapters: Sequence[Path] | None) -> list[Told] | None:
    told = [None] if adapters is None else [read_data(one) for one in adapters]
    known = [one for one in told if one is not None]
    return [*classifiers, *known] if len(known) == len(told) else None


def _without(person: CoderValues, learnt: Collection[str]) -> CoderValues:
    kept = {
        code: {segment: value for segment, value in values.items() if segment not in learnt}
        for code, values in person.values.items()
    }
    return person.model_copy(update={"values": {code: values for code, values in kept.items() if values}})
