"""Code spaces: what each coder adds to what the team found (seed 003, section 3).

A coder's code space is the set of labels it used, with examples. All coders' code spaces, merged, make the
aggregated code space, whose entries are called concepts. No truth is needed: each coder is measured against
the team, so every figure depends on who is in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from intercoder.core.coding.concepts import CodeSpaces
from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.evals.spaces.clustering import Cluster, clusters, cut
from intercoder.evals.spaces.distances import (
    TOLERANCE,
    Block,
    Floats,
    checked_embeddings,
    checked_matrix,
    cosine_blocks,
    matrix_blocks,
)
from intercoder.evals.spaces.divergence import jensen_shannon
from intercoder.evals.spaces.ownership import Booleans, Ownership, ownership
from intercoder.evals.spaces.red_flags import RedFlag, red_flags

__all__ = ["Cluster", "CodeSpaceMetrics", "RedFlag", "clusters", "cut", "measure", "red_flags"]

Novelty: TypeAlias = Literal["paper", "reference"]


class CodeSpaceMetrics(Record):
    """A coder's, or a group's, place in the team. nan where a figure is undefined."""

    coverage: float
    """Share of the team's weighted concepts that it found or came near to, 0 to 1."""
    overlap: float
    """The same share of what the others found, 0 to 1."""
    novelty: float
    """Its share of the concepts that exactly one coder found, 0 to 1."""
    divergence: float
    """Jensen-Shannon distance between its concepts and the others', 0 to sqrt(ln 2) = 0.833."""
    size: int
    """Labels in its own code space."""
    concepts: int
    """Concepts these became once labels were merged."""


class _Observed(NamedTuple):
    """How far each of the names has each concept, and how much each concept weighs."""

    degree: Floats
    """Shape (concepts, names): 1 where owned, less where only neighbors are, down to 0."""
    score: Floats
    """Shape (concepts,): weighted sum over coders."""
    rest: Floats
    """Shape (concepts, names): the score without what the name itself contributes."""


class _Neighbors(NamedTuple):
    all: Floats
    """Shape (concepts,): how many neighbors a concept has."""
    owned: Floats
    """Shape (concepts, names): how many of them each name owns."""


def measure(
    coders: CodeSpaces,
    *,
    distances: npt.ArrayLike | None = None,
    embeddings: npt.ArrayLike | None = None,
    labels: Sequence[str],
    alternatives: Mapping[str, Sequence[str]] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    neighbor_threshold: float,
    novelty: Novelty = "paper",
) -> dict[str, CodeSpaceMetrics]:
    """Coverage, overlap, novelty and divergence of each coder and group (seed 003, section 3.2, algorithms 3 to 6).

    A group is measured as one coder who owns what its members own. It weighs nothing itself, and is compared
    with the coders outside it.

    Args:
        coders: For each coder its code space: label to ids of examples. Examples play no part here.
        distances: Between concepts, square, in the order of `labels`. Either these or `embeddings`.
        embeddings: One row per label; their cosine distances are worked out in blocks and never all held.
        labels: The concepts' labels.
        alternatives: For a concept's label the labels merged into it; coders' labels are matched through both.
        groups: Names of groups and their members; results stand under the group's own name.
        neighbor_threshold: Concepts at most this far apart are neighbors.
        novelty: `paper`: share of the weight of all novel concepts. `reference`: graded, each concept's
            novelty is halved by every neighbor it has, and neighbors of novel concepts count as well.

    Returns:
        Metrics by name: coders in their order, then groups. An empty code space has undefined metrics.

    Raises:
        InputError: Distances that are none (the message names row and column), a label without a concept, an
            unknown member of a group, or an argument that does not fit.
    """
    who = ownership(coders, labels, alternatives, groups)
    if novelty not in ("paper", "reference"):
        raise InputError(f"There is no `{novelty}` novelty.", where="novelty", remedy="Use `paper` or `reference`.")
    if not neighbor_threshold >= 0:
        raise InputError(
            "The threshold is a distance, 0 or more.",
            where="neighbor_threshold",
            remedy=f"Not {neighbor_threshold}.",
        )
    neighbors = _neighbors(_blocks(distances, embeddings, len(labels)), who.owns, neighbor_threshold)
    seen = _observe(who, neighbors)
    columns = {
        "coverage": _ratio(seen.score @ seen.degree, seen.score.sum()),
        "overlap": _ratio((seen.rest * seen.degree).sum(axis=0), seen.rest.sum(axis=0)),
        "novelty": _novelty(who, seen, neighbors, novelty),
        "divergence": np.sqrt(jensen_shannon(seen.degree, seen.rest)),
    }
    table = np.stack(list(columns.values()))
    table[:, who.sizes == 0] = math.nan
    return {
        name: CodeSpaceMetrics(
            **dict(zip(columns, map(float, table[:, at]), strict=True)),
            size=int(who.sizes[at]),
            concepts=int(who.owns[:, at].sum()),
        )
        for at, name in enumerate(who.names)
    }


