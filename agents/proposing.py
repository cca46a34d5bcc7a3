"""From a reviser's answer to revisions: what it cites, quotes and names is looked up, and what is wrong is said."""

from __future__ import annotations

from collections.abc import Sequence, Set

from intercoder.agents.answers import one_line, tidy_label
from intercoder.agents.revision_answers import (
    CUT,
    DropGiven,
    MergeGiven,
    RevisionGiven,
    SplitGiven,
    TextGiven,
    TextKind,
)
from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.core.coding.findings import Excerpt
from intercoder.core.decisions import Provenance
from intercoder.core.record import Record
from intercoder.core.revisions import Revision, merge, revised, split
from intercoder.core.texts.quotes import locate

REVISER = "reviser"
"""Author of what the agent proposes."""
ONCE = frozenset({"definition", "rename", "split", "merge"})
"""Kinds of which only the first of an answer can be meant."""


class Proposal(Record):
    """A revision that a reviser proposes."""

    revision: Revision
    problem: str = ""
    """Why nobody should be asked about it; empty where nothing speaks against asking."""


class _Unusable(Exception):
    """What is wrong with a proposal, in our words."""


def proposed(
    given: Sequence[RevisionGiven],
    book: Codebook,
    code: Code,
    excerpts: Sequence[Excerpt],
    provenance: Provenance,
    worked: Set[str] = frozenset(),
) -> tuple[Proposal, ...]:
    """The revisions of an answer, in order.

    Args:
        given: What the model said.
        book: The codebook.
        code: The code it was asked about.
        excerpts: The excerpts it was shown; their numbers are their places from 1.
        provenance: Of the answer.
        worked: Texts of the prompt's worked examples, which a small model may give again, case-folded.
    """
    proposals: list[Proposal] = []
    for one in given:
        cited = [excerpts[number - 1] for number in one.evidence if 0 < number <= len(excerpts)]
        revision, problem = _revision(one, book, code, cited)
        if _texts(one) & worked:
            problem = "It repeats a worked example of the prompt."
        revision = revision.model_copy(
            update={
                "rationale": one.rationale,
                "evidence": tuple(dict.fromkeys(said.decision_id for excerpt in cited for said in excerpt.said)),
                "author": REVISER,
                "base_version": book.version,
                "provenance": provenance,
            }
        )
        earlier = [other.revision for other in proposals if not other.problem]
        problem = _badly_cited(one.evidence, len(excerpts)) or problem or _against(revision, earlier)
        proposals.append(Proposal(revision=revision, problem=problem))
    return tuple(proposals)


def _texts(given: RevisionGiven) -> set[str]:
    """What a revision would write into the book, case-folded."""
    match given:
        case SplitGiven():
            return {_folded(part.definition) for part in given.parts}
        case MergeGiven():
            return {_folded(given.definition)}
        case TextGiven():
            return {_folded(given.text)}
        case _:
            return set()


def _against(revision: Revision, earlier: Sequence[Revision]) -> str:
    """What speaks against a revision beside those that were proposed before it."""
    if any(revision.content == other.content for other in earlier):
        return "It is proposed twice."
    if revision.kind in ONCE and any(revision.kind == other.kind for other in earlier):
        return f"Another {revision.kind} is proposed before it."
    rules = [_rules(other) for other in earlier]
    if any(_rules(revision) & other for other in rules):
        return "The same rule is proposed the other way round."
    return ""


def _rules(revision: Revision) -> set[str]:
    """The rules that a revision adds, whichever way."""
    if revision.kind not in ("include", "exclude"):
        return set()
    was, becomes = revision.before[0], revision.after[0]
    added = {*becomes.include, *becomes.exclude} - {*was.include, *was.exclude}
    return {_folded(rule) for rule in added}


def _badly_cited(evidence: Sequence[int], shown: int) -> str:
    if not evidence:
        return "It cites no excerpt."
    missing = [number for number in evidence if not 0 < number <= shown]
    return f"It cites excerpt {missing[0]}, which was not shown." if missing else ""


def _revision(given: RevisionGiven, book: Codebook, code: Code, cited: Sequence[Excerpt]) -> tuple[Revision, str]:
    """The revision; one that cannot be made leaves the code as it is, and says why."""
    try:
        match given:
            case DropGiven():
                return Revision(kind="drop", before=(code,)), ""
            case SplitGiven():
                return _split(given, book, code), ""
            case MergeGiven():
                return _merge(given, book, code), ""
            case _:
                return _changed(given, book, code, cited), ""
    except _Unusable as problem:
        return Revision(kind=given.kind, before=(code,), after=(code,)), str(problem)


