"""How often estimates of a regressor's errors hold what labels say, where a feature of theirs moves."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyarrow as pa

from obs_dagster.estimate.likeness import Likeness
from obs_dagster.estimate.losses import SIGNED, ExpectedLosses, Loss, Losses
from obs_dagster.estimate.losses_by_features import LossesByFeatures, LossRows
from obs_dagster.metrics.multivariate.samples import Samples

_BASELINE, _SAMPLE = 20_000, 5_000
_EDGES = np.linspace(0, 100, 201)
_MIDDLES = (_EDGES[1:] + _EDGES[:-1]) / 2
#: The names of the metrics of each loss.
_NAMES = {"absolute": "mae", SIGNED: "bias"}
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


def losses(move: float, rows: int, samples: int) -> dict[str, tuple[int, int]]:
    """By metric, in how many windows of so many rows the interval holds what labels say, of how many."""
    held: dict[str, list[bool]] = defaultdict(list)
    for sample in range(samples):
        random = np.random.default_rng((sample, rows))
        before, now = _rows(random, _BASELINE, 0.0), _rows(random, rows, move)
        learned = _taught(before, sample)
        counted = np.histogram(now[0], _EDGES)[0].astype(float)
        ways = {"estimated": learned, "adapted": LossesByFeatures.of(learned, _like(before, now, sample))}
        for way, taught in ways.items():
            expected = ExpectedLosses(_MIDDLES, counted, taught, seed=sample)
            for name, of in _lost(now[2]).items():
                found = expected.mean(name)
                if found.low is not None and found.high is not None:
                    held[f"{way}_{_NAMES[name]}"].append(found.low <= of.mean() <= found.high)
    names = [f"{way}_{name}" for way in ("estimated", "adapted") for name in _NAMES.values()]
    return {name: (sum(map(int, held[name])), len(held[name])) for name in names}


def _rows(random: np.random.Generator, n: int, move: float) -> Rows:
    """Predictions, a feature on which size and sign of their errors depend, and the errors."""
    prediction, feature = np.clip(50 + 10 * random.normal(size=n), 1, 99), random.normal(move, 1, n)
    return prediction, feature, feature + np.exp(0.5 + 0.4 * feature) * random.normal(size=n)


def _lost(error: np.ndarray) -> dict[str, np.ndarray]:
    return {"absolute": np.abs(error), SIGNED: error}


def _taught(before: Rows, seed: int) -> Losses:
    prediction, _, error = before
    having, bins = np.unique(np.digitize(prediction, _EDGES) - 1, return_inverse=True)

    def by_bin(of: np.ndarray) -> np.ndarray:
        return np.bincount(bins, weights=of)[np.newaxis]

    found = {
        name: Loss(by_bin(np.ones(len(of))), by_bin(of), by_bin(of**2)) for name, of in _lost(error).items()
    }
    return Losses(_MIDDLES[having], found, seed)


def _like(before: Rows, now: Rows, seed: int) -> LossRows:
    (known, feature, error), (predicted, moved, _) = (
        tuple(part[:_SAMPLE] for part in of) for of in (before, now)
    )
    samples = Samples(["feature"], [], *(pa.table({"feature": each}) for each in (feature, moved)), seed)
    return LossRows(
        known=np.column_stack([feature, known]),
        prediction=known,
        losses=_lost(error),
        day=np.zeros(len(known), int),
        now=np.column_stack([moved, predicted]),
        now_prediction=predicted,
        likeness=Likeness.of(samples),
        seed=seed,
        remembered=lambda learn: learn(),
    )
