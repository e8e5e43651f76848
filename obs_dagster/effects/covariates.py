"""Features as the numbers that nuisance models learn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.profile.distribution import FloatArray

VALUES, LEAST = 12, 20
"""Values of a category that have a column of their own at most, and the rows that one needs for it."""

MOST = 100
"""Covariates that are learned from at most."""

_SMALL = 1e-12
_FAR = 3
"""Interquartile ranges from the median, from which on numbers are taken by their logarithm."""


def covariates(rows: pa.Table, numbers: Sequence[str], categories: Sequence[str]) -> FloatArray:
    """The features of rows as a matrix of finite numbers of similar size, shape (rows, columns).

    A number is asinh((x - median) / (3 IQR)), as good as itself but far out, where it is its logarithm; it is
    0 where it is missing, and a column says where it is. A category has a column for each frequent value, and
    one with the share of rows that have the row's value. A column that is the same for all rows is left out.

    Args:
        rows: the rows.
        numbers: the columns that hold numbers.
        categories: those that hold names.
    """
    found = [each for name in numbers for each in _number(rows[name])]
    found += [each for name in categories for each in _category(rows[name])]
    telling = [each for each in found if len(each) and each.min() < each.max()]
    return np.column_stack(telling) if telling else np.zeros((rows.num_rows, 0))


def telling(known: FloatArray, *targets: FloatArray) -> FloatArray:
    """Of very many covariates those that go along with a target most; of no more than `MOST` all.

    What either says of routing or of the outcome is kept, for leaving out one of them would bias an effect
    (double selection: Belloni, Chernozhukov and Hansen, Review of Economic Studies 81, 2014, 608-650).

    Args:
        known: the covariates, shape (rows, columns).
        targets: each of shape (rows,); each has an equal part of those that are kept.
    """
    if known.shape[1] <= MOST:
        return known
    centred = known - known.mean(axis=0)
    size = np.maximum(np.sqrt((centred**2).sum(axis=0)), _SMALL)
    chosen: set[int] = set()
    for target in targets:
        along = np.abs((target - target.mean()) @ centred) / size
        chosen.update(np.argsort(-along, kind="stable")[: MOST // len(targets)].tolist())
    return known[:, sorted(chosen)]


def _number(column: pa.ChunkedArray) -> list[FloatArray]:
    values = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    known = np.isfinite(values)
    if not known.any():
        return []
    low, middle, high = np.quantile(values[known], [0.25, 0.5, 0.75])
    scale = _FAR * (high - low) or float(np.std(values[known])) or 1.0
    placed = np.zeros(len(values))
    placed[known] = np.arcsinh((values[known] - middle) / scale)
    return [placed, np.where(known, 0.0, 1.0)]


def _category(column: pa.ChunkedArray) -> list[FloatArray]:
    encoded = pc.fill_null(pc.cast(column, pa.string()), "").combine_chunks().dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    counts = np.bincount(codes, minlength=len(encoded.dictionary))
    # the most frequent first, equal ones by name, so that the order of rows changes nothing
    names = encoded.dictionary.to_pylist()
    frequent = sorted(range(len(names)), key=lambda each: (-counts[each], names[each]))[:VALUES]
    own = [(codes == each).astype(np.float64) for each in frequent if counts[each] >= LEAST]
    return [*own, counts[codes] / max(1, len(codes))] if len(names) else []