def _changed(given: TextGiven, book: Codebook, code: Code, cited: Sequence[Excerpt]) -> Revision:
    match _kind(given, cited):
        case "definition":
            definition = _said(given.text)
            same = _folded(definition) == _folded(code.definition)
            revision = revised("definition", code, definition=code.definition if same else definition)
        case "rename":
            revision = revised("rename", code, label=_free_label(given.text, book, code))
        case "include":
            revision = revised("include", code, include=_with(code.include, code.exclude, given.text))
        case "exclude":
            revision = revised("exclude", code, exclude=_with(code.exclude, code.include, given.text))
        case "example":
            revision = revised("example", code, examples=_shown(code, code.examples, given.text, cited))
        case "negative_example":
            shown = _shown(code, code.negative_examples, given.text, cited)
            revision = revised("negative_example", code, negative_examples=shown)
    if revision.before == revision.after:
        raise _Unusable("It changes nothing.")
    return revision


def _kind(given: TextGiven, cited: Sequence[Excerpt]) -> TextKind:
    """The kind; a rule that is nothing but words of an excerpt is an example, since it fits no other text."""
    copied = any(locate(given.text.removesuffix(CUT), excerpt.text).verified for excerpt in cited)
    if copied and given.kind == "include":
        return "example"
    return "negative_example" if copied and given.kind == "exclude" else given.kind


def _split(given: SplitGiven, book: Codebook, code: Code) -> Revision:
    labels = {_folded(part.label) for part in given.parts}
    if len(given.parts) < 2 or len(labels) < len(given.parts):
        raise _Unusable("It does not name two different parts.")
    if len({_folded(part.definition) for part in given.parts}) < len(given.parts):
        raise _Unusable("Two of its parts have the same definition.")
    parts = [(_free_label(part.label, book, code), _said(part.definition)) for part in given.parts]
    return split(code, parts)


def _merge(given: MergeGiven, book: Codebook, code: Code) -> Revision:
    wanted = _folded(given.other)
    if wanted == _folded(code.label):
        raise _Unusable("It merges the code with itself.")
    other = next((one for one in book.leaves if _folded(one.label) == wanted and one.kind == "model"), None)
    if other is None:
        raise _Unusable(f"It names a code to merge with that is not there: {given.other!r}.")
    return merge((code, other), _free_label(given.label, book, code, other), given.definition)


def _free_label(text: str, book: Codebook, *codes: Code) -> str:
    """The label, tidied; one that another code than these carries cannot be given."""
    label = tidy_label(text)
    if not label:
        raise _Unusable("It gives an empty label.")
    own = {code.id for code in codes}
    if any(_folded(one.label) == _folded(label) for one in book.codes if one.id not in own):
        raise _Unusable(f"Another code is called {label!r} already.")
    return label


def _with(rules: Sequence[str], opposite: Sequence[str], text: str) -> tuple[str, ...]:
    rule = _said(text)
    if _folded(rule) in map(_folded, opposite):
        raise _Unusable("The code has the same rule the other way round.")
    known = {_folded(one) for one in rules}
    return tuple(rules) if _folded(rule) in known else (*rules, rule)


def _said(text: str) -> str:
    line = one_line(text)
    if not line:
        raise _Unusable("Its text is empty.")
    if line.endswith(CUT):
        raise _Unusable("Its text is cut off.")
    return line


def _shown(
    code: Code, examples: Sequence[CodeExample], text: str, cited: Sequence[Excerpt]
) -> tuple[CodeExample, ...]:
    """The examples and one more, which must stand in an excerpt that is cited."""
    for excerpt in cited:
        quote = locate(text.removesuffix(CUT), excerpt.text)
        if quote.verified:
            known = {_folded(one.text) for one in (*code.examples, *code.negative_examples)}
            if _folded(quote.text) in known:
                raise _Unusable("The code has this example already.")
            return (*examples, CodeExample(text=quote.text, segment_id=excerpt.segment_id))
    raise _Unusable("Its example stands in none of the excerpts that it cites.")


def _folded(text: str) -> str:
    return one_line(text).casefold()
