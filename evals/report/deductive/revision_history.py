"""How the codebook came to be: versions, the revisions that made them, and what recoding changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from intercoder.core.codebooks import codebook_words
from intercoder.core.codebooks.codebook_words import in_words
from intercoder.core.revising.recoding import Change, Recoding
from intercoder.core.revisions import RecordedRevision, Revision
from intercoder.core.shown import counted, listed
from intercoder.evals.report.deductive.deductive_contents import DeductiveContents, Numbers, Version, coder_name
from intercoder.evals.report.figures import Cell

CHANGES = 60
"""Changed decisions listed for a round at most."""
STATUSES = {"approved": "Approved", "edited": "Edited and approved", "rejected": "Rejected"}


class Proposal(NamedTuple):
    """One revision and what became of it."""

    number: int
    status: str
    changes: tuple[codebook_words.Change, ...]
    """What was proposed."""
    settled: tuple[codebook_words.Change, ...]
    """What it became where a person edited it."""
    author: str
    origin: str
    """Model, prompt and hash, of an agent's."""
    rationale: str
    evidence: tuple[Cell, ...]
    answered: str
    """Who answered what, and when."""
    note: str
    problem: str


class Recoded(NamedTuple):
    """What coding again changed."""

    told: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    changed: tuple[tuple[Cell, ...], ...]
    """Segment, code, coder, before, after."""
    left_out: int


class Stage(NamedTuple):
    """One codebook version."""

    version: int
    made: str
    """By whom, when and of which version."""
    applied: tuple[Proposal, ...]
    """What it was made of."""
    recoded: Recoded | None
    """What coding again under it changed."""
    others: tuple[Proposal, ...]
    """Proposals on it that wait, were rejected or could not be applied."""
    dropped: tuple[tuple[str, int], ...]
    """Reasons why people were not asked about proposals, with counts."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell but that it is there."""
        return not (self.applied or self.recoded or self.others or self.dropped)


def stages(contents: DeductiveContents, numbers: Numbers) -> tuple[Stage, ...]:
    """The versions, oldest first."""
    recodings = {one.version: one for one in contents.recodings}
    labels = {code.id: code.label for one in contents.versions for code in one.book.codes}
    found = []
    for before, version in zip((None, *contents.versions), contents.versions, strict=False):
        number = version.book.version
        of_version = [one for one in contents.revisions if one.version == number]
        on_it = [one for one in contents.revisions if not one.version and one.revision.base_version == number]
        dropped = Counter(one.dropped for one in on_it if one.dropped)
        recoding = recodings.get(number)
        found.append(
            Stage(
                version=number,
                made=_made(before, version, of_version),
                applied=tuple(_proposal(one, labels, numbers) for one in of_version),
                recoded=_recoded(recoding, contents, numbers) if recoding else None,
                others=tuple(_proposal(one, labels, numbers) for one in on_it if not one.dropped),
                dropped=tuple(sorted(dropped.items(), key=lambda item: (-item[1], item[0]))),
            )
        )
    return tuple(found)


def _made(before: Version | None, version: Version, revisions: Sequence[RecordedRevision]) -> str:
    book = version.book
    text = f"{counted(len(book.leaves), 'code')} to code with"
    if book.exclusive:
        text += ", of which a segment gets exactly one"
    if book.allow_unsure:
        text += "; unsure is allowed"
    made = f"Made by {version.author}" if version.author else "Made"
    source = f" from version {before.book.version}" if before and revisions else ""
    return f"{made} on {_minute(version.made)}{source}: {text}."


def _minute(iso: str) -> str:
    return iso[:16].replace("T", " ")


def _proposal(one: RecordedRevision, labels: dict[str, str], numbers: Numbers) -> Proposal:
    revision, answer = one.revision, one.answer
    origin = revision.provenance
    edited = one.status == "edited"
    answered = f"{STATUSES[one.status]} by {answer.by} on {_minute(one.answered_at)}" if answer else ""
    by_hand = answer is not None and answer.by == revision.author and not revision.run
    return Proposal(
        number=one.number,
        status="made by hand" if by_hand else one.status,
        changes=_words(revision, labels),
        settled=_words(one.settled, labels) if edited else (),
        author=revision.author,
        origin=" ".join(part for part in (origin.model, origin.prompt, origin.prompt_hash) if part),
        rationale=revision.rationale,
        evidence=tuple(
            numbers.decision(decision, f"decision {place}") for place, decision in enumerate(revision.evidence, 1)
        ),
        answered="" if by_hand else answered,
        note=answer.note if answer and answer.note != revision.rationale else "",
        problem=one.problem,
    )


def _words(revision: Revision, labels: dict[str, str]) -> tuple[codebook_words.Change, ...]:
    return tuple(in_words([revision], labels))


def _recoded(recoding: Recoding, contents: DeductiveContents, numbers: Numbers) -> Recoded:
    names = [numbers.name(code) for code in recoding.codes]
    what = (
        f"all {counted(len(names), 'code')}" if len(names) > 6 or contents.book.exclusive else listed(names)
    ) or "no code"
    share = f" ({len(recoding.changed) / recoding.again:.0%})" if recoding.again else ""
    told = (
        f"Round {recoding.number} coded {what} again: {counted(len(recoding.changed), 'decision')} of "
        f"{recoding.again:,} changed{share}"
    )
    told += f", {counted(recoding.first, 'question')} answered for the first time" if recoding.first else ""
    told += f", {counted(recoding.lost, 'question')} without an answer now" if recoding.lost else ""
    listed_changes = tuple(_changes(recoding.changed[:CHANGES], contents, numbers))
    return Recoded(
        told=f"{told}.",
        columns=("code", "changed", "No to Yes", "Yes to No", "to or from unsure"),
        rows=tuple(_row(code, recoding, numbers) for code in recoding.codes),
        changed=listed_changes,
        left_out=len(recoding.changed) - len(listed_changes),
    )


def _row(code_id: str, recoding: Recoding, numbers: Numbers) -> tuple[Cell, ...]:
    kinds = recoding.changed_of(code_id)
    unsure = sum(count for kind, count in kinds.items() if "unsure" in kind)
    return (numbers.about(code_id), kinds.total(), kinds["no", "yes"], kinds["yes", "no"], unsure)


def _changes(
    changes: Sequence[Change], contents: DeductiveContents, numbers: Numbers
) -> Iterator[tuple[Cell, ...]]:
    for before, after in changes:
        segment = contents.segments.get(after.segment_id)
        text = " ".join(segment.text.split()) if segment else after.segment_id
        exclusive = before.code_id != after.code_id
        code = after.code_id or before.code_id or ""
        yield (
            text if len(text) <= 160 else f"{text[:159]}…",
            "choice" if exclusive else numbers.about(code),
            coder_name(after.role, after.coder),
            numbers.decision(before.id, _said(before.value, before.code_id, numbers, choice=exclusive)),
            numbers.decision(after.id, _said(after.value, after.code_id, numbers, choice=exclusive)),
        )


def _said(value: str, code_id: str | None, numbers: Numbers, *, choice: bool) -> str:
    return numbers.name(code_id) if choice and code_id else value
