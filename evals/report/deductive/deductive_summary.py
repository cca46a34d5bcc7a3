"""The report of a deductive run in words: what was coded, by whom, what came out, and what to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from intercoder.core.coding.deduction import PATTERN
from intercoder.core.shown import counted, listed
from intercoder.evals.report.deductive.deductive_contents import DeductiveContents, Numbers, stratified
from intercoder.evals.report.deductive.randomness_tests import tested
from intercoder.evals.report.figures import Cell, Link
from intercoder.evals.report.inductive.summary import NAMED, Summary

DONE = {
    "codevelop": "to develop the codebook",
    "calibrate": "to hold the model against people",
    "final": "as the final coding",
}
"""What a run is for."""
WHOLE = ("document", "row")
"""Units that are documents of their own."""
NEGLIGIBLE = 0.05
"""Share of answers that were there before, above which a run's time says little."""


def deductive_summary(contents: DeductiveContents, numbers: Numbers) -> Summary:
    """Write it."""
    return Summary(
        paragraphs=tuple(
            part
            for part in (
                _coded(contents),
                _agents(contents),
                _revised(contents),
                _calibrated(contents),
                _estimated(contents, numbers),
            )
            if part
        ),
        to_look_at=tuple(
            item
            for item in (
                _unfinished(contents),
                _waiting(contents),
                _random(contents, numbers),
                _unsteady(contents, numbers),
                _disputed(contents, numbers),
                _not_ready(contents, numbers),
                _unsure(contents, numbers),
                _unverified(contents),
                _failures(contents),
            )
            if item
        ),
    )


def _coded(contents: DeductiveContents) -> str:
    run, sample = contents.run, contents.sample
    drawn = f", drawn at random{stratified(sample)} (seed {sample.seed})" if sample.seed is not None else ""
    rounds = f" in {counted(run.round, 'round')}" if run.round > 1 else ""
    exclusive = " Codes exclude one another: a segment gets exactly one." if contents.book.exclusive else ""
    unit = f" (unit: {sample.unit})"
    return (
        f"{counted(run.total, 'segment')}{unit} of {counted(contents.documents, 'document')}{drawn} were coded in "
        f"{run.id} with {counted(len(contents.coded), 'code')} of codebook version {run.codebook_version}{rounds}, "
        f"{DONE.get(run.graph, 'with codes that stood before')}.{exclusive}"
    )


def _agents(contents: DeductiveContents) -> str:
    settings = contents.study.deductive
    coders = [
        f"{one.name} ({f'answers replayed from {one.replay}' if one.replay else contents.study.answered_by(one)})"
        for one in settings.coders
    ]
    text = f"They were read by {counted(len(coders), 'model coder')}: {listed(coders)}."
    if len(coders) > 1:
        text += f" What they said was settled by {settings.moderator.name} ({settings.moderator.kind})."
    if any(one.name == PATTERN for one in contents.values):
        exact = [code.label for code in contents.coded if code.kind == "pattern"]
        text += f" Found by regular expression, without a model: {listed(exact)}."
    if contents.calibrated:
        text += f" By hand: {listed([person.name for person in contents.calibrated.people])}."
    return text


def _revised(contents: DeductiveContents) -> str:
    own = [one for one in contents.revisions if one.revision.run == contents.run.id]
    if contents.run.graph != "codevelop" or not own:
        return ""
    status = Counter(one.status for one in own)
    parts = [f"{count:,} {name}" for name, count in status.items()]
    changed = sum(len(one.changed) for one in contents.recodings)
    recoded = f" Coding again changed {counted(changed, 'decision')}." if contents.recodings else ""
    return f"The reviser proposed {counted(len(own), 'revision')}: {listed(parts)}.{recoded}"


def _calibrated(contents: DeductiveContents) -> str:
    found = contents.calibrated
    if not found or not found.coders:
        return ""
    verdicts = Counter(one.verdict for one in found.coders[0].codes.values())
    parts = [f"{verdict} for {counted(count, 'code')}" for verdict, count in verdicts.items()]
    return f"Verdicts after holding the model against people ({found.run}): {'; '.join(parts)}."


def _estimated(contents: DeductiveContents, numbers: Numbers) -> str:
    if contents.estimates is None:
        return ""
    most = sorted(contents.estimates.codes, key=lambda one: -one.yes)[:NAMED]
    parts = [f"{numbers.name(one.code_id)} {one.share.value:.0%}" for one in most if one.yes]
    return f"Most frequent: {listed(parts)} of segments with an answer." if parts else "No code was given."


def _unfinished(contents: DeductiveContents) -> tuple[Cell, ...]:
    run = contents.run
    if run.status in ("done", "waiting"):
        return ()
    return (
        f"The run is not finished ({run.status}): {run.position:,} of {run.total:,} segments of round {run.round}.",
    )


