"""Evidence that labels are not what scores said: on quiet nights, and when the concept moves."""

import datetime as dt

import numpy as np
import pytest

from obs_dagster.estimate.calibration import Calibration
from obs_dagster.estimate.concept import Concept
from obs_dagster.estimate.expected import Expected
from obs_dagster.estimate.predicted import Predicted
from obs_dagster.evidence.detector import Detectors, e_value

BINS = 200
SCORES = (np.arange(BINS) + 0.5) / BINS


def day(rng, *, rows=800, spread=0.0, moved=0.0, flipped=0.0, shuffled=0.0):
    """Positives and negatives by score, of a day that has a level of its own."""
    hidden = rng.normal(moved, 1, rows)
    score = 1 / (1 + np.exp(1.2 - hidden))
    label = rng.random(rows) < 1 / (1 + np.exp(1.2 - hidden - spread * rng.normal()))
    label ^= rng.random(rows) < flipped
    hit = np.flatnonzero(rng.random(rows) < shuffled)
    label[hit] = label[rng.permutation(hit)]
    place = np.minimum((score * BINS).astype(int), BINS - 1)
    return np.stack([np.bincount(place, of, BINS) for of in (label * 1.0, ~label * 1.0)])


def taught(rng, days=28, **kind):
    return calibrated(np.stack([day(rng, **kind) for _ in range(days)]))


def calibrated(parts):
    """Of the scores that there are, as profiles have them."""
    used = parts.sum(axis=(0, 1)) > 0
    return Calibration(SCORES[used], parts[:, 0, used], parts[:, 1, used])


def p_values(seed, nights, *, spread=0.0, **fault):
    rng = np.random.default_rng(seed)
    concept = Concept(taught(rng, spread=spread))
    found = []
    for _ in range(nights):
        positives, negatives = day(rng, spread=spread, **fault)
        found.append(concept.p_value(SCORES, positives + negatives, positives))
    return found


def alarms_on(found):
    """The first night of an alarm, with a budget of one a year; None if there is none."""
    detectors = Detectors[str](1)
    for night, p in enumerate(found, start=1):
        if detectors.night(dt.date(2024, 1, 1) + dt.timedelta(night), {"": e_value(p)})[""].alarm:
            return night
    return None


@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_quiet_nights_keep_the_budget_however_days_differ(spread):
    found = [p_values(seed, 120, spread=spread) for seed in range(4)]
    assert [alarms_on(each) for each in found] == [None] * 4
    assert np.mean(np.concatenate(found) < 0.05) < 0.05


@pytest.mark.parametrize("moved", [-0.7, 0.7])
def test_other_scores_of_the_same_concept_are_no_news(moved):
    assert alarms_on(p_values(5, 60, moved=moved)) is None


@pytest.mark.parametrize(
    ("fault", "within"),
    [({"flipped": 0.2}, 4), ({"flipped": 0.8}, 1), ({"shuffled": 0.5}, 5), ({"shuffled": 1.0}, 2)],
    ids=str,
)
def test_a_concept_that_moved_is_told_within_nights(fault, within):
    nights = [alarms_on(p_values(seed, 6, spread=0.15, **fault)) for seed in range(5)]
    assert all(night is not None for night in nights)
    assert np.median(nights) <= within


def test_a_model_whose_scores_are_all_alike_has_a_level_and_no_order():
    rng = np.random.default_rng(3)
    rows, positives = np.zeros(BINS), np.zeros(BINS)
    rows[60], positives[60] = 500, 150
    few = np.zeros((28, 2, BINS))
    few[:, 0, 60] = rng.binomial(500, 0.3, 28)
    few[:, 1, 60] = 500 - few[:, 0, 60]
    concept = Concept(calibrated(few))
    assert concept.p_value(SCORES, rows, positives) > 0.1
    assert concept.p_value(SCORES, rows, rows) < 1e-5


def test_too_few_days_say_so():
    rng = np.random.default_rng(4)
    positives, negatives = day(rng)
    used = positives + negatives > 0
    rows = np.stack([positives + negatives, np.zeros(BINS)], axis=1)[used]
    labels = np.stack([positives, np.zeros(BINS)], axis=1)[used]

    def evidence(days, labels=labels):
        return Expected(Predicted(SCORES[used], rows), taught(rng, days), labels).concept_evidence()

    assert evidence(8).reason == "not calibrated: 8 labelled days of the baseline, 20 are needed"
    assert evidence(20).value is not None
    assert evidence(20, None).reason == "no labels"
