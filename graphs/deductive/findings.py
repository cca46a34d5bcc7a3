"""What a round found out, put together for the reviser and for people: numbers and passages, code by code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from intercoder.core.codebook import Codebook
from intercoder.core.coding.deduction import CoderValues
from intercoder.core.coding.findings import CodeFindings, Excerpt, Said
from intercoder.core.coding.settling import PutForward
from intercoder.core.decisions import Decision
from intercoder.core.documents import SpokenText
from intercoder.core.protocols import DevelopmentStore

EXCERPTS = 8
"""Passages shown of a code."""


def gather_findings(
    store: DevelopmentStore, run_id: str, code_ids: Sequence[str], excerpts: int = EXCERPTS
) -> dict[str, CodeFindings]:
    """Test what stands of a run's round, and choose passages that show it.

    Args:
        store: The study.
        run_id: The run, its round coded to the end.
        code_ids: The codes to look at.
        excerpts: Most passages of a code.

    Returns:
        Code id -> findings, in the order given.
    """
    from intercoder.evals.development import coder_findings

    book = store.book(run_id)
    values = store.values(run_id)
    tests = coder_findings(book, values)
    evidence = store.evidence(run_id, code_ids)
    sent = store.put_forward(run_id, code_ids)
    told = {code_id: _told(sent[code_id], evidence[code_id], excerpts) for code_id in code_ids}
    chosen = {
        code_id: list(dict.fromkeys([*told[code_id], *_chosen(code_id, values, excerpts)]))[:excerpts]
        for code_id in code_ids
    }
    texts = store.texts([segment for segments in chosen.values() for segment in segments])
    return {
        code_id: CodeFindings(
            code_id=code_id,
            coders=tests.get(code_id, ()),
            disputed=_disputed(evidence[code_id]),
            excerpts=tuple(_excerpts(chosen[code_id], evidence[code_id], texts, told[code_id])),
        )
        for code_id in code_ids
    }


def codes_to_look_at(book: Codebook, code_ids: Iterable[str]) -> list[str]:
    """Those of the codes that coders read for, in the order of the book; patterns are exact."""
    wanted = set(code_ids)
    return [code.id for code in book.leaves if code.id in wanted and code.kind == "model"]


def _chosen(code_id: str, values: Sequence[CoderValues], most: int) -> Sequence[str]:
    from intercoder.evals.development import choose_excerpts

    return choose_excerpts(code_id, values, most)


def _disputed(decisions: Sequence[Decision]) -> int:
    said: dict[str, set[str]] = {}
    for decision in decisions:
        if decision.role == "coder":
            said.setdefault(decision.segment_id, set()).add(decision.value)
    return sum(len(values) > 1 for values in said.values())


def _told(sent: Sequence[PutForward], decisions: Sequence[Decision], most: int) -> dict[str, PutForward]:
    """Segment id -> what people settled or sent about a code, at most so many.

    Of a whole segment only where the code was settled on or some coder gave it: else it tells nothing of it.
    """
    given = {decision.segment_id for decision in decisions if decision.value == "yes"}
    found: dict[str, PutForward] = {}
    for one in sent:
        settled, elsewhere = one.settled, any(said.value == "yes" for said in one.decisions)
        if settled.code_id or settled.value == "yes" or elsewhere or settled.segment_id in given:
            found.setdefault(settled.segment_id, one)
    return dict(list(found.items())[:most])


def _excerpts(
    segments: Sequence[str],
    decisions: Sequence[Decision],
    texts: Mapping[str, SpokenText],
    told: Mapping[str, PutForward],
) -> Iterable[Excerpt]:
    said: dict[str, list[Said]] = {}
    for decision in [*decisions, *(decision for one in told.values() for decision in one.decisions)]:
        said.setdefault(decision.segment_id, []).append(
            Said(
                decision_id=decision.id,
                role=decision.role,
                coder=decision.coder,
                value=decision.value,
                reason=decision.reason,
                quote=decision.quote.text,
                verified=decision.quote.verified,
            )
        )
    for segment in segments:
        shown = texts[segment]
        person = told[segment].settled if segment in told else None
        yield Excerpt(
            segment_id=segment,
            **shown._asdict(),
            said=tuple(said.get(segment, ())),
            by_person=person is not None,
            settled=person.value if person else "",
            note=" ".join(filter(None, (person.note, person.asked))) if person else "",
        )
