"""Counts made from raw arrays, as the profile would make them, but by other means."""

from __future__ import annotations

from collections import Counter

import narwhals as nw
import numpy as np
import pyarrow as pa

from obs_dagster.profile.distribution import CategoryCounts, NumericCounts
from obs_dagster.profile.grids.shape import fit_shape
from obs_dagster.tasks.binary.counts import OutcomeCounts

STEP = 0.005
SCORE_EPS = np.finfo(np.float64).eps


def on_grid(values, like):
    """Numeric counts on the asinh grid of the median and interquartile range of `like`."""
    values, like = np.asarray(values, float), np.asarray(like, float)
    finite, like = values[np.isfinite(values)], like[np.isfinite(like)]
    quarter, median, three = np.quantile(like, [0.25, 0.5, 0.75])
    scale = (three - quarter) / 2 or 1.0
    keys, counts = np.unique(np.floor(np.arcsinh((finite - median) / scale) / STEP), return_counts=True)
    left = np.sinh(keys * STEP) * scale + median
    right = np.sinh((keys + 1) * STEP) * scale + median
    return _numeric((left + right) / 2, right - left, counts, values)


def by_value(values):
    """Numeric counts of every distinct value."""
    values = np.asarray(values, float)
    points, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    return _numeric(points, np.zeros(len(points)), counts, values)


@np.errstate(over="ignore")
def _numeric(points, widths, counts, values):
    finite = values[np.isfinite(values)]
    return NumericCounts(
        points=points,
        widths=widths,
        counts=counts.astype(np.int64),
        nans=int(np.isnan(values).sum()),
        infinite=int(np.isinf(values).sum()),
        total=float(finite.sum()),
        total_sq=float((finite**2).sum()),
        minimum=float(finite.min()) if finite.size else None,
        maximum=float(finite.max()) if finite.size else None,
    )


def categories(values):
    """Category counts; None is null."""
    counted = Counter(value for value in values if value is not None)
    return CategoryCounts(dict(counted), nulls=sum(value is None for value in values))


def score_edges(joined):
    """Edges of score bins: 0.0001 apart from 0.01 to 0.99, and 1 % of the distance closer to 0 and 1."""
    tail = np.append(0.0, 0.01 * 0.99004983374916805 ** np.arange(1611, 0, -1))
    return np.concatenate([tail, np.arange(100, 9901) / 10_000, 1 - tail[::-1]])[::joined]


def outcomes(score, label, decision=None, *, predictions=None, joined=1):
    """Outcome counts on score bins, `joined` to one; the decision is score >= 0.5 unless given."""
    score, label = np.asarray(score, float), np.asarray(label, bool)
    decision = score >= 0.5 if decision is None else np.asarray(decision, bool)
    edges = score_edges(joined)
    found = np.clip(np.searchsorted(edges, score, side="right") - 1, 0, len(edges) - 2)
    key = found * 4 + decision * 2 + label
    cells, place = np.unique(key, return_inverse=True)
    clipped = np.clip(score, SCORE_EPS, 1 - SCORE_EPS)
    loss = -np.log(np.where(label, clipped, 1 - clipped))
    brier = (score - label) ** 2

    def total(of):
        return np.bincount(place, weights=of, minlength=len(cells)).astype(float)

    return OutcomeCounts(
        score=(edges[cells // 4] + edges[cells // 4 + 1]) / 2,
        width=edges[cells // 4 + 1] - edges[cells // 4],
        decision=cells % 4 >= 2,
        label=cells % 2 == 1,
        counts=np.bincount(place, minlength=len(cells)).astype(np.int64),
        score_sum=total(score),
        log_loss_sum=total(loss),
        log_loss_sq=total(loss**2),
        brier_sum=total(brier),
        brier_sq=total(brier**2),
        predictions=len(score) if predictions is None else predictions,
    )


def cell(score, label, decision=None):
    """The rows of an outcome table over all rows, as estimates are made of."""
    found = outcomes(score, label, decision)
    edges = score_edges(1)
    return {
        "bin": np.searchsorted(edges, found.score, side="right") - 1.0,
        "decision": found.decision.astype(float),
        "label": found.label.astype(float),
        "n": found.counts,
    }


@np.errstate(all="ignore")
def on_shape(values, like):
    """Numeric counts as a profile has them, on the grid that is fitted to `like`."""
    values, like = np.asarray(values, float), np.asarray(like, float)
    grid = fit_shape(np.sort(like[np.isfinite(like)]))
    finite = values[np.isfinite(values)]
    valued = np.isin(finite, grid.exact)
    points, exact = np.unique(finite[valued], return_counts=True)
    rest = nw.from_native(pa.table({"x": finite[~valued]})).select(bin=grid.bin(nw.col("x")))
    keys, binned = np.unique(rest["bin"].to_numpy(), return_counts=True)
    low, high = grid.edges(keys.astype(np.int64))
    every = np.concatenate([points, low / 2 + high / 2])
    order = np.argsort(every, kind="stable")
    widths = np.concatenate([np.zeros(len(points)), high - low])
    counts = np.concatenate([exact, binned])
    return _numeric(every[order], widths[order], counts[order], values)