def _waiting(contents: DeductiveContents) -> tuple[Cell, ...]:
    waiting = [one for one in contents.revisions if one.status == "waiting"]
    if not waiting:
        return ()
    verb = "waits" if len(waiting) == 1 else "wait"
    return (Link(counted(len(waiting), "revision"), "revisions"), f" {verb} for a person's answer.")


def _random(contents: DeductiveContents, numbers: Numbers) -> tuple[Cell, ...]:
    found = [one.code_id for one in tested(contents) if one.looks_random and not one.exact]
    return _named("Answers cannot be told from guessing, look at the reasons: ", found, numbers)


def _unsteady(contents: DeductiveContents, numbers: Numbers) -> tuple[Cell, ...]:
    found = [one.code_id for one in tested(contents) if one.found.repeat == "guessing"]
    return _named("Asked again, a coder agrees with itself no better than by chance: ", found, numbers)


def _disputed(contents: DeductiveContents, numbers: Numbers) -> tuple[Cell, ...]:
    some = [one for one in contents.findings.values() if one.disputed]
    some.sort(key=lambda one: -one.disputed)
    return _named("Coders differ most on ", [one.code_id for one in some[:NAMED]], numbers)


def _not_ready(contents: DeductiveContents, numbers: Numbers) -> tuple[Cell, ...]:
    if contents.run.graph != "calibrate" or not contents.calibrated or not contents.calibrated.coders:
        return ()
    final = contents.calibrated.coders[0].codes
    return _named("Verdict revise: ", [code for code, one in final.items() if one.verdict == "revise"], numbers)


def _unsure(contents: DeductiveContents, numbers: Numbers) -> tuple[Cell, ...]:
    found = [
        one.code_id
        for one in tested(contents)
        if one.found.unsure > (one.found.yes + one.found.no + one.found.unsure) / 4
    ]
    return _named("Coders are unsure of more than a quarter of the segments: ", found, numbers)


def _named(what: str, codes: Sequence[str], numbers: Numbers) -> tuple[Cell, ...]:
    """A sentence that ends in codes, each leading to what is told of it; nothing without codes."""
    unique = list(dict.fromkeys(codes))
    parts: list[Cell] = [what]
    for place, code in enumerate(unique[: 2 * NAMED]):
        parts += [", ", numbers.about(code)] if place else [numbers.about(code)]
    more = len(unique) - 2 * NAMED
    return (*parts, f" and {more:,} more." if more > 0 else ".") if unique else ()


def _unverified(contents: DeductiveContents) -> tuple[Cell, ...]:
    quoted = [one for one in contents.own if one.role == "coder" and one.quote.text]
    lost = sum(not one.quote.verified for one in quoted)
    if not lost:
        return ()
    return (
        f"{lost:,} of {counted(len(quoted), 'quote')} by model coders do not stand in the text as quoted; they are "
        "marked in the table of decisions.",
    )


def _failures(contents: DeductiveContents) -> tuple[Cell, ...]:
    still = sum(contents.is_open(one) for one in contents.failures)
    return (Link(counted(still, "question"), "failures"), " got no usable answer.") if still else ()


def time_told(contents: DeductiveContents) -> tuple[str, ...]:
    """How long the run took, a document, beside a person where the reader was told; nothing where not known."""
    run = contents.run
    if contents.seconds <= 0:
        return ()
    each = contents.seconds / max(contents.documents, 1)
    rounds = f", {counted(run.round, 'round')}" if run.round > 1 else ""
    twice = ", each coder asked twice" if any(one.role == "repeat" for one in contents.values) else ""
    text = (
        f"{run.id} worked for {_duration(contents.seconds)} on {counted(run.total, 'segment')} of "
        f"{counted(contents.documents, 'document')}{rounds}{twice}: {each:,.2f} seconds a document, "
        f"{contents.seconds / max(run.total, 1):,.2f} a segment. Waiting for people is not counted."
    )
    if contents.reused:
        text += (
            f" {contents.reused:.0%} of its answers had been given to an earlier run, which took no time: a run "
            "from scratch takes longer."
        )
    if contents.human_seconds is None:
        return (text,)
    if contents.reused > NEGLIGIBLE:
        return (text, "A person's time is not held against it for that reason.")
    if contents.sample.unit not in WHOLE and contents.sample.size < contents.sample.population:
        return (text, "It read parts of documents, so a person's time for whole ones is not held against it.")
    ratio = contents.human_seconds / each
    told = f"{ratio:,.1f} times as long" if ratio >= 1 else f"{ratio:.2f} of that time"
    return (text, f"A person takes {contents.human_seconds:,.4g} seconds a document: {told}.")


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:,.1f} seconds"
    return f"{seconds / 60:,.1f} minutes" if seconds < 7200 else f"{seconds / 3600:,.1f} hours"
