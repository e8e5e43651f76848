"""A day's counts with noise of differential privacy, in the place of those of its rows.

Each row is in one bucket of each histogram: its version or the quarantine, a bucket of each column, a bucket
of outcomes. The epsilon of an export is shared evenly by these; days, versions and the quarantine have
different rows, and each the whole share (parallel composition). What comes out is made to fit: no count is
below 0, and each column of a version has the rows of the version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.federation.buckets import (
    Bucket,
    CategoryBuckets,
    NumberBuckets,
    allowed_values,
    bins_of,
)
from obs_dagster.federation.noise import Draw, Noise, consistent, drawn_noise
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.columns import profiled_columns
from obs_dagster.profile.distribution import IntArray
from obs_dagster.profile.grids.grid import CategoryGrid, Grids
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.profile.profile import SCHEMA, merge_rows
from obs_dagster.tasks.outcomes import OutcomeTable
from obs_dagster.tasks.protocol import task_of

_TENTHS = np.linspace(0.05, 0.95, 10)
_CERTAIN = 1e-6


@dataclass(frozen=True, slots=True)
class Shares:
    """How the epsilon of a day is shared.

    Attributes:
        epsilon: of the day.
        histograms: by which it is shared.
    """

    epsilon: float
    histograms: int

    @classmethod
    def of(cls, monitor: Monitor, epsilon: float) -> Shares:
        """One for rows, one for each column, and one for outcomes where they are sent."""
        return cls(epsilon, 1 + len(profiled_columns(monitor)) + (sendable(monitor) is not None))

    @property
    def noise(self) -> Noise:
        """The noise of each histogram."""
        return Noise(self.epsilon / self.histograms)

    @property
    def of_rows(self) -> float:
        """The epsilon of all that is said of a day but its outcomes."""
        return self.epsilon - self.of_outcomes

    @property
    def of_outcomes(self) -> float:
        """The epsilon of outcomes."""
        return self.epsilon / self.histograms


def sendable(monitor: Monitor) -> OutcomeTable | None:
    """What outcomes of a task are counted as, where they are bins of a score; None if they are not sent."""
    kind = task_of(monitor).outcomes
    if kind is None or {*kind.keys} != {"version", "segment", "bin", "decision", "label"}:
        return None
    return kind if monitor.labels is not None else None


def noised_profile(  # noqa: PLR0917  one call
    profile: pa.Table,
    quarantined: int,
    monitor: Monitor,
    grids: Grids,
    noise: Noise,
    draw: Draw = drawn_noise,
) -> tuple[pa.Table, int]:
    """All rows of each version of a day as counts with noise, and the number of quarantined rows with noise.

    Segment cells are not sent: each would take a share of the epsilon.

    Args:
        profile: rows of `SCHEMA`.
        quarantined: how many rows are in quarantine.
        monitor: names the columns, and the values that are allowed.
        grids: what it is counted on.
        noise: of each histogram.
        draw: adds it.
    """
    whole = profile.filter(pc.equal(profile["segment"], WHOLE)).to_pylist()
    rows = {row["version"]: int(row["n"]) for row in whole if not row["column"]}
    versions = sorted(rows)
    noised = draw(np.array([*(rows[each] for each in versions), quarantined], dtype=np.int64), noise)
    noised = np.maximum(noised, 0)
    found = [SCHEMA.empty_table()]
    for version, total in zip(versions, noised.tolist(), strict=False):
        of_version = [row for row in whole if row["version"] == version]
        lines = [_line(version, "", Bucket("rows"), int(total))]
        for column in profiled_columns(monitor):
            own = [row for row in of_version if row["column"] == column.name]
            grid = grids.columns.get(column.name)
            if grid is None or not own:
                # the log has no such column, which the schema says
                continue
            if isinstance(grid, CategoryGrid):
                buckets: CategoryBuckets | NumberBuckets = CategoryBuckets.of(allowed_values(monitor, column))
            else:
                buckets = NumberBuckets.of(grid)
            counts = np.zeros(len(buckets.listed), dtype=np.int64)
            for row, place in zip(own, buckets.places(own), strict=True):
                if place is not None:
                    counts[place] += int(row["n"])
            told = consistent(draw(counts, noise), int(total))
            lines += _lines(version, column.name, buckets.listed, told)
        if total:
            found.append(pa.Table.from_pylist(lines, SCHEMA))
    return merge_rows(pa.concat_tables(found)), int(noised[-1])


def _lines(version: str, column: str, buckets: Sequence[Bucket], counts: IntArray) -> list[dict[str, Any]]:
    """The rows of a profile for the buckets of a column, with the sums that follow from them."""
    filled = [(each, int(n)) for each, n in zip(buckets, counts, strict=True) if n]
    lines = [_line(version, column, each, n) for each, n in filled]
    numbers = [(each.value, n) for each, n in filled if each.value is not None]
    if numbers:
        values, n = (np.array(each, dtype=np.float64) for each in zip(*numbers, strict=True))
        lines.append(
            _line(version, column, Bucket("moments"), 0)
            | {
                "total": float((values * n).sum()),
                "total_sq": float((values * values * n).sum()),
                "minimum": float(values.min()),
                "maximum": float(values.max()),
            }
        )
    return lines


def _line(version: str, column: str, bucket: Bucket, n: int) -> dict[str, Any]:
    line = dict.fromkeys(SCHEMA.names) | {
        "version": version,
        "segment": WHOLE,
        "column": column,
        "kind": bucket.kind,
        "key": bucket.key,
        "category": bucket.category,
        "n": n,
    }
    if bucket.kind == "rest":
        # of values that are not named any one may have all
        return line | {"total": float(n)}
    # all that is in a bucket counts as the value that stands for it
    return line | ({"minimum": bucket.value, "maximum": bucket.value} if bucket.kind == "bin" else {})


def noised_outcomes(  # noqa: PLR0917  one call
    outcomes: pa.Table,
    totals: Mapping[str, int],
    monitor: Monitor,
    kind: OutcomeTable,
    noise: Noise,
    draw: Draw = drawn_noise,
) -> pa.Table:
    """The outcomes of each version by tenths of the score, decision and label, with noise.

    Args:
        outcomes: rows of the schema of `kind`.
        totals: the rows of each version, with noise.
        monitor: says what decisions are made of.
        kind: what the task counts.
        noise: of the histogram.
        draw: adds it.
    """
    whole = outcomes.filter(pc.equal(outcomes["segment"], WHOLE)).to_pylist()
    cells = _outcome_cells(monitor)
    places = {cell: place for place, cell in enumerate(cells)}
    found = [kind.schema.empty_table()]
    for version, total in sorted(totals.items()):
        counts = np.zeros(len(cells), dtype=np.int64)
        for row in whole:
            cell = (_tenth(row["bin"]), row["decision"], row["label"])
            if row["version"] == version and (place := places.get(cell)) is not None:
                counts[place] += int(row["n"])
        told = consistent(draw(counts, noise), total)
        lines = [_outcome(version, cell, int(n), kind) for cell, n in zip(cells, told, strict=True) if n]
        if lines:
            found.append(pa.Table.from_pylist(lines, kind.schema))
    return merge_rows(pa.concat_tables(found), kind.keys, kind.added)


_Outcome = tuple[int, bool, bool | None]
"""A tenth of the score, the decision, and the label."""


def _outcome_cells(monitor: Monitor) -> list[_Outcome]:
    """Everything that can be: of decisions that are made of scores, none beyond the threshold."""
    made = monitor.logs.columns.prediction is None and isinstance(monitor.logs.threshold, (int, float))
    threshold = float(monitor.logs.threshold) if made else None
    cells: list[_Outcome] = []
    for tenth in range(10):
        for decision in (False, True):
            beyond = threshold is not None and (
                (tenth + 1) / 10 <= threshold if decision else tenth / 10 >= threshold
            )
            if not beyond:
                cells += [(tenth, decision, label) for label in (None, False, True)]
    return cells


def _tenth(number: int | None) -> int:
    """The tenth of the score that a bin is in; rows without a score are in the first."""
    if number is None:
        return 0
    return int(np.searchsorted(ScoreGrid().tenths, number, side="right")) - 1


def _outcome(version: str, cell: _Outcome, n: int, kind: OutcomeTable) -> dict[str, Any]:
    tenth, decision, label = cell
    score = float(_TENTHS[tenth])
    line = dict.fromkeys(kind.schema.names) | {
        "version": version,
        "segment": WHOLE,
        "bin": bins_of(ScoreGrid(), np.array([score]))[0],
        "decision": decision,
        "label": label,
        "n": n,
    }
    if label is None:
        return line
    right = min(max(score if label else 1.0 - score, _CERTAIN), 1.0 - _CERTAIN)
    loss, brier = -float(np.log(right)), (score - label) ** 2
    return line | {
        "score_sum": n * score,
        "log_loss_sum": n * loss,
        "log_loss_sq": n * loss * loss,
        "brier_sum": n * brier,
        "brier_sq": n * brier * brier,
        "score_min": score,
        "score_max": score,
    }