def coder_weights(sizes: npt.NDArray[np.int64]) -> Floats:
    """1 / ln(max(size, median size)) for each coder: who uses more labels than most counts for less.

    Args:
        sizes: Labels in each coder's code space.

    Returns:
        Weights; 1 where that logarithm is 0, 0 for an empty code space.
    """
    if not len(sizes):
        return np.zeros(0)
    logarithms = np.log(np.maximum(np.maximum(sizes, np.median(sizes)), 1.0))
    weights = np.divide(1.0, logarithms, out=np.ones(len(sizes)), where=logarithms > 0)
    return np.where(sizes > 0, weights, 0.0)


def _blocks(distances: npt.ArrayLike | None, embeddings: npt.ArrayLike | None, labels: int) -> Iterable[Block]:
    if distances is not None and embeddings is None:
        return matrix_blocks(checked_matrix(distances, labels))
    if embeddings is not None and distances is None:
        return cosine_blocks(checked_embeddings(embeddings, labels, of="labels"))
    raise InputError("Give either distances or embeddings.", where="distances, embeddings")


def _neighbors(blocks: Iterable[Block], owns: Booleans, threshold: float) -> _Neighbors:
    counted = np.zeros(len(owns)), np.zeros(owns.shape)
    # Counts stay exact in float32 up to 16 million, and the product is a fast one.
    owned = owns.astype(np.float32)
    for rows, distances in blocks:
        near = distances <= threshold + TOLERANCE
        near[np.arange(len(near)), np.arange(rows.start, rows.stop)] = False
        counted[0][rows] = np.count_nonzero(near, axis=1)
        counted[1][rows] = near.astype(np.float32) @ owned
    return _Neighbors(*counted)


def _observe(who: Ownership, neighbors: _Neighbors) -> _Observed:
    reach = np.log1p(neighbors.all)[:, None]
    nearly = np.divide(np.log1p(neighbors.owned), reach, out=np.zeros(who.owns.shape), where=reach > 0)
    degree = np.where(who.owns, 1.0, nearly)
    weights = coder_weights(who.sizes[: who.coders])
    own = degree[:, : who.coders]
    # Summed over the others, rather than subtracted from the score, so that nothing is left of nobody.
    return _Observed(degree, own @ weights, own @ (weights * ~who.members).T)


def _novelty(who: Ownership, seen: _Observed, neighbors: _Neighbors, kind: Novelty) -> Floats:
    novel = who.owns[:, : who.coders].sum(axis=1) == 1
    if kind == "paper":
        weight = np.where(novel, seen.score, 0.0)
        return _ratio(weight @ who.owns, weight.sum())
    weight = np.where(novel, seen.score * np.exp2(-neighbors.all), 0.0)
    return _ratio(weight @ seen.degree, weight.sum())


def _ratio(parts: Floats, whole: npt.ArrayLike) -> Floats:
    """Parts of a whole; nan where the whole is 0."""
    shares = np.full(parts.shape, math.nan)
    np.divide(parts, whole, out=shares, where=np.asarray(whole) > 0)
    return shares
