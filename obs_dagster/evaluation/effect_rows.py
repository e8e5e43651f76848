"""Labelled rows of days on which two versions served side by side, drawn alike from each version and day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from obs_dagster.effects.covariates import covariates, telling
from obs_dagster.effects.rows import ServedRows
from obs_dagster.effects.values import values_of
from obs_dagster.evaluation.day_rows import (
    HASH,
    ROWS,
    compared_features,
    counted_rows,
    of_version,
    rows_of_day,
)
from obs_dagster.evaluation.effect_outcome import outcomes_of
from obs_dagster.evaluation.labelled_rows import id_of_label, with_labels
from obs_dagster.evaluation.night import Night
from obs_dagster.lake.columns import DAY, LABEL
from obs_dagster.monitor.effect import Outcome
from obs_dagster.profile.cells import cell_name
from obs_dagster.quality.sampled import labels_here

MOST = 20_000
"""Rows of a version that an effect is learned from at most, the same number of each day."""

MOST_VALUES = 4_000_000
"""Their values at most: of more than 200 features rows are fewer, so that memory is bounded."""

SHARED = 0.01
"""The share of the rows of a day that both versions have scored, from which on one is the other's shadow."""

_SECOND, _WEIGHT = "_obs_second", "_obs_weight"


@dataclass(frozen=True)
class Drawn:
    """Rows of days in common.

    Attributes:
        rows: with features, what the model put out, label, day, version and weight; None if there are none.
        days: those on which both versions served, and not one in the shadow of the other.
        shadow: those on which one did.
        gone: those whose rows were removed since.
        served: rows of the log on `days`, of the first and of the second version.
        labelled: the share of the rows of either that has a label.
    """

    rows: pa.Table | None
    days: Sequence[dt.date]
    shadow: Sequence[dt.date]
    gone: Sequence[dt.date]
    served: tuple[int, int]
    labelled: tuple[float, float]


def drawn_rows(night: Night, first: str, second: str, days: Sequence[dt.date]) -> Drawn:
    """Rows of both versions on some days on which both served.

    Of each version and day as many as `MOST` leaves it, `day_rows.ROWS` at most: those whose ids have the
    lowest hashes, which are drawn once and kept by day.

    Args:
        night: what it is evaluated with.
        first: a version.
        second: the other one.
        days: those whose labels are complete.

    Raises:
        LakeError: a day has not been validated.
        SourceError: a file that is read in place is gone or was rewritten.
    """
    used, shadow, gone, held = [], [], [], []
    rows_of_version = min(MOST, MOST_VALUES // max(1, len(compared_features(night.monitor))))
    served = [0, 0]
    for day in days:
        counts, kept = counted_rows(night, day), rows_of_day(night, day)
        if kept is None:
            gone.append(day)
            continue
        sides = [of_version(kept, version) for version in (first, second)]
        if min(side.num_rows for side in sides) == 0:
            continue
        if _shared(sides[0], sides[1]) > SHARED:
            shadow.append(day)
            continue
        used.append(day)
        most = min(ROWS, max(1, rows_of_version // len(days)))
        for place, (version, side) in enumerate(zip((first, second), sides, strict=True)):
            lowest = side.slice(0, most)
            served[place] += counts[version]
            held.append(_told(lowest, day, second=place == 1, weight=counts[version] / lowest.num_rows))
    rows = _labelled(night, pa.concat_tables(held), used) if held else None
    return Drawn(rows, used, shadow, gone, (served[0], served[1]), _shares(rows))


def served_rows(drawn: pa.Table, night: Night, outcome: Outcome) -> ServedRows:
    """The drawn rows whose outcome is known, of days of which both versions have such, for the estimates.

    Raises:
        EffectError: the model has no such outcome.
    """
    monitor = night.monitor
    found = outcomes_of(drawn, monitor, outcome)
    known = np.isfinite(found.values)
    rows = drawn.filter(pa.array(known))
    features = compared_features(monitor)
    numbers = [name for name, each in features.items() if each.numeric]
    categories = [name for name, each in features.items() if not each.numeric]
    days = np.array(rows[DAY].to_pylist(), dtype=object)
    second = np.array(rows[_SECOND].to_pylist(), dtype=bool)
    return ServedRows(
        covariates=telling(covariates(rows, numbers, categories), second * 1.0, found.values[known]),
        treated=second,
        outcome=found.values[known],
        day=np.unique(days, return_inverse=True)[1].astype(np.int64),
        weight=rows[_WEIGHT].to_numpy(),
        binary=found.binary,
        segments=_segments(rows, [cut for cut in monitor.cuts if cut and features.keys() >= {*cut}]),
        values=values_of(rows, numbers, categories),
    ).side_by_side()


def _shared(first: pa.Table, second: pa.Table) -> float:
    """The share of the rows of one version that the other has scored too, where all of both are there."""
    # of either version those with the lowest hashes are there: below the lower end all of both are
    ends = [side[HASH].to_numpy().max() for side in (first, second)]
    ids = [
        set(side[HASH].to_numpy()[side[HASH].to_numpy() <= min(ends)].tolist()) for side in (first, second)
    ]
    least = min(map(len, ids))
    return len(ids[0] & ids[1]) / least if least else 0.0


def _told(rows: pa.Table, day: dt.date, *, second: bool, weight: float) -> pa.Table:
    n = rows.num_rows
    return (
        rows.append_column(DAY, pa.array([str(day)] * n, pa.string()))
        .append_column(_SECOND, pa.array([second] * n, pa.bool_()))
        .append_column(_WEIGHT, pa.array([weight] * n, pa.float64()))
    )


def _labelled(night: Night, rows: pa.Table, days: Sequence[dt.date]) -> pa.Table:
    """The rows with their labels; null where there is none."""
    monitor = night.monitor
    files = [path for day in days if (path := labels_here(monitor, day, night.lake)) is not None]
    if not files:
        return rows.append_column(LABEL, pa.nulls(rows.num_rows, pa.float64()))
    return with_labels(monitor, rows, files, id_of_label(monitor), every=True)


def _shares(rows: pa.Table | None) -> tuple[float, float]:
    if rows is None:
        return 0.0, 0.0
    second = np.array(rows[_SECOND].to_pylist(), dtype=bool)
    weight, known = rows[_WEIGHT].to_numpy(), np.array(rows[LABEL].is_valid().to_pylist(), dtype=bool)
    shares = [float(weight[of & known].sum() / weight[of].sum()) for of in (~second, second)]
    return shares[0], shares[1]


def _segments(rows: pa.Table, cuts: Sequence[tuple[str, ...]]) -> Mapping[str, NDArray[np.bool_]]:
    """By segment cell, which rows are in it."""
    found: dict[str, NDArray[np.bool_]] = {}
    for cut in cuts:
        columns = [pc.cast(rows[name], pa.string()).to_pylist() for name in cut]
        names = np.array([cell_name(cut, values) for values in zip(*columns, strict=True)], dtype=object)
        cells, place = np.unique(names, return_inverse=True)
        found |= {str(cell): place == number for number, cell in enumerate(cells)}
    return found
