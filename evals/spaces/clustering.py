"""Which labels are one concept: a dendrogram cut with two thresholds (seed 003, section 3.1, algorithms 1, 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.evals.spaces.distances import BLOCK, TOLERANCE, Floats, Metric, checked_embeddings, upper_blocks

Linkage: TypeAlias = Literal["average", "ward", "complete", "single"]
SizeRule: TypeAlias = Literal["reference", "paper"]

ALONE = -1


class Cluster(Record):
    """Labels that are one concept."""

    members: tuple[int, ...]
    """Places of the labels, in order; two or more."""
    distance: float
    """Height of the dendrogram's node, the penalty on differing examples included."""
    penalty: float
    """What the size of the merged concept added to that distance before it was compared with `upper`."""


def cut(
    embeddings: npt.ArrayLike,
    examples: Sequence[Sequence[str]],
    *,
    linkage: Linkage = "average",
    metric: Metric = "cosine",
    lower: float,
    upper: float,
    size_rule: SizeRule = "reference",
    example_penalty: bool = True,
) -> list[int]:
    """Cluster labels and cut the dendrogram, as `clusters`; every label gets the number of its cluster.

    Returns:
        One number per label: clusters are numbered from 0 by their first label, -1 stays alone.

    Raises:
        InputError: As `clusters`.
    """
    found = clusters(
        embeddings,
        examples,
        linkage=linkage,
        metric=metric,
        lower=lower,
        upper=upper,
        size_rule=size_rule,
        example_penalty=example_penalty,
    )
    numbers = [ALONE] * len(examples)
    for number, cluster in enumerate(found):
        for member in cluster.members:
            numbers[member] = number
    return numbers


def clusters(
    embeddings: npt.ArrayLike,
    examples: Sequence[Sequence[str]],
    *,
    linkage: Linkage = "average",
    metric: Metric = "cosine",
    lower: float,
    upper: float,
    size_rule: SizeRule = "reference",
    example_penalty: bool = True,
) -> list[Cluster]:
    """Cut the dendrogram of labels from the top: the highest node that passes makes a cluster.

    Between the thresholds two penalties work, both scaled by `upper - lower`. The first adds to the distance
    of two labels by how much their examples differ, e = 1 - |both| / |either|, squared (the seed's printed
    formula has |both| / |either| itself, against its own heading). The second is added at a node by how many
    examples the merged concept would hold. With lower = upper there is no penalty: the strict threshold of
    stages 2 and 3.

    Args:
        embeddings: One row per label.
        examples: For each label the ids of its examples.
        linkage: How far clusters are apart; ward is defined on Euclidean distances.
        metric: Distance of two embeddings.
        lower: Nodes at most this high always merge.
        upper: Nodes higher than this never do.
        size_rule: Where the second penalty is full: `reference`: at three times the mean number of examples
            of the labels with more than one. `paper`: at the largest number any label has.
        example_penalty: Whether the first penalty applies.

    Returns:
        The clusters in the order of their first label; labels that stay alone are in none.

    Raises:
        InputError: Thresholds out of order, linkage and metric that do not go together, or embeddings and
            examples that do not fit.
    """
    _check(linkage, metric, lower, upper, size_rule)
    owned = [set(ids) for ids in examples]
    vectors = checked_embeddings(embeddings, len(owned), of="examples", metric=metric)
    if len(owned) < 2:
        return []
    penalty = upper - lower
    heights = pair_distances(vectors, metric)
    if example_penalty and penalty > 0:
        _penalise_differing(heights, owned, penalty)
    tree = _Tree(heights, linkage, owned)
    extra = penalty * _oversize(tree.examples, owned, size_rule) ** 2
    passes = (tree.height <= lower + TOLERANCE) | (
        (tree.height <= upper + TOLERANCE) & (tree.height + extra <= upper + TOLERANCE)
    )
    found = [
        Cluster(members=tree.leaves(node), distance=float(tree.height[node]), penalty=float(extra[node]))
        for node in tree.highest(passes)
    ]
    return sorted(found, key=lambda cluster: cluster.members)


def _check(linkage: str, metric: str, lower: float, upper: float, size_rule: str) -> None:
    for name, value, known in (
        ("linkage", linkage, ("average", "ward", "complete", "single")),
        ("metric", metric, ("cosine", "euclidean")),
        ("size_rule", size_rule, ("reference", "paper")),
    ):
        if value not in known:
            raise InputError(
                f"There is no {name} `{value}`.", where=name, remedy=f"Use one of: {', '.join(known)}."
            )
    if linkage == "ward" and metric != "euclidean":
        raise InputError(
            "Ward's linkage is defined on Euclidean distances only.",
            where="metric",
            remedy='Pass metric="euclidean", or linkage="average".',
        )
    if not 0 <= lower <= upper:
        raise InputError(
            f"The thresholds are out of order: lower is {lower}, upper is {upper}.",
            where="lower, upper",
            remedy="Give 0 <= lower <= upper.",
        )


