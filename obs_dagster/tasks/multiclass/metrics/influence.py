"""How much each row moves a statistic of the confusion matrix: the delta method's covariances.

With cells N_ij of n rows drawn from shares p_ij, a smooth statistic t(N / n) has nearly the covariance
(1/n) Σ_ij p_ij ψ_ij ψ'_ij, where ψ_ij is how fast t grows as rows are added to a cell, less its mean
(Agresti, Categorical Data Analysis, 3rd ed., 16.1).
"""

from __future__ import annotations

import numpy as np

from obs_dagster.profile.distribution import FloatArray, IntArray

#: Rows that are added in the proportions of independent labels and predictions, so that a matrix without a
#: mistake, or a class without a hit, does not look as if it were sure to be so.
SMOOTHING = 2.0


def shares(confusion: IntArray, *, smoothing: float = 0.0) -> FloatArray:
    """The share of rows in each cell, shape (k, k), perhaps smoothed."""
    n = float(confusion.sum())
    independent = np.outer(confusion.sum(axis=1), confusion.sum(axis=0)) / (n * n)
    smooth: FloatArray = (confusion + smoothing * independent) / (n + smoothing)
    return smooth


def covariance(cells: FloatArray, influence: FloatArray, n: int) -> FloatArray:
    """The covariances of statistics of n rows, shape (s, s).

    Args:
        cells: the share of rows in each cell, shape (k, k).
        influence: how much a row in each cell moves each statistic, shape (s, k, k); its mean need not be 0.
        n: rows.
    """
    used = cells > 0
    weights, moved = cells[used], influence[:, used]
    centred = moved - (moved @ weights)[:, np.newaxis]
    result: FloatArray = (centred * weights) @ centred.T / n
    return result


def correlation(covariances: FloatArray) -> FloatArray:
    """The correlations that belong to covariances; statistics that do not vary have none with others."""
    deviation = np.sqrt(np.diag(covariances))
    scale = np.where(deviation > 0, deviation, np.inf)
    result = covariances / np.outer(scale, scale)
    np.fill_diagonal(result, 1.0)
    clipped: FloatArray = np.clip(result, -1.0, 1.0)
    return clipped


def of_f1(cells: FloatArray, classes: IntArray) -> FloatArray:
    """Influence on the F1 of some classes, shape (s, k, k): F1 = 2 p_cc / (labels + predictions)."""
    rows, columns, hits = cells.sum(axis=1), cells.sum(axis=0), cells.diagonal()
    size = np.maximum(rows + columns, np.finfo(np.float64).tiny)
    f1 = 2 * hits / size
    result = np.zeros((len(classes), *cells.shape))
    for place, c in enumerate(classes):
        result[place, c, :] -= f1[c] / size[c]
        result[place, :, c] -= f1[c] / size[c]
        result[place, c, c] += 2 / size[c]
    return result


def of_precision(cells: FloatArray, classes: IntArray) -> FloatArray:
    """Influence on the precision of some classes, shape (s, k, k); 0 for one that is never predicted."""
    columns, hits = cells.sum(axis=0), cells.diagonal()
    result = np.zeros((len(classes), *cells.shape))
    for place, c in enumerate(classes):
        if columns[c] > 0:
            result[place, :, c] -= hits[c] / columns[c] ** 2
            result[place, c, c] += 1 / columns[c]
    return result


def of_separation(cells: FloatArray, classes: IntArray) -> FloatArray:
    """Influence on how well the decisions tell some classes from all others, shape (s, k, k).

    That is the mean of recall and specificity: the area under the ROC curve of a score that is 1 for the
    predicted class and 0 for the others.
    """
    rows, columns, hits = cells.sum(axis=1), cells.sum(axis=0), cells.diagonal()
    result = np.zeros((len(classes), *cells.shape))
    for place, c in enumerate(classes):
        recall = hits[c] / rows[c]
        fallout = (columns[c] - hits[c]) / (1 - rows[c])
        result[place] += fallout / (1 - rows[c])
        result[place, :, c] -= 1 / (1 - rows[c])
        result[place, c, :] = -recall / rows[c]
        result[place, c, c] += 1 / rows[c]
    return result / 2


def of_kappa(cells: FloatArray) -> FloatArray:
    """Influence on Cohen's kappa, shape (1, k, k)."""
    rows, columns = cells.sum(axis=1), cells.sum(axis=0)
    chance = float(rows @ columns)
    gap = (float(cells.trace()) - 1) / (1 - chance) ** 2
    result: FloatArray = np.eye(len(cells)) / (1 - chance) + gap * np.add.outer(columns, rows)
    return result[np.newaxis]


def of_mcc(cells: FloatArray) -> FloatArray:
    """Influence on Matthews' correlation coefficient of several classes, shape (1, k, k)."""
    rows, columns = cells.sum(axis=1), cells.sum(axis=0)
    spread_rows, spread_columns = 1 - float(rows @ rows), 1 - float(columns @ columns)
    together = float(cells.trace()) - float(rows @ columns)
    grown = np.eye(len(cells)) - np.add.outer(columns, rows)
    slowed = together * np.add.outer(rows / spread_rows, columns / spread_columns)
    result: FloatArray = (grown + slowed) / np.sqrt(spread_rows * spread_columns)
    return result[np.newaxis]
