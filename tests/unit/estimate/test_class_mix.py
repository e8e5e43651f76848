"""How well a class is told from the rest of a window, by where its rows of a baseline would stand."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from obs_dagster.estimate.calibration import Calibration
from obs_dagster.estimate.class_mix import rank
from obs_dagster.estimate.predicted import Predicted

BINS = 400
CENTRES = (np.arange(BINS) + 0.5) / BINS


def counted(score):
    return np.bincount(np.minimum((score * BINS).astype(int), BINS - 1), minlength=BINS).astype(float)


def drawn(seed, own, others):
    """Scores of rows of a class and of all others, on the grid."""
    rng = np.random.default_rng(seed)
    found = [rng.beta(4, 2, own), rng.beta(2, 3, others)]
    return [CENTRES[np.minimum((each * BINS).astype(int), BINS - 1)] for each in found]


def calibrated(own, others):
    return Calibration(CENTRES, positives=counted(own)[np.newaxis], negatives=counted(others)[np.newaxis])


def window(own, others):
    rows = counted(np.concatenate([own, others]))
    return Predicted(CENTRES, np.stack([rows, np.zeros(BINS)], axis=1))


def area(own, others):
    return roc_auc_score(np.repeat([1, 0], [len(own), len(others)]), np.concatenate([own, others]))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_among_its_own_rows_it_says_the_area_under_the_curve(share):
    own, others = drawn(1, round(4_000 * share), round(4_000 * (1 - share)))
    found, _ = rank(calibrated(own, others), window(own, others))
    assert (found - share / 2) / (1 - share) == pytest.approx(area(own, others), abs=1e-9)


def test_the_rest_of_a_window_may_be_another_one_than_that_of_the_baseline():
    own, others = drawn(2, 3_000, 3_000)
    now, _ = drawn(3, 2_000, 1)
    # the class is what it was, the rest is not
    rest = CENTRES[np.random.default_rng(4).integers(0, BINS, 2_000)]
    found, variance = rank(calibrated(own, others), window(now, rest))
    unsure = np.sqrt(variance * (1 / 3_000 + 1 / 2_000)) / 0.5
    assert (found - 0.25) / 0.5 == pytest.approx(area(now, rest), abs=4 * unsure)
    assert abs(area(own, others) - area(now, rest)) > 6 * unsure


def test_a_class_that_nobody_had_stands_in_the_middle():
    own, others = drawn(5, 500, 500)
    assert rank(calibrated(own[:0], others), window(own, others)) == (0.5, 0.0)
    assert rank(calibrated(own, others), window(own[:0], others[:0])) == (0.5, 0.0)
