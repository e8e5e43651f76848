"""Numbers of requests and components as rows of the counts of a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.spans.table import SCHEMA, bins_of

#: What is counted, but for the version.
_COUNTS = pa.schema([field for field in SCHEMA if field.name != "version"])


def by(group: IntArray, names: Sequence[str], what: str, values: FloatArray) -> Iterator[pa.Table]:
    """Count, sum and sum of squares of each group that has any."""
    n = np.bincount(group, minlength=len(names))
    there = np.flatnonzero(n)
    if len(there):
        sums = [np.bincount(group, weights=each, minlength=len(names)) for each in (values, values * values)]
        told = [each[there].astype(np.float64) for each in sums]
        yield _table([names[int(each)] for each in there], what, None, n[there], told)


def grid(group: IntArray, names: Sequence[str], what: str, values: FloatArray) -> Iterator[pa.Table]:
    """How many values of each group are in each bin."""
    if len(values):
        keys, n = np.unique(np.stack([group, bins_of(values)]), axis=1, return_counts=True)
        sums = [np.zeros(len(n))] * 2
        yield _table([names[int(each)] for each in keys[0]], what, keys[1], n, sums)


def counts(component: str, what: str, n: int) -> pa.Table:
    """A count of a component."""
    return _table([component], what, None, np.array([n]), [np.zeros(1)] * 2)


def _table(
    components: Sequence[str], what: str, bins: IntArray | None, n: IntArray, sums: Sequence[FloatArray]
) -> pa.Table:
    placed = pa.nulls(len(components), pa.int64()) if bins is None else pa.array(bins, pa.int64())
    columns = [
        pa.array(components, pa.string()),
        pa.array([what] * len(components), pa.string()),
        placed,
        pa.array(n, pa.int64()),
        *(pa.array(each, pa.float64()) for each in sums),
    ]
    return pa.Table.from_arrays(columns, schema=_COUNTS)
