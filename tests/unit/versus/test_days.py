"""A day's difference: exact values, paired and adjusted, with variances that a simulation confirms."""

import numpy as np
import pytest

from obs_dagster.tasks.binary.compared import COMPARED
from obs_dagster.versus.day import Pairs, paired_day, unpaired_day


def cell(decided, label):
    return np.bincount(decided * 2 + label, minlength=4).astype(float)


def pairs(one, other, label, comparison):
    """What requests add to a ratio for either version, and its products."""
    adds = [
        each[decided * 2 + label] for decided in (one, other) for each in (comparison.above, comparison.below)
    ]
    rows = np.array(adds)
    return Pairs(float(len(label)), rows.sum(axis=1), rows @ rows.T)


@pytest.mark.parametrize("metric", ["recall", "precision", "accuracy", "f1", "predicted_positive_share"])
def test_pairs_know_that_versions_agree(metric):
    rng = np.random.default_rng(0)
    found, alone = [], []
    for _ in range(400):
        label = (rng.random(600) < 0.4).astype(int)
        score = label + rng.normal(0, 1, 600)
        one, other = (score > 0.5).astype(int), (score + rng.normal(0, 0.3, 600) > 0.6).astype(int)
        found.append(paired_day(pairs(one, other, label, COMPARED[metric]), COMPARED[metric]))
        alone.append(unpaired_day({"*": cell(one, label)}, {"*": cell(other, label)}, COMPARED[metric]))
    differences = np.array([each.difference for each in found])
    assert np.mean([each.variance for each in found]) == pytest.approx(differences.var(), rel=0.25)
    assert [each.difference for each in alone] == pytest.approx(differences.tolist())
    assert np.mean([each.variance for each in alone]) > 2 * differences.var()


@pytest.mark.parametrize("metric", ["recall", "precision", "accuracy"])
def test_the_mix_of_segments_makes_no_difference(metric):
    """Both versions are alike in each segment, and get other shares of them."""
    rng = np.random.default_rng(1)
    adjusted, plain = [], []
    for _ in range(200):
        sides = []
        for share in (0.8, 0.2):
            hard = rng.random(800) < share
            label = (rng.random(800) < 0.4).astype(int)
            decided = (rng.random(800) < np.where(label, np.where(hard, 0.5, 0.9), 0.2)).astype(int)
            sides.append(
                {name: cell(decided[of], label[of]) for name, of in (("hard", hard), ("easy", ~hard))}
            )
        adjusted.append(unpaired_day(*sides, COMPARED[metric]))
        plain.append(unpaired_day(*({"*": sum(side.values())} for side in sides), COMPARED[metric]))
    differences = np.array([each.difference for each in adjusted])
    assert abs(differences.mean()) < 0.01
    assert np.mean([each.variance for each in adjusted]) == pytest.approx(differences.var(), rel=0.3)
    if metric != "precision":
        assert np.mean([each.difference for each in plain]) < -0.05


def test_what_cannot_be_compared_is_none():
    label = np.zeros(10, dtype=int)
    nobody = {"*": cell(label, label)}
    assert unpaired_day(nobody, nobody, COMPARED["recall"]) is None
    assert unpaired_day(nobody, {"x": nobody["*"]}, COMPARED["accuracy"]) is None
    assert unpaired_day({}, {}, COMPARED["accuracy"]) is None
    assert paired_day(Pairs(0.0, np.zeros(4), np.zeros((4, 4))), COMPARED["accuracy"]) is None