def pair_distances(vectors: Floats, metric: Metric) -> Floats:
    """Distances of all pairs in scipy's condensed order, shape (n (n - 1) / 2,)."""
    condensed = np.zeros(len(vectors) * (len(vectors) - 1) // 2)
    for rows, distances in upper_blocks(vectors, metric):
        _add(condensed, len(vectors), rows, distances)
    return condensed


def _add(condensed: Floats, count: int, rows: slice, block: Floats) -> None:
    """Add the part of a block that lies right of each row's own column; its columns begin with its rows."""
    for row in range(rows.start, rows.stop):
        start = row * count - row * (row + 1) // 2
        condensed[start : start + count - row - 1] += block[row - rows.start, row - rows.start + 1 :]


def _penalise_differing(condensed: Floats, owned: Sequence[set[str]], penalty: float) -> None:
    """Add penalty * e^2 to each pair, e the share of their examples that only one of the two has."""
    incidence = _incidence(owned)
    sizes = np.array([len(ids) for ids in owned], dtype=np.float64)
    for start in range(0, len(owned), BLOCK):
        rows = slice(start, min(start + BLOCK, len(owned)))
        both = (incidence[rows] @ incidence[start:].T).toarray()
        either = sizes[rows, None] + sizes[start:] - both
        differing = np.divide(either - both, either, out=np.zeros_like(either), where=either > 0)
        _add(condensed, len(owned), rows, penalty * differing**2)


def _incidence(owned: Sequence[set[str]]) -> Any:
    """Sparse matrix of labels by examples, 1 where the label has the example."""
    from scipy.sparse import csr_array

    places = {example: place for place, example in enumerate(dict.fromkeys(id_ for ids in owned for id_ in ids))}
    columns = [places[example] for ids in owned for example in ids]
    ends = np.cumsum([0, *map(len, owned)])
    return csr_array((np.ones(len(columns)), columns, ends), shape=(len(owned), max(len(places), 1)))


def _oversize(counts: npt.NDArray[np.int64], owned: Sequence[set[str]], size_rule: SizeRule) -> Floats:
    """How much too large each node is, from 0 (at most an average label) to 1."""
    several = [len(ids) for ids in owned if len(ids) > 1]
    if not several:
        return np.zeros(len(counts))
    average = float(np.mean(several))
    top = 3 * average if size_rule == "reference" else max(several)
    if top - average <= TOLERANCE:
        return np.zeros(len(counts))
    return np.clip((counts - average) / (top - average), 0.0, 1.0)


class _Tree:
    """A dendrogram; its nodes are numbered from 0 in the order in which they were made."""

    def __init__(self, condensed: Floats, linkage: Linkage, owned: Sequence[set[str]]) -> None:
        from scipy.cluster import hierarchy

        made = hierarchy.linkage(condensed, method=linkage)
        # scipy numbers leaves from 0 and nodes after them; here leaves are negative.
        self._children = made[:, :2].astype(np.int64) - len(owned)
        self._leaves = len(owned)
        self.height: Floats = made[:, 2]
        self.examples = self._examples_under(owned)
        """Unique examples under each node."""

    def _examples_under(self, owned: Sequence[set[str]]) -> npt.NDArray[np.int64]:
        held = dict(enumerate((set(ids) for ids in owned), start=-len(owned)))
        counts = np.zeros(len(self._children), dtype=np.int64)
        for node, (first, second) in enumerate(self._children.tolist()):
            small, large = sorted((held.pop(first), held.pop(second)), key=len)
            # Into the larger set, which nobody needs any more: few examples are moved often.
            large |= small
            held[node] = large
            counts[node] = len(large)
        return counts

    def highest(self, passes: npt.NDArray[np.bool_]) -> list[int]:
        """The nodes that pass and have none above them that does."""
        found, open_ = [], [len(self._children) - 1]
        while open_:
            node = open_.pop()
            if node < 0:
                continue
            if passes[node]:
                found.append(node)
            else:
                open_ += self._children[node].tolist()
        return found

    def leaves(self, node: int) -> tuple[int, ...]:
        """The labels under a node, in order."""
        found, open_ = [], [node]
        while open_:
            here = open_.pop()
            if here < 0:
                found.append(here + self._leaves)
            else:
                open_ += self._children[here].tolist()
        return tuple(sorted(found))
