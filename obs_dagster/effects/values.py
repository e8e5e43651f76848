"""The values of features as names: what each says of routing or an outcome, however many there are.

A column of its own for each value of a category tells little where there are hundreds: shops, cities, ids of
campaigns. So a value is told by the rows that have it, of other folds than the row that is told of (target
encoding with cross-fitting: Micci-Barreca, SIGKDD Explorations 3, 2001, 27-32; Pargent, Pfisterer, Thomas and
Bischl, Computational Statistics 37, 2022, 2671-2692). What none of them says is said of no row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from obs_dagster.profile.distribution import FloatArray, IntArray

PARTS = 10
"""Numbers are told by so many parts of equal size."""

REPEATED = 5
"""Rows of a value, on average, from which on whole numbers name something, such as a shop."""

_PRIOR = 3.0
"""Rows by which what a value says is drawn to nothing."""

Values = Mapping[str, IntArray]
"""By feature the number of each row's value, from 0 on; missing is a value like others."""


def values_of(rows: pa.Table, numbers: Sequence[str], categories: Sequence[str]) -> Values:
    """The values of features: of categories each, of numbers their tenths unless they are names.

    Args:
        rows: the rows.
        numbers: the columns that hold numbers.
        categories: those that hold names.
    """
    found = {name: _numbered(pc.cast(rows[name], pa.string())) for name in categories}
    return found | {name: _parts(rows[name]) for name in numbers}


def many(values: Values, most: int) -> list[IntArray]:
    """The features with more values than have columns of their own."""
    return [each for each in values.values() if len(each) and each.max() >= most]


def told_by_others(
    values: IntArray, beyond: FloatArray, taught: NDArray[np.bool_], fold: IntArray
) -> FloatArray:
    """What the rows of a value have beyond their level, by those of other folds; shape (n,).

    Args:
        values: of each row, shape (n,).
        beyond: target minus level, likewise.
        taught: the rows that may be learned from, likewise.
        fold: of each row, likewise.
    """
    count = int(values.max()) + 1 if len(values) else 0
    folds = int(fold.max()) + 1 if len(fold) else 0
    place = fold * count + values
    rows, sums = (
        np.bincount(place[taught], weights=weights, minlength=folds * count).reshape(folds, count)
        for weights in (None, beyond[taught])
    )
    others = (sums.sum(axis=0) - sums) / (rows.sum(axis=0) - rows + _PRIOR)
    found: FloatArray = others[fold, values]
    return found


def _numbered(column: pa.ChunkedArray) -> IntArray:
    encoded = pc.fill_null(column, "").combine_chunks().dictionary_encode()
    # by name, so that the order of rows changes nothing
    rank = np.argsort(np.argsort(np.array(encoded.dictionary.to_pylist(), dtype=object)))
    found: IntArray = rank[encoded.indices.to_numpy(zero_copy_only=False)].astype(np.int64)
    return found


def _parts(column: pa.ChunkedArray) -> IntArray:
    values = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    known = np.isfinite(values)
    whole, named = np.unique(values[known], return_inverse=True)
    found = np.zeros(len(values), dtype=np.int64)
    if len(whole) * REPEATED <= known.sum() and np.array_equal(whole, np.floor(whole)):
        found[known] = named + 1
    elif known.any():
        ends = np.quantile(values[known], np.linspace(0, 1, PARTS + 1)[1:-1])
        found[known] = np.searchsorted(ends, values[known], side="right") + 1
    return found
