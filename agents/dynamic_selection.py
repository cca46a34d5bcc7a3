"""Dynamic ensemble selection: whether one coder's answers are enough (methods, section 1; seed 000, limitations).

The coder that costs least is asked a few times about each segment. The others are asked only where its labels fall
into more than one cluster at tau, or where what it says is unlike every code that is known.

Known are the codes of the code memory as the segment's wave begins, and this coder's own labels on earlier
segments of the wave, in document order. So who is asked depends on answers alone: not on which of them came first,
nor on where a run was stopped, as long as waves are cut at the same places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from intercoder.agents.moderation_rules import cluster
from intercoder.core.coding.refinement import MARGIN, cosines
from intercoder.core.protocols import Vectors

Need: TypeAlias = Literal["", "missing", "differ", "new"]
"""Why the others are asked: an answer is missing, the answers differ, what they say is new. Empty: they are not."""


class Sampled(NamedTuple):
    """What the first coder said about one segment, in all of its answers."""

    vectors: Vectors
    """Embeddings of its labels, shape (labels, d), unit length; answer by answer."""
    answers: Sequence[int]
    """Which answer each label stands in, from 0."""
    asked: int
    """How often it was asked."""
    usable: int
    """How many of its answers could be used; one without labels says "nothing to code"."""


class KnownLabels:
    """Labels that are known so far, as embeddings.

    Args:
        codes: Those of the codes known at the beginning, shape (codes, d), unit length.
    """

    def __init__(self, codes: Vectors | None = None) -> None:
        self._rows: list[Vectors] = [] if codes is None or not len(codes) else [np.asarray(codes, np.float32)]

    def nearest(self, vector: Vectors) -> float:
        """Highest cosine with a known label, rounded to 4 places; -inf where none is known."""
        best = -np.inf
        for rows in self._whole():
            rough = rows @ vector
            close = np.flatnonzero(rough >= rough.max() - MARGIN)
            best = max(best, float(cosines(vector, rows[close]).max()))
        return best

    def add(self, vectors: Vectors) -> None:
        """Know these, too."""
        if len(vectors):
            self._rows.append(np.asarray(vectors, np.float32))

    def _whole(self) -> list[Vectors]:
        if len(self._rows) > 64:
            self._rows = [np.concatenate(self._rows)]
        return self._rows


def need_of(sampled: Sampled, known: KnownLabels, *, tau: float, near: float) -> Need:
    """Why the others are to be asked about a segment.

    With several codes an answer, the answers agree if each has a label in every cluster; and each cluster must be
    near something known. Answers that all say "nothing to code" agree.

    Args:
        sampled: What the first coder said.
        known: What is known before the segment.
        tau: Cosine of labels that mean the same.
        near: Cosine below which the nearest known label is too far.
    """
    if sampled.usable < sampled.asked:
        return "missing"
    if not len(sampled.vectors):
        return ""
    clusters = cluster(sampled.vectors, tau)
    if any(len({sampled.answers[place] for place in members}) < sampled.asked for members in clusters):
        return "differ"
    nearest = [max(known.nearest(sampled.vectors[place]) for place in members) for members in clusters]
    return "new" if min(nearest) < near else ""


def needs(
    segments: Iterable[Sampled], codes: Vectors | None = None, *, tau: float = 0.7, near: float = 0.4
) -> list[Need]:
    """Why the others are to be asked, for each segment of one wave in document order.

    For answers that are stored already: what a dynamic ensemble would have asked, and so saved, at any thresholds.

    Args:
        segments: What the first coder said about each.
        codes: Embeddings of the codes known as the wave begins, shape (codes, d), unit length.
        tau: As `need_of`.
        near: As `need_of`.
    """
    known = KnownLabels(codes)
    found: list[Need] = []
    for sampled in segments:
        found.append(need_of(sampled, known, tau=tau, near=near))
        known.add(sampled.vectors)
    return found
