"""A bounded sample of numbers, of which grids need the shape and not every value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from obs_dagster.profile import arrays
from obs_dagster.profile.distribution import FloatArray

#: Rows of a sample: shares of it are off by a fifth of a percent at most (one standard error).
SHAPE_ROWS = 1 << 16
_BATCH = 1 << 17


def sample_numbers(rows: nw.LazyFrame[Any], names: Sequence[str]) -> dict[str, FloatArray]:
    """The finite values of columns in some rows.

    These are all rows, or about `SHAPE_ROWS` drawn with equal chances; the same rows in the same order
    give the same sample.

    Args:
        rows: rows with these columns, which are numeric.
        names: of the columns.
    """
    sample = _Sample(len(names))
    for batch in _batches(rows.select(nw.col(name).cast(nw.Float64) for name in names)):
        sample.add(batch)
    return {name: values[np.isfinite(values)] for name, values in zip(names, sample.values, strict=True)}


def _batches(rows: nw.LazyFrame[Any]) -> Iterator[pa.RecordBatch]:
    if rows.implementation is nw.Implementation.DUCKDB:
        yield from rows.to_native().to_arrow_reader(_BATCH)
        return
    if rows.implementation is nw.Implementation.PYSPARK:
        # what is collected lies in the driver's memory
        native = rows.to_native()
        share = SHAPE_ROWS / max(native.count(), 1)
        rows = rows if share >= 1 else nw.from_native(native.sample(fraction=share, seed=0))
    if rows.implementation is nw.Implementation.IBIS:
        rows = _drawn_in_warehouse(rows)
    yield from rows.collect("pyarrow").to_native().to_batches(_BATCH)


def _drawn_in_warehouse(rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """About `SHAPE_ROWS` rows, drawn where they are."""
    native = rows.to_native()
    number = sum(rows.select(nw.len()).collect("pyarrow").to_native()[0].to_pylist())
    share = SHAPE_ROWS / max(number, 1)
    return rows if share >= 1 else nw.from_native(native.sample(share, seed=0))


class _Sample:
    """Rows with the lowest of random numbers, as batches of rows come in.

    Attributes:
        values: shape (columns, rows so far), NaN where there is none.
    """

    def __init__(self, columns: int) -> None:
        self.values: FloatArray = np.empty((columns, 0))
        self._rng = np.random.default_rng(0)
        self._drawn: FloatArray = np.empty(0)
        self._below = 1.0

    def add(self, batch: pa.RecordBatch) -> None:
        """Draw from a batch."""
        drawn = self._rng.random(batch.num_rows)
        kept = np.flatnonzero(drawn < self._below)
        new = np.array([arrays.floats(column)[kept] for column in batch.columns])
        self.values = np.concatenate([self.values, new], axis=1)
        self._drawn = np.concatenate([self._drawn, drawn[kept]])
        while len(self._drawn) > SHAPE_ROWS:
            self._below /= 2
            kept = np.flatnonzero(self._drawn < self._below)
            self.values, self._drawn = self.values[:, kept], self._drawn[kept]
