"""Uplift and Qini curves of counts, the areas under them, and how sure these are.

Rows are taken from the highest score down; those of one bin come together, as ties do. Counts have the shape
(…, k, 2, 2): by bin, treatment and label; whatever stands before it are further samples.
"""

from __future__ import annotations

import numpy as np

from obs_dagster.profile.distribution import FloatArray, IntArray

SAMPLES, GROUPS = 200, 100
"""Bootstrap samples; and bins that counts are joined to for them."""


def gain_curve(counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The uplift curve: rows, and their number times the difference in positives' shares among them.

    Both have shape (…, k + 1) and begin at 0: `sklift.metrics.uplift_curve`, `causalml.metrics.get_cumgain`.
    """
    rows, control, treated = _cumulative(counts)
    difference = _divided(treated[1], treated[0]) - _divided(control[1], control[0])
    return _from_zero(rows), _from_zero(difference * rows)


def qini_curve(counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The Qini curve: rows, and positives among the treated less those of as many untreated.

    Both have shape (…, k + 1) and begin at 0: Y_T - Y_C N_T / N_C, `sklift.metrics.qini_curve` and
    `causalml.metrics.get_qini` (Radcliffe, Direct Marketing Analytics Journal 1, 2007, 14-21).
    """
    rows, control, treated = _cumulative(counts)
    return _from_zero(rows), _from_zero(treated[1] - control[1] * _divided(treated[0], control[0]))


def auuc(counts: FloatArray) -> FloatArray:
    """The area under the uplift curve, both axes as shares of the rows; shape (…)."""
    rows, gain = gain_curve(counts)
    return _area(rows, gain) / rows[..., -1] ** 2


def qini(counts: FloatArray) -> FloatArray:
    """The Qini coefficient: what the curve has above the straight line, as a part of what the best one has.

    `sklift.metrics.qini_auc_score(negative_effect=True)`: the best order has the treated positives first, and
    the untreated ones last. NaN where the best one has nothing; shape (…).
    """
    rows, value = qini_curve(counts)
    perfect_rows, perfect = qini_curve(_best_order(counts))
    straight = rows[..., -1] * value[..., -1] / 2
    return _divided(_area(rows, value) - straight, _area(perfect_rows, perfect) - straight, otherwise=np.nan)


def deviation_of(counts: IntArray, seed: int, of: tuple[str, ...] = ("auuc", "qini")) -> dict[str, float]:
    """The standard deviation of areas, by the bootstrap: rows by bin, treatment and label are multinomial.

    Args:
        counts: shape (k, 2, 2).
        seed: a non-negative integer.
        of: the areas.
    """
    few = np.add.reduceat(counts, _starts(counts.sum(axis=(1, 2))), axis=0)
    n = int(few.sum())
    drawn = np.random.default_rng(seed).multinomial(n, few.ravel() / n, size=SAMPLES)
    samples = drawn.reshape(SAMPLES, *few.shape).astype(np.float64)
    areas = {"auuc": auuc, "qini": qini}
    return {name: float(np.nanstd(areas[name](samples), ddof=1)) for name in of}


def highest(counts: FloatArray, share: float) -> FloatArray:
    """The part of each bin that is among the rows of the highest scores, shape (k,)."""
    of_bin = counts.sum(axis=(1, 2))
    before = np.cumsum(of_bin) - of_bin
    return np.clip(_divided(share * of_bin.sum() - before, of_bin), 0.0, 1.0)


def top(counts: FloatArray, share: float) -> FloatArray:
    """Rows of the highest scores by treatment and label, shape (2, 2)."""
    found: FloatArray = (counts * highest(counts, share)[:, None, None]).sum(axis=0)
    return found


def _cumulative(counts: FloatArray) -> tuple[FloatArray, tuple[FloatArray, ...], tuple[FloatArray, ...]]:
    """All rows, and rows and positives of the untreated and of the treated, up to each bin."""
    total = np.cumsum(counts, axis=-3)
    sides = [(total[..., side, :].sum(axis=-1), total[..., side, 1]) for side in (0, 1)]
    return sides[0][0] + sides[1][0], sides[0], sides[1]


def _best_order(counts: FloatArray) -> FloatArray:
    """The counts in three bins: treated positives, negatives, untreated positives."""
    total = counts.sum(axis=-3)
    found = np.zeros((*total.shape[:-2], 3, 2, 2))
    found[..., 0, 1, 1] = total[..., 1, 1]
    found[..., 1, :, 0] = total[..., :, 0]
    found[..., 2, 0, 1] = total[..., 0, 1]
    return found


def _starts(rows: IntArray) -> IntArray:
    """Where each of some hundred groups of about as many rows begins."""
    group = np.minimum((np.cumsum(rows) - rows) * GROUPS // max(int(rows.sum()), 1), GROUPS - 1)
    return np.flatnonzero(np.diff(group, prepend=-1))


def _from_zero(values: FloatArray) -> FloatArray:
    return np.concatenate([np.zeros((*values.shape[:-1], 1)), values], axis=-1)


def _area(x: FloatArray, y: FloatArray) -> FloatArray:
    return np.asarray(np.trapezoid(y, x, axis=-1))


def _divided(top_: FloatArray, bottom: FloatArray, otherwise: float = 0.0) -> FloatArray:
    found: FloatArray = np.divide(top_, bottom, out=np.full(np.shape(top_), otherwise), where=bottom != 0)
    return found
