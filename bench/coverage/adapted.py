"""How often adapted estimates hold what labels turn out to be, where a feature moves that the model lacks."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyarrow as pa

from bench.coverage.estimates import counted, taught
from obs_dagster.estimate.adapted import AdaptedCalibration, LikeRows
from obs_dagster.estimate.expected import Expected
from obs_dagster.estimate.likeness import Likeness
from obs_dagster.estimate.predicted import STATISTICS, Labelled
from obs_dagster.metrics.multivariate.samples import Samples

_BASELINE, _SAMPLE = 20_000, 5_000
_NAMES = ("known", "hidden", "other")
#: How far the feature moves, in its standard deviations.
MOVES = (0.0, 0.5, 1.0)
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


def adapted(move: float, rows: int, samples: int, *, adapts: bool = True) -> dict[str, tuple[int, int]]:
    """By metric, in how many windows of so many rows the interval holds what labels say, of how many."""
    held: dict[str, list[bool]] = defaultdict(list)
    way = "adapted" if adapts else "estimated"
    for sample in range(samples):
        random = np.random.default_rng((sample, rows))
        before, now = _rows(random, _BASELINE, 0.0), _rows(random, rows, move)
        calibration = taught([(before[1], before[2])], sample)
        if adapts:
            some = slice(0, _SAMPLE)
            sides = Samples(_NAMES, (), _table(before[0][some]), _table(now[0][:_SAMPLE]), sample)
            labels = before[2][some].astype(float)
            like = LikeRows(before[1][some], labels, np.zeros(_SAMPLE, dtype=int), Likeness.of(sides))
            calibration = AdaptedCalibration.of(calibration, like)
        given, positives = counted(now[1], now[2])
        expected = Expected(given, calibration, seed=sample)
        for name, statistic in STATISTICS.items():
            found, exact = expected.estimated(name), float(statistic(Labelled(given, positives)))
            if found.low is not None and found.high is not None and np.isfinite(exact):
                held[f"{way}_{name}"].append(found.low <= exact <= found.high)
    return {name: (sum(map(int, each)), len(each)) for name, each in held.items()}


def _rows(random: np.random.Generator, n: int, move: float) -> Rows:
    """Features, of which the score knows the first, scores, and labels that depend on all."""
    features = random.normal(size=(n, 3)) + np.array([0.0, move, 0.0])
    known, hidden, other = features.T
    chance = 1 / (1 + np.exp(1.3 - 1.2 * known - hidden + 0.3 * other))
    return features, 1 / (1 + np.exp(1 - known)), random.random(n) < chance


def _table(features: np.ndarray) -> pa.Table:
    return pa.table(dict(zip(_NAMES, features.T, strict=True)))
