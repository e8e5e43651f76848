"""How often estimates before labels hold what labels turn out to be."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from obs_dagster.estimate.calibration import Calibration
from obs_dagster.estimate.expected import Expected
from obs_dagster.estimate.predicted import STATISTICS, Labelled, Predicted

_BINS, _THRESHOLD, _BASELINE = 10_000, 0.3, 20_000
CENTRES = (np.arange(_BINS) + 0.5) / _BINS
#: By how it is told: the days of the baseline, and how far their levels lie apart on the logit scale.
BASELINES = {"rows without days": (1, 0.0), "30 days that differ": (30, 0.15)}


def binary(told: str, rows: int, samples: int) -> dict[str, tuple[int, int]]:
    """By metric, in how many windows of so many rows the interval holds what labels say, of how many."""
    days, spread = BASELINES[told]
    random = np.random.default_rng((days, rows))
    held: dict[str, list[bool]] = defaultdict(list)
    for sample in range(samples):
        baseline = [_rows(random, _BASELINE // days, level=spread * random.normal()) for _ in range(days)]
        now, positives = counted(*_rows(random, rows, shift=-0.5, level=spread * random.normal()))
        expected = Expected(now, taught(baseline, sample), positives, seed=sample)
        for name, statistic in STATISTICS.items():
            found, exact = expected.estimated(name), float(statistic(Labelled(now, positives)))
            if found.low is not None and found.high is not None and np.isfinite(exact):
                held[f"estimated_{name}"].append(found.low <= exact <= found.high)
    return {name: (sum(map(int, each)), len(each)) for name, each in held.items()}


def _rows(
    random: np.random.Generator, n: int, *, shift: float = 0.0, level: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Scores that are not calibrated, and labels."""
    hidden = random.normal(shift, 1, n)
    score = 1 / (1 + np.exp(1 - hidden))
    return score, random.random(n) < 1 / (1 + np.exp(1 - level - 1.5 * hidden))


def _bins(score: np.ndarray, of: np.ndarray) -> np.ndarray:
    return np.bincount((score * _BINS).astype(int), weights=of.astype(float), minlength=_BINS)


def taught(baseline: list[tuple[np.ndarray, np.ndarray]], seed: int) -> Calibration:
    """What scores meant on the days of a baseline."""
    positives, negatives = (
        np.stack([_bins(score, label == way) for score, label in baseline]) for way in (True, False)
    )
    return Calibration(CENTRES, positives=positives, negatives=negatives, seed=seed)


def counted(score: np.ndarray, label: np.ndarray) -> tuple[Predicted, np.ndarray]:
    """Rows by score and decision, and how many of them are positive."""
    accepted = score >= _THRESHOLD
    rows, positives = (
        np.stack([_bins(score[way], of[way]) for way in (~accepted, accepted)], axis=1)
        for of in (np.ones(len(score)), label)
    )
    used = rows.sum(axis=1) > 0
    return Predicted(CENTRES[used], rows[used]), positives[used]
