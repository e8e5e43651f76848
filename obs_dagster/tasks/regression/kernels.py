"""Loops over predictions of a number and their labels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.loops.compilation import compiled
from obs_dagster.profile.loops.kernels import Codes, Numbers, missing
from obs_dagster.tasks.regression.units import NOTHING


class Unit(NamedTuple):
    """What numbers are counted in.

    Attributes:
        centre: what they are counted from.
        scale: how much one is.
        bound: numbers further from the centre, or from zero, are taken for infinite.
    """

    centre: float
    scale: float
    bound: float


class Pairs(NamedTuple):
    """Some rows.

    Attributes:
        predictions: shape (rows,); anything where a row is no pair.
        targets: likewise.
        errors: prediction less target, shape (rows,); NaN where either is no finite number.
        cells: the segment cell of each row, shape (rows,).
    """

    predictions: FloatArray
    targets: FloatArray
    errors: FloatArray
    cells: Codes


@compiled
def _near(numbers: Numbers, row: int, unit: Unit) -> bool:
    """Whether a row has a finite number that is not so far out that its powers would overflow."""
    if missing(numbers, row) >= 0:
        return False
    value = numbers.values[row]
    return bool(abs(value - unit.centre) <= unit.bound and abs(value) <= unit.bound)


@compiled
def pair_errors(predictions: Numbers, targets: Numbers, unit: Unit, errors: FloatArray) -> None:
    """Write the error of every row, shape (rows,): NaN where it is no pair."""
    for row in range(len(errors)):
        errors[row] = np.nan
        if _near(predictions, row, unit) and _near(targets, row, unit):
            errors[row] = predictions.values[row] - targets.values[row]


@compiled
def add_pairs(pairs: Pairs, unit: Unit, counts: IntArray, sums: FloatArray, ends: FloatArray) -> None:
    """Add rows to their cells.

    Args:
        pairs: the rows.
        unit: of the sums.
        counts: rows, and pairs among them, shape (cells, 2).
        sums: in the order of `PAIR_SUMS`, shape (cells, 20).
        ends: the least and the greatest target of pairs, shape (cells, 2).
    """
    for row in range(len(pairs.errors)):
        cell = pairs.cells[row]
        counts[cell, 0] += 1
        if np.isnan(pairs.errors[row]):
            continue
        counts[cell, 1] += 1
        target = pairs.targets[row]
        ends[cell, 0], ends[cell, 1] = min(target, ends[cell, 0]), max(target, ends[cell, 1])
        d, g = (target - unit.centre) / unit.scale, (pairs.predictions[row] - unit.centre) / unit.scale
        e, size = pairs.errors[row] / unit.scale, abs(target) / unit.scale
        both = size + abs(pairs.predictions[row]) / unit.scale
        absolute, symmetric = abs(e), 0.0
        if both > 0:
            symmetric = 2.0 * absolute / both
        into = sums[cell]
        into[0] += g
        into[1] += g * g
        into[2] += d
        into[3] += d * d
        into[4] += d * d * d
        into[5] += d * d * d * d
        into[6] += e
        into[7] += e * e
        into[8] += e * e * e * e
        into[9] += e * e * d
        into[10] += e * e * d * d
        into[11] += absolute
        into[12] += size
        into[13] += size * size
        into[14] += absolute * size
        if abs(target) >= NOTHING:
            relative = absolute / size
            into[15] += 1.0
            into[16] += relative
            into[17] += relative * relative
        into[18] += symmetric
        into[19] += symmetric * symmetric


@compiled
def add_intervals(low: Numbers, high: Numbers, pairs: Pairs, unit: Unit, sums: FloatArray) -> None:
    """Add the predicted intervals of pairs to sums in the order of `INTERVAL_SUMS`, shape (cells, 4)."""
    for row in range(len(pairs.errors)):
        if np.isnan(pairs.errors[row]) or not (_near(low, row, unit) and _near(high, row, unit)):
            continue
        least, most = low.values[row], high.values[row]
        if least > most:
            continue
        width, into = (most - least) / unit.scale, sums[pairs.cells[row]]
        into[0] += 1.0
        into[1] += int(least <= pairs.targets[row] <= most)
        into[2] += width
        into[3] += width * width


@compiled
def add_quantile(values: Numbers, level: float, pairs: Pairs, unit: Unit, sums: FloatArray) -> None:
    """Add a predicted quantile of pairs to how many have one and `QUANTILE_SUMS`, shape (cells, 4)."""
    for row in range(len(pairs.errors)):
        if np.isnan(pairs.errors[row]) or not _near(values, row, unit):
            continue
        miss = (pairs.targets[row] - values.values[row]) / unit.scale
        loss = level * miss if miss >= 0 else (level - 1.0) * miss
        into = sums[pairs.cells[row]]
        into[0] += 1.0
        into[1] += int(miss <= 0)
        into[2] += loss
        into[3] += loss * loss


class Bins(NamedTuple):
    """What is kept of bins.

    Attributes:
        counts: rows, shape (bins,).
        sums: of k numbers a row, shape (bins, k).
        ends: the least and the greatest value, shape (bins, 2).
    """

    counts: IntArray
    sums: FloatArray
    ends: FloatArray


@compiled
def add_bins(places: Codes, values: FloatArray, summed: FloatArray, bins: Bins) -> None:
    """Add rows to the bins at places, shape (rows,), given their values and what is summed, (k, rows)."""
    for row in range(len(places)):
        place, value = places[row], values[row]
        bins.counts[place] += 1
        bins.ends[place, 0] = min(value, bins.ends[place, 0])
        bins.ends[place, 1] = max(value, bins.ends[place, 1])
        for each in range(len(summed)):
            bins.sums[place, each] += summed[each, row]
