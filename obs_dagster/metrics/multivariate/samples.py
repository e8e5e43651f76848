"""Rows of a day beside rows of its baseline: what metrics of several columns are computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.metrics.multivariate.ordinary import too_few
from obs_dagster.metrics.multivariate.ranks import Ranks
from obs_dagster.metrics.multivariate.trees import Told, told_apart
from obs_dagster.metrics.record import NO_BASELINE, NO_ROWS
from obs_dagster.profile.distribution import FloatArray

LEAST_ROWS = 100
"""Fewer rows of a side say little of several columns."""


@dataclass(frozen=True)
class Samples:
    """Two samples of rows with the same columns.

    Attributes:
        numbers: the columns that hold numbers; there is one in each sample.
        categories: the columns that hold names, likewise.
        baseline: rows of what is compared with; None if there is nothing.
        current: rows of the day.
        seed: a non-negative integer; the same rows and seed give the same estimates.
        ordinary: by metric, what days of the baseline are that are held against the others.
        uncalibrated: why days say nothing of how they differ, beside that there are too few; else empty.
    """

    numbers: Sequence[str]
    categories: Sequence[str]
    baseline: pa.Table | None
    current: pa.Table
    seed: int
    ordinary: Mapping[str, Sequence[float]] = field(default_factory=dict)
    uncalibrated: str = ""

    @property
    def n(self) -> int:
        """Rows of the day."""
        return int(self.current.num_rows)

    @cached_property
    def obstacle(self) -> str:
        """Why the two cannot be compared; empty if they can."""
        if self.baseline is None or self.baseline.num_rows == 0:
            return NO_BASELINE
        if self.n == 0:
            return NO_ROWS
        fewest = min(self.n, self.baseline.num_rows)
        return f"{fewest} rows, {LEAST_ROWS} are needed" if fewest < LEAST_ROWS else ""

    def not_calibrated(self, metric: str) -> str:
        """Why it is not known what a metric is on ordinary days; empty if it is."""
        return self.uncalibrated or too_few(len(self.ordinary.get(metric, ())))

    @property
    def columns(self) -> list[str]:
        """All columns, in the order of `coded`."""
        return [*self.numbers, *self.categories]

    @cached_property
    def numeric(self) -> tuple[FloatArray, FloatArray]:
        """The numbers of both sides, shape (rows, columns) each; NaN where there is none."""
        return self._numbers(self._compared), self._numbers(self.current)

    @cached_property
    def coded(self) -> tuple[FloatArray, FloatArray]:
        """All columns as numbers: names by their place among the baseline's, the most frequent first.

        What the baseline does not have comes after all of it; what is missing is NaN.
        """
        return self._with_names(ranks=True)

    @cached_property
    def shares(self) -> tuple[FloatArray, FloatArray]:
        """All columns as numbers: names by their share of the baseline's rows, 0 for what it lacks."""
        return self._with_names(ranks=False)

    @cached_property
    def told(self) -> Told:
        """What trees say that tell one from the other."""
        return told_apart(*self.coded, self.seed)

    @cached_property
    def ranks(self) -> Ranks:
        """The ranks of the numbers."""
        return Ranks.of(list(self.numbers), *self.numeric)

    @property
    def _compared(self) -> pa.Table:
        if self.baseline is None:
            raise ValueError(NO_BASELINE)
        return self.baseline

    def _numbers(self, rows: pa.Table) -> FloatArray:
        found = [
            pc.cast(rows[name], pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            for name in self.numbers
        ]
        made: FloatArray = np.column_stack(found) if found else np.empty((rows.num_rows, 0))
        made[~np.isfinite(made)] = np.nan
        return made

    def _with_names(self, *, ranks: bool) -> tuple[FloatArray, FloatArray]:
        sides = [[each] for each in self.numeric]
        for name in self.categories:
            before, now = (pc.cast(rows[name], pa.string()) for rows in (self._compared, self.current))
            counted = pc.value_counts(pc.drop_null(before))
            frequent = sorted(
                zip(counted.field(1).to_pylist(), counted.field(0).to_pylist(), strict=True),
                key=lambda each: (-each[0], each[1]),
            )
            total = sum(count for count, _ in frequent)
            known = {
                value: float(place) if ranks else count / total
                for place, (count, value) in enumerate(frequent)
            }
            unknown = float(len(frequent)) if ranks else 0.0
            for side, values in zip(sides, (before, now), strict=True):
                coded = [
                    np.nan if value is None else known.get(value, unknown) for value in values.to_pylist()
                ]
                side.append(np.array(coded, dtype=np.float64)[:, None])
        baseline, current = (np.concatenate(side, axis=1) for side in sides)
        return baseline, current


@dataclass(frozen=True)
class SampledColumn:
    """One column among the others.

    Attributes:
        samples: all of them.
        name: which one.
    """

    samples: Samples
    name: str
