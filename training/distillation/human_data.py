"""What people decided, as targets to learn from and to be measured on: who agreed, and what nobody settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pydantic import Field

from intercoder.core.classifier_results import Head
from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.deduction import CoderValues
from intercoder.core.decisions import Value
from intercoder.core.documents import Segment
from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.core.shown import listed
from intercoder.stores.corpus.named_samples import read_sample, weighted_samples
from intercoder.stores.corpus.segments import segments_of_ids
from intercoder.stores.database import reading
from intercoder.stores.people.human_codings import human_values
from intercoder.stores.study_folder import StudyFolder


class HumanItem(Record):
    """A segment and what people decided about it."""

    segment: Segment
    targets: dict[str, bool]
    """Code id -> whether it applies. A code that nobody decided about, or people differed on evenly, is no key."""
    said: dict[str, dict[str, bool]] = Field(default_factory=dict)
    """Person -> code id -> whether they gave it. What is measured is held against these, ties included."""
    weight: float = 1.0
    """One over the chance that it was drawn with, up to a factor: what it counts where one measures or chooses."""

    @property
    def asked(self) -> frozenset[str]:
        """Ids of the codes that anybody decided about."""
        return frozenset(self.targets).union(*self.said.values())


class HumanData(Record):
    """People's decisions on the codes that are to be learnt."""

    codes: tuple[Code, ...]
    """In the order of the codebook."""
    head: Head
    items: tuple[HumanItem, ...]
    """In document order; of each somebody decided something. Where people differed evenly there is no target."""
    people: tuple[CoderValues, ...]
    """What each person said, for their agreement with each other."""
    undecided: int
    """Decisions of which nothing came, though people said something: ties, and `unsure`. Where codes exclude one
    another a segment is one decision, else each of its codes."""
    book_version: int
    book_hash: str
    uneven: dict[str, frozenset[str]] = Field(default_factory=dict)
    """Sample -> ids of its segments, of samples that were drawn unevenly and whose segments count alike here."""

    def count(self, code_id: str, value: bool) -> int:
        """Segments on which a code was decided so."""
        return sum(item.targets.get(code_id) is value for item in self.items)


def wanted_codes(book: Codebook, named: Sequence[str]) -> tuple[Code, ...]:
    """The codes that a classifier is to learn: those named by label or id, or all that a reader codes.

    Args:
        book: The codebook.
        named: Labels or ids; none for all.

    Raises:
        InputError: There is no such code, or a classifier of it makes no sense.
    """
    readable = [code for code in book.leaves if code.kind == "model"]
    if not named:
        if not readable:
            raise InputError("the codebook has no code that a model reads for.", where="--all", remedy="Add codes.")
        return tuple(readable)
    if book.exclusive:
        raise InputError(
            "the codes of this book exclude one another, so they are learnt together.",
            where="--code",
            remedy="Use `--all` in its place.",
        )
    chosen = {_named(book, name).id for name in named}
    return tuple(code for code in readable if code.id in chosen)


def head_of(book: Codebook, codes: Sequence[Code]) -> Head:
    """The kind of decision that a classifier of these codes makes."""
    if book.exclusive:
        return "one_of_k"
    return "yes_no" if len(codes) == 1 else "multi_label"


def read_human(folder: StudyFolder, book: Codebook, codes: Sequence[Code], sample: str = "") -> HumanData:
    """What people decided about codes and what stands of it under a book.

    Args:
        folder: The study.
        book: The codebook that is coded with now.
        codes: The codes that are to be learnt.
        sample: Only segments of this sample, with its weights; empty for all that people coded, which count alike.

    Raises:
        InputError: Nobody coded anything of it, or there is no such sample.
    """
    weights = (read_sample(folder.engine, folder.study.id, sample).weights if sample else None) or {}
    uneven = {} if sample else weighted_samples(folder.engine, folder.study.id)
    people = human_values(folder.engine, folder.study.id, sample, book)
    targets, undecided = settled(people, [code.id for code in codes], exclusive=book.exclusive)
    if not targets:
        raise InputError(
            f"people decided nothing about {listed([f'`{code.label}`' for code in codes[:3]])} that stands.",
            where=f"sample {sample}" if sample else str(folder.path),
            remedy="Code segments with `intercoder review`, or on a sheet that `intercoder sample` writes.",
        )
    said = said_by_each(people, [code.id for code in codes])
    with reading(folder.engine) as connection:
        found = segments_of_ids(connection, folder.study.id, list(said), folder.study.coding.context_before)
    return HumanData(
        codes=tuple(codes),
        head=head_of(book, codes),
        items=tuple(
            HumanItem(
                segment=found[one], targets=targets.get(one, {}), said=said[one], weight=weights.get(one, 1.0)
            )
            for one in said
            if one in found
        ),
        people=tuple(people),
        undecided=undecided,
        book_version=book.version,
        book_hash=book.hash,
        uneven={name: frozenset(drawn.segment_ids) for name, drawn in uneven.items()},
    )


def settled(
    people: Iterable[CoderValues], code_ids: Sequence[str], *, exclusive: bool
) -> tuple[dict[str, dict[str, bool]], int]:
    """What several people's values come to: the majority of yes and no.

    Args:
        people: What each said.
        code_ids: The codes of interest.
        exclusive: Whether a segment has exactly one of them; where no code has a majority, nothing is decided.

    Returns:
        Segment id -> code id -> whether it applies; and the number of decisions of which nothing came.
    """
    votes: dict[str, dict[str, Counter[Value]]] = {}
    for person in people:
        for code_id in code_ids:
            for segment_id, value in person.of(code_id).items():
                votes.setdefault(segment_id, {}).setdefault(code_id, Counter())[value] += 1
    targets: dict[str, dict[str, bool]] = {}
    undecided = 0
    for segment_id, of_segment in votes.items():
        decided = {code_id: majority(of_segment[code_id]) for code_id in code_ids if code_id in of_segment}
        if exclusive and True not in decided.values():
            decided = dict.fromkeys(decided)
        nothing = sum(value is None for value in decided.values())
        undecided += min(nothing, 1) if exclusive else nothing
        if kept := {code_id: value for code_id, value in decided.items() if value is not None}:
            targets[segment_id] = kept
    return targets, undecided


def said_by_each(people: Iterable[CoderValues], code_ids: Sequence[str]) -> dict[str, dict[str, dict[str, bool]]]:
    """Segment id -> person -> code id -> whether they gave it; segments that nobody decided about are no keys."""
    found: dict[str, dict[str, dict[str, bool]]] = {}
    for person in people:
        for code_id in code_ids:
            for segment_id, value in person.of(code_id).items():
                of_segment = found.setdefault(segment_id, {})
                if value in ("yes", "no"):
                    of_segment.setdefault(person.name, {})[code_id] = value == "yes"
    return {segment_id: said for segment_id, said in found.items() if said}


def majority(votes: Mapping[Value, int]) -> bool | None:
    """Whether more people said yes than no; None where as many did, or nobody said either."""
    yes, no = votes.get("yes", 0), votes.get("no", 0)
    return None if yes == no else yes > no


def _named(book: Codebook, name: str) -> Code:
    for code in book.leaves:
        if name in (code.id, code.label) or code.label.casefold() == name.casefold():
            if code.kind == "pattern":
                raise InputError(
                    f"`{code.label}` is found by a regular expression, exactly.",
                    where="--code",
                    remedy="There is nothing to learn; name another code.",
                )
            return code
    known = ", ".join(code.label for code in book.leaves)
    raise InputError(f"there is no code {name!r} to be coded.", where="--code", remedy=f"There are: {known}.")
