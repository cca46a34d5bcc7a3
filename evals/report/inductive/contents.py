"""What a report is about: a run's coders, segments, codes and decisions, with people's codings where given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from intercoder.core.coding.coded_lines import Line
from intercoder.core.coding.codings import ENSEMBLE, CodedPassage, Coder, place_passages
from intercoder.core.coding.concepts import Concept
from intercoder.core.documents import Segment
from intercoder.core.errors import InputError, StudyError
from intercoder.core.protocols import Run
from intercoder.core.study import Study
from intercoder.evals.report.inductive.comparison import Comparison, Embed, compare
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.codebooks.concepts import final_concepts
from intercoder.stores.codebooks.themes import plain_codes
from intercoder.stores.database import reading
from intercoder.stores.runs.codings import run_coders, run_segments
from intercoder.stores.runs.ensemble_counts import EnsembleCounts, ensemble_counts
from intercoder.stores.runs.export import coded_lines
from intercoder.stores.runs.runs import SqlStudyStore
from intercoder.stores.study_folder import StudyFolder


class Contents(NamedTuple):
    """All that figures, tables and words are made of."""

    study: Study
    """The settings the run began with."""
    run: Run
    """The run that was asked for, perhaps a merge."""
    coded: Run
    """The run whose decisions are looked at; `run` itself unless that is a merge."""
    date: str
    """Day on which the run last changed, `2026-05-31`."""
    segments: tuple[Segment, ...]
    """In the order in which they were read."""
    comparison: Comparison
    definitions: Mapping[str, str]
    """Code -> definition, where it has one."""
    lines: tuple[Line, ...]
    """Decisions of models and people: one a line, as `intercoder export` has them."""
    asked: EnsembleCounts | None
    """Whom a dynamic ensemble asked; None for one that asks everybody."""

    @property
    def people(self) -> tuple[str, ...]:
        """Names of the people, in order."""
        return tuple(coder.name for coder in self.comparison.meant if coder.role == "human")

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the model coders, in order."""
        return tuple(coder.name for coder in self.comparison.meant if coder.role == "coder")

    @property
    def team(self) -> tuple[Coder, ...]:
        """Model coders and people, their labels brought to codes. Moderators only choose among those."""
        return tuple(coder for coder in self.comparison.meant if coder.role != "moderator")

    @property
    def ensemble(self) -> Coder:
        """The codes that stand in the end."""
        return next(coder for coder in self.comparison.meant if coder.name == ENSEMBLE)

    def code_of(self, label: str) -> str:
        """The code that a label counts as; the label itself where it is like none."""
        return self.comparison.counts_as.get(label, label)


def gather(folder: StudyFolder, run: Run, embed: Embed, passages: Sequence[CodedPassage] = ()) -> Contents:
    """Read a run for a report.

    Args:
        folder: The study.
        run: An inductive run, or a merge: then labels count as the concepts it left.
        embed: Embeds labels.
        passages: People's codings, if there are any.

    Raises:
        StudyError: The run has decided nothing yet.
        InputError: None of the passages is about a text of the run.
    """
    coded = _coded(folder, run)
    study = Study.model_validate_json(coded.settings)
    # A merge has thresholds of its own, which its options may have set.
    study = study.model_copy(update={"merging": Study.model_validate_json(run.settings).merging})
    segments = run_segments(folder, coded)
    coders = run_coders(folder, coded)
    if not any(coder.labels for coder in coders):
        raise StudyError(
            f"`{coded.id}` has no decision yet.", remedy=f"Go on with it: `intercoder resume {folder.argument}`."
        )
    people = _people(passages, segments, {coder.name for coder in coders})
    concepts = final_concepts(folder.engine, folder.study.id, run.id) if run.graph == "merge" else ()
    with reading(folder.engine) as connection:
        codes = plain_codes(read_version(connection, folder.study.id, run.codebook_version).codes)
    labels = list(dict.fromkeys(code.label for code in codes))
    return Contents(
        study=study,
        run=run,
        coded=coded,
        date=_date(folder, run),
        segments=tuple(segments),
        comparison=_compared([*coders, *people], labels, concepts, embed, study.refinement.tau),
        definitions={code.label: code.definition for code in codes if code.definition},
        lines=(*coded_lines(folder, run), *_people_lines(people, passages, segments)),
        asked=ensemble_counts(folder.engine, folder.study.id, coded),
    )


def _coded(folder: StudyFolder, run: Run) -> Run:
    """The run that coded, at the beginning of the chain."""
    while run.source:
        run = SqlStudyStore(folder.engine, folder.study.id).run(run.source)
    return run


def _date(folder: StudyFolder, run: Run) -> str:
    runs = schema.runs
    query = sa.select(runs.c.changed_at).where(runs.c.study_id == folder.study.id, runs.c.run == run.id)
    with reading(folder.engine) as connection:
        return str(connection.execute(query).scalar_one())[:10]


def _compared(
    coders: Sequence[Coder], codes: Sequence[str], concepts: Sequence[Concept], embed: Embed, tau: float
) -> Comparison:
    """Labels brought to codes: through the concepts of a merge where they are in one, else by likeness."""
    merged = {label: one.label for one in concepts for label in one.alternatives if label != one.label}
    known = list(dict.fromkeys([*codes, *(one.label for one in concepts)]))
    found = compare([coder.renamed(merged) for coder in coders], known, embed, tau)
    # What an agent wrote for a concept may be, by chance, what a coder said of another; the merge decides then.
    counts_as = {**found.counts_as, **merged}
    return found._replace(said=tuple(coders), counts_as=counts_as)


def _people(passages: Sequence[CodedPassage], segments: Sequence[Segment], taken: set[str]) -> list[Coder]:
    """People as coders, under names of their own; those who coded none of the segments are left out."""
    if not passages:
        return []
    found = [coder for coder in place_passages(passages, segments) if any(coder.labels.values())]
    if not found:
        theirs = sorted({passage.document or passage.segment_id for passage in passages})
        ours = sorted({segment.document for segment in segments})
        raise InputError(
            f"none of the codings is of a text of this run. They are of {_few(theirs)}; the run read {_few(ours)}.",
            remedy="Name documents as the study does, with offsets into the same texts.",
        )
    return [
        coder.model_copy(update={"name": f"{coder.name} (person)"}) if coder.name in taken else coder
        for coder in found
    ]


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _people_lines(
    people: Sequence[Coder], passages: Sequence[CodedPassage], segments: Sequence[Segment]
) -> Iterator[Line]:
    """People's codes of segments as decisions, with the words that they marked."""
    marked: dict[tuple[str, str, str], list[CodedPassage]] = {}
    for passage in passages:
        if passage.label:
            marked.setdefault((passage.coder, passage.label, passage.document), []).append(passage)
    for segment in segments:
        for person in people:
            name = person.name.removesuffix(" (person)")
            for label in person.labels.get(segment.id, ()):
                yield {
                    "segment_id": segment.id,
                    "role": "human",
                    "coder": person.name,
                    "label": label,
                    "quote": _words(marked.get((name, label, segment.document), ()), segment),
                    "verified": True,
                }


def _words(passages: Sequence[CodedPassage], segment: Segment) -> str:
    """What of the segment the first passage that overlaps it holds; nothing where it marks no words."""
    for passage in passages:
        if passage.start is not None and passage.end is not None:
            start, end = max(passage.start, segment.start), min(passage.end, segment.end)
            if start < end:
                return segment.text[start - segment.start : end - segment.start]
    return ""
