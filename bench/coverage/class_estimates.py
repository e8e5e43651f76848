"""How often estimates of several classes hold what labels turn out to be, where their mix moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from obs_dagster.estimate.calibration import Calibration
from obs_dagster.estimate.expected import Expected
from obs_dagster.estimate.expected_classes import STATISTICS, ClassCounts, ExpectedClasses, counts_of
from obs_dagster.estimate.predicted import Predicted

_BINS, _BASELINE = 1_024, 20_000
_CENTRES = (np.arange(_BINS) + 0.5) / _BINS
_MIX, _SEPARATION = (0.5, 0.3, 0.2), 1.5
Rows = tuple[np.ndarray, np.ndarray]


def _same_scores(random: np.random.Generator, n: int, shift: float) -> Rows:
    """Rows whose chances follow from their scores; the last class's scores are moved."""
    logits = random.normal(size=(n, 3)) + np.array([0.5, 0.0, shift])
    chance = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    scores = np.exp(1.6 * logits)
    label = (random.random((n, 1)) > np.cumsum(chance, axis=1)).sum(axis=1)
    return scores / scores.sum(axis=1, keepdims=True), label


def _same_rows(random: np.random.Generator, n: int, mix: Sequence[float]) -> Rows:
    """Rows of each class as they are, in some mix."""
    label = random.choice(3, n, p=mix)
    logits = random.normal(size=(n, 3)) + np.log(_MIX)
    logits[np.arange(n), label] += _SEPARATION
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), label


#: By how it is told: how rows are made, of the baseline and of windows.
MOVES = {
    "nothing moved": (_same_scores, 0.0, 0.0),
    "scores moved": (_same_scores, 0.0, -1.0),
    "mix 50:30:20 to 40:30:30": (_same_rows, _MIX, (0.4, 0.3, 0.3)),
    "to 20:30:50": (_same_rows, _MIX, (0.2, 0.3, 0.5)),
}


def classes(told: str, rows: int, samples: int) -> dict[str, tuple[int, int]]:
    """By metric, in how many windows of so many rows the interval holds what labels say, of how many."""
    made, then, now = MOVES[told]
    held: dict[str, list[bool]] = defaultdict(list)
    for sample in range(samples):
        random = np.random.default_rng((sample, rows))
        before, window = made(random, _BASELINE, then), made(random, rows, now)
        expected, labels = _expected(before, window, sample)
        for name, statistic in STATISTICS.items():
            found, exact = expected.estimated(name), float(statistic(labels))
            if found.low is not None and found.high is not None:
                held[f"estimated_{name}"].append(found.low <= exact <= found.high)
    return {name: (sum(map(int, each)), len(each)) for name, each in held.items()}


def _bins(score: np.ndarray, of: np.ndarray) -> np.ndarray:
    place = np.minimum((score * _BINS).astype(int), _BINS - 1)
    return np.bincount(place, weights=of.astype(float), minlength=_BINS)


def _expected(before: Rows, window: Rows, seed: int) -> tuple[ExpectedClasses, ClassCounts]:
    (known, was), (scores, label) = before, window
    served, predicted = known.argmax(axis=1), scores.argmax(axis=1)
    each, own = [], []
    for place in range(3):
        meant = [_bins(known[:, place], (was == place) == way)[np.newaxis] for way in (True, False)]
        taught = Calibration(_CENTRES, positives=meant[0], negatives=meant[1], seed=3 * seed + place)
        ways = [(predicted == place) == way for way in (False, True)]
        rows = np.stack([_bins(scores[:, place], way) for way in ways], axis=1)
        own.append(np.stack([_bins(scores[:, place], way & (label == place)) for way in ways], axis=1))
        each.append(Expected(Predicted(_CENTRES, rows), taught, seed=3 * seed + place))
    found = np.array(
        [
            [float(((was == place) & (served == place)).sum()) for place in range(3)],
            [float((was == place).sum()) for place in range(3)],
        ]
    )
    counts = counts_of([one.predicted.score for one in each], [one.predicted.rows for one in each], own)
    return ExpectedClasses(["a", "b", "c"], each, found), counts
