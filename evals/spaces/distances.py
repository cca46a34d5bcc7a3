"""Distances between labels, in blocks of rows: given as a matrix, or worked out from embeddings.

Nothing here holds a whole n x n matrix that the caller did not bring.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from intercoder.core.errors import InputError

Floats: TypeAlias = npt.NDArray[np.float64]
Metric: TypeAlias = Literal["cosine", "euclidean"]

TOLERANCE = 1e-9
"""Distances this close to a threshold count as equal to it."""
BLOCK = 512
"""Rows worked at once."""

_SAME = 1e-6
_CANCELLED = 1e-7


class Block(NamedTuple):
    """Distances of some rows to some columns."""

    rows: slice
    distances: Floats
    """Shape (rows, columns)."""


def checked_matrix(distances: npt.ArrayLike, labels: int) -> npt.NDArray[Any]:
    """A matrix of distances that is one: square, symmetric, finite, not negative, 0 on its diagonal.

    Args:
        distances: Square, in the order of the labels.
        labels: How many rows there must be.

    Raises:
        InputError: It is not; the message names the row and the column.
    """
    matrix = _numbers(distances, "distances")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError(
            f"The distances are not square: their shape is {matrix.shape}.",
            where="distances",
            remedy="Give one row and one column per label, in the order of `labels`.",
        )
    if len(matrix) != labels:
        raise InputError(
            f"There are {labels} labels, but distances for {len(matrix)}.",
            where="distances",
            remedy="Give one row and one column per label, in the order of `labels`.",
        )
    for start in range(0, labels, BLOCK):
        rows = slice(start, min(start + BLOCK, labels))
        _check_rows(matrix, rows)
    return matrix


def _check_rows(matrix: npt.NDArray[Any], rows: slice) -> None:
    block = matrix[rows]
    own = np.arange(rows.start, rows.stop)
    _refuse(~np.isfinite(block), rows, block, "is not a finite number", "Give every pair a distance.")
    _refuse(block < -_SAME, rows, block, "is negative", "Give distances: 0 for equal, larger for less alike.")
    away = np.zeros(block.shape, dtype=bool)
    away[own - rows.start, own] = np.abs(block[own - rows.start, own]) > _SAME
    _refuse(away, rows, block, "is a label's distance to itself, and not 0", "Give distances, not similarities.")
    unlike = np.abs(block - matrix[:, rows].T) > _SAME
    _refuse(unlike, rows, block, "differs from the distance the other way round", "Make them symmetric.")


def _refuse(wrong: npt.NDArray[np.bool_], rows: slice, block: npt.NDArray[Any], what: str, remedy: str) -> None:
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise InputError(
            f"{block[row, column]:g} {what}.",
            where=f"distances, row {rows.start + row}, column {column}",
            remedy=remedy,
        )


def checked_embeddings(embeddings: npt.ArrayLike, rows: int, *, of: str, metric: Metric = "cosine") -> Floats:
    """Embeddings in float64; of unit length where the metric is cosine.

    Args:
        embeddings: Shape (rows, dimensions).
        rows: How many there must be.
        of: What a row stands for, for the message.
        metric: Which distance they are for.

    Raises:
        InputError: The shape is another, a value is not finite, or a row has no direction.
    """
    vectors = _numbers(embeddings, "embeddings").astype(np.float64)
    if rows == 0 and vectors.size == 0:
        return np.zeros((0, 1))
    if vectors.ndim != 2 or len(vectors) != rows:
        raise InputError(
            f"There are {rows} {of}, but embeddings of shape {vectors.shape}.",
            where="embeddings",
            remedy=f"Give one row per entry of `{of}`, in their order.",
        )
    broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(broken):
        raise InputError("An embedding has values that are not finite.", where=f"embeddings, row {broken[0]}")
    if metric == "euclidean":
        return vectors
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if (lengths == 0).any():
        raise InputError(
            "An embedding is all zeros, and has no cosine with anything.",
            where=f"embeddings, row {np.flatnonzero(lengths == 0)[0]}",
            remedy="Leave out what could not be embedded.",
        )
    vectors /= lengths
    return vectors


def _numbers(values: npt.ArrayLike, where: str) -> npt.NDArray[Any]:
    try:
        array = np.asarray(values)
        return array if array.dtype.kind == "f" else array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"These are not rows of numbers of one length: {error}.", where=where) from error


def matrix_blocks(matrix: npt.NDArray[Any]) -> Iterator[Block]:
    """The rows of a checked matrix; each pair has one distance, the mean of the two given."""
    for start in range(0, len(matrix), BLOCK):
        rows = slice(start, min(start + BLOCK, len(matrix)))
        yield Block(rows, (matrix[rows].astype(np.float64) + matrix[:, rows].T) / 2)


def cosine_blocks(vectors: Floats) -> Iterator[Block]:
    """Cosine distances (0 to 2) of all pairs of unit-length rows."""
    for start in range(0, len(vectors), BLOCK):
        rows = slice(start, min(start + BLOCK, len(vectors)))
        yield Block(rows, _cosine_distances(vectors[rows], vectors))


def _cosine_distances(rows: Floats, columns: Floats) -> Floats:
    """1 - cosine of unit-length rows, shape (rows, columns)."""
    products = rows @ columns.T
    np.subtract(1.0, products, out=products)
    return np.maximum(products, 0.0, out=products)


def _euclidean_distances(rows: Floats, columns: Floats) -> Floats:
    """Euclidean distances, shape (rows, columns); the first columns are the rows themselves."""
    squares = (rows**2).sum(axis=1)[:, None] + (columns**2).sum(axis=1)
    squared = squares - 2 * (rows @ columns.T)
    return np.sqrt(np.maximum(_uncancelled(squared, squares, rows, columns), 0.0))


def _uncancelled(squared: Floats, squares: Floats, rows: Floats, columns: Floats) -> Floats:
    """Work out anew, by subtraction, the rows in which the difference of large products lost its digits."""
    from scipy.spatial.distance import cdist

    lost = squared < _CANCELLED * squares
    np.fill_diagonal(lost, False)
    near = lost.any(axis=1)
    if near.any():
        squared[near] = cdist(rows[near], columns, "sqeuclidean")
    return squared


def upper_blocks(vectors: Floats, metric: Metric) -> Iterator[Block]:
    """Each pair once: rows of a block to the columns from that block's first row on.

    The caller uses the part right of each row's own column.
    """
    measure = _cosine_distances if metric == "cosine" else _euclidean_distances
    for start in range(0, len(vectors), BLOCK):
        rows = slice(start, min(start + BLOCK, len(vectors)))
        yield Block(rows, measure(vectors[rows], vectors[start:]))
