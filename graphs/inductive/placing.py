"""Refinement of a batch: each final label becomes an existing code or founds a new one, in document order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from intercoder.core.codebook import Code, CodeExample, Lineage, found_code
from intercoder.core.coding.refinement import LabelToPlace, Placement, adaptive_tau, refine
from intercoder.core.decisions import Merge, Wave
from intercoder.core.protocols import Run, Vectors
from intercoder.core.study import ComparedText
from intercoder.graphs.context import Context
from intercoder.graphs.inductive.coding import Coded
from intercoder.graphs.inductive.records import Final, decisions_of, finals_of


async def place(context: Context, run: Run, start: int, batch: Sequence[Coded]) -> Wave:
    """Settle a batch into the codebook.

    Args:
        context: Stores, agents and settings.
        run: The run.
        start: Position in the run of the batch's first segment.
        batch: Coded segments in document order.

    Returns:
        What is to be written: decisions with their codes, new codes, merges and failures. New codes are in the
        code memory already.
    """
    finals = [final for coded in batch for final in finals_of(run, coded)]
    placements = await _placements(context, run, finals) if finals else []
    placed = {final.decision_id: placement for final, placement in zip(finals, placements, strict=True)}
    decisions = [
        decision
        if decision.id not in placed
        else decision.model_copy(update=_code_fields(placed[decision.id], decision.label or ""))
        for coded in batch
        for decision in decisions_of(run, coded)
    ]
    return Wave(
        start=start,
        stop=start + len(batch),
        decisions=tuple(decisions),
        codes=tuple(placement.founded for placement in placements if placement.founded is not None),
        merges=tuple(
            Merge(
                decision_id=final.decision_id,
                label=final.suggestion.label,
                code_id=placement.code_id,
                similarity=placement.similarity,
                threshold=placement.threshold,
            )
            for final, placement in zip(finals, placements, strict=True)
            if placement.founded is None
        ),
        failures=tuple(failure for coded in batch for failure in coded.failures),
    )


def code_text(label: str, definition: str, compare: ComparedText) -> str:
    """The text whose embedding stands for a code in the memory."""
    return f"{label}: {definition}" if compare == "label_and_definition" and definition else label


async def _placements(context: Context, run: Run, finals: Sequence[Final]) -> Sequence[Placement]:
    compare = context.study.refinement.compare
    own = [code_text(final.suggestion.label, final.suggestion.reason, compare) for final in finals]
    queries = [final.coded.segment.text for final in finals] if compare == "segment" else []
    vectors = await context.embeddings.embed([*own, *queries])
    thresholds = await _thresholds(context, run, finals)
    labels = [
        LabelToPlace(label=final.suggestion.label, founds=_founded(run, final), threshold=threshold)
        for final, threshold in zip(finals, thresholds, strict=True)
    ]
    founding = vectors[: len(own)]
    compared = vectors[len(own) :] if queries else founding
    return await asyncio.to_thread(refine, labels, founding, context.memory, compared=compared)


def _founded(run: Run, final: Final) -> Code:
    """The code that a label founds if none is near: its reason is a first definition, its quote an example."""
    suggestion, segment = final.suggestion, final.coded.segment
    example = CodeExample(text=suggestion.quote.text, segment_id=segment.id)
    return Code(
        id=found_code(run.id, segment.id, suggestion.label),
        label=suggestion.label,
        definition=suggestion.reason,
        examples=(example,) if suggestion.quote.verified else (),
        lineage=Lineage(founded_by=segment.id, run=run.id),
    )


async def _thresholds(context: Context, run: Run, finals: Sequence[Final]) -> list[float]:
    settings = context.study.refinement
    if not settings.adaptive:
        return [settings.tau] * len(finals)
    lengths = [len(final.coded.segment.text) for final in finals]
    quantiles = await asyncio.to_thread(context.store.quantiles, run.id, lengths)
    agreements = [await _agreement(context, final.coded) for final in finals]
    return [
        adaptive_tau(quantile, agreement, lo=settings.low, hi=settings.high)
        for quantile, agreement in zip(quantiles, agreements, strict=True)
    ]


async def _agreement(context: Context, coded: Coded) -> float:
    """Mean pairwise cosine of the coders' labels; 1 where fewer than two coders gave one."""
    labels = [answer.suggestions[0].label for answer in coded.heard if answer.suggestions]
    if len(labels) < 2:
        return 1.0
    return mean_pairwise(await context.embeddings.embed(labels))


def mean_pairwise(vectors: Vectors) -> float:
    """Mean cosine over all pairs of different rows, shape (n, d), n at least 2."""
    unit = vectors.astype(np.float64)
    cosines = unit @ unit.T
    return float((cosines.sum() - np.trace(cosines)) / (len(unit) * (len(unit) - 1)))


def _code_fields(placement: Placement, label: str) -> dict[str, object]:
    merged = placement.founded is None
    return {
        "code_id": placement.code_id,
        "code_revision": 1,
        "merged_from": label if merged and label != placement.label else "",
        "similarity": placement.similarity if merged else None,
    }
