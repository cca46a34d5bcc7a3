"""Moderation without a model: medoid, majority and weighted choice among suggestions (methods, section 1).

A suggestion's score is its mean cosine to all suggestions, plus g times its label's cosine to the segment,
minus a fifth for each word beyond five. With several codes per answer suggestions are clustered first, and each
cluster that enough coders stand behind gives one code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from intercoder.core.agent_settings import ModerationKind
from intercoder.core.protocols import Vectors
from intercoder.core.record import Record

LONGEST_LABEL = 5
"""Words up to which a label is not penalised (seed 000, appendix C)."""


class Candidate(Record):
    """A suggestion as moderation sees it."""

    coder: str
    label: str


def scores(
    candidates: Sequence[Candidate], vectors: Vectors, segment: Vectors, groundedness: float
) -> npt.NDArray[np.float64]:
    """Score of each candidate, shape (n,); see the module's text.

    Args:
        candidates: n suggestions.
        vectors: Their labels' embeddings, shape (n, d), unit length.
        segment: The segment's embedding, shape (d,), unit length.
        groundedness: g, at least 0.
    """
    unit = vectors.astype(np.float64)
    central = (unit @ unit.T).mean(axis=1)
    grounded = unit @ segment.astype(np.float64)
    words = np.array([len(candidate.label.split()) for candidate in candidates])
    too_long = np.maximum(0, words - LONGEST_LABEL) / LONGEST_LABEL
    score: npt.NDArray[np.float64] = np.round(central + groundedness * grounded - too_long, 4)
    return score


def choose(
    candidates: Sequence[Candidate],
    vectors: Vectors,
    segment: Vectors,
    *,
    kind: ModerationKind,
    groundedness: float,
    tau: float,
    weights: Mapping[str, float],
    max_codes: int,
) -> list[int]:
    """Places of the chosen candidates, best first, at most `max_codes`, at least one.

    Args:
        candidates: All coders' suggestions, in the coders' order; not empty.
        vectors: Their labels' embeddings, shape (n, d), unit length.
        segment: The segment's embedding, shape (d,).
        kind: `medoid`, `majority` or `weighted`.
        groundedness: g of the score.
        tau: Cosine from which two suggestions mean the same.
        weights: Weight of each coder, for `weighted`.
        max_codes: Most codes to choose.
    """
    score = scores(candidates, vectors, segment, groundedness)
    if kind == "medoid" and max_codes == 1:
        return [int(np.argmax(score))]
    ranked = []
    for members in cluster(vectors, tau):
        coders = dict.fromkeys(candidates[place].coder for place in members)
        votes = sum(weights.get(coder, 1.0) if kind == "weighted" else 1.0 for coder in coders)
        best = max(members, key=lambda place: (score[place], -place))
        ranked.append((votes, score[best], -best))
    ranked.sort(reverse=True)
    voters = dict.fromkeys(candidate.coder for candidate in candidates)
    total = sum(weights.get(coder, 1.0) if kind == "weighted" else 1.0 for coder in voters)
    backed = [-best for votes, _, best in ranked if votes * 2 >= total] or [-ranked[0][2]]
    return backed[:max_codes] if max_codes > 1 else [-ranked[0][2]]


def cluster(vectors: Vectors, tau: float) -> list[list[int]]:
    """Average-linkage clusters of suggestions at cosine `tau`, each in order, oldest member first."""
    cosines = np.round(vectors.astype(np.float64) @ vectors.astype(np.float64).T, 4)
    clusters = [[place] for place in range(len(vectors))]
    while len(clusters) > 1:
        pairs = [
            (float(cosines[np.ix_(clusters[one], clusters[other])].mean()), -one, -other)
            for one in range(len(clusters))
            for other in range(one + 1, len(clusters))
        ]
        nearest, one, other = max(pairs)
        if nearest < tau:
            break
        clusters[-one] = sorted(clusters[-one] + clusters.pop(-other))
    return clusters


def best_of(candidates: Vectors, suggestions: Vectors) -> int:
    """Which of several moderators' labels stands (methods: y_best among M moderators).

    The candidate with the highest mean cosine to all coders' suggestions and the other candidates; ties go to
    the earlier moderator.

    Args:
        candidates: Embeddings of the moderators' labels, shape (m, d), unit length.
        suggestions: Embeddings of all coders' suggestions, shape (n, d).
    """
    own = candidates.astype(np.float64)
    everything = np.concatenate([own, suggestions.astype(np.float64)])
    cosines = own @ everything.T
    others = cosines.sum(axis=1) - np.diagonal(cosines)
    return int(np.argmax(np.round(others / max(len(everything) - 1, 1), 4)))
