"""Intervals of drift statistics: quiet where nothing moved, awake where something did."""

import numpy as np
import pytest

from tests.evaluated import evaluate_drift

STATISTICS = ("psi", "jensen_shannon", "ks", "l_infinity", "wasserstein")
NIGHTS = 60
THRESHOLD = 0.1


def rates(make, judge):
    """Share of nights on which the judge says yes, per statistic."""
    found = dict.fromkeys(STATISTICS, 0.0)
    for night in range(NIGHTS):
        baseline, current = make(np.random.default_rng((11, night)))
        for name, estimate in evaluate_drift(baseline, current, seed=night, statistics=STATISTICS).items():
            found[name] += judge(estimate) / NIGHTS
    return found


def normals(raw, n, moved=0.0, m=2_000):
    def make(generator):
        baseline, current = generator.normal(size=m), generator.normal(moved, 1, n)
        return raw.on_grid(baseline, baseline), raw.on_grid(current, baseline)

    return make


@pytest.mark.parametrize("n", [100, 500, 2_000])
def test_identical_distributions_raise_few_alarms(raw, n):
    alarms = rates(normals(raw, n), lambda estimate: estimate.low > THRESHOLD)
    assert max(alarms.values()) < 0.05


def test_the_bare_value_would_raise_many(raw):
    alarms = rates(normals(raw, 100), lambda estimate: estimate.value > THRESHOLD)
    assert alarms["psi"] > 0.3
    assert alarms["jensen_shannon"] > 0.5
    assert alarms["wasserstein"] > 0.5
    assert alarms["ks"] > 0.15


def test_categories_with_few_rows_each_raise_few_alarms(raw):
    def make(generator):
        return (
            raw.categories(generator.integers(0, 50, 2_000).astype(str)),
            raw.categories(generator.integers(0, 50, 100).astype(str)),
        )

    assert rates(make, lambda estimate: estimate.value > THRESHOLD)["psi"] == pytest.approx(1)
    assert max(rates(make, lambda estimate: estimate.low > THRESHOLD).values()) < 0.05


def test_heavy_tails_raise_few_alarms(raw):
    def make(generator):
        baseline, current = generator.pareto(1.5, 2_000) + 1, generator.pareto(1.5, 200) + 1
        return raw.on_grid(baseline, baseline), raw.on_grid(current, baseline)

    assert max(rates(make, lambda estimate: estimate.low > THRESHOLD).values()) < 0.05


def test_an_interval_above_zero_is_a_test_of_drift(raw):
    found = rates(normals(raw, 400), lambda estimate: estimate.low > 0)
    assert max(found.values()) < 0.15  # 5 % plus three standard errors of 60 nights


def test_real_drift_is_found(raw):
    found = rates(normals(raw, 1_000, moved=0.5), lambda estimate: estimate.low > THRESHOLD)
    assert min(found[name] for name in ("psi", "jensen_shannon", "ks", "wasserstein")) > 0.9


def test_the_true_distance_is_covered(raw):
    # Two unit normals half a deviation apart: KS = 2 Phi(1/4) - 1, Wasserstein = 1/2.
    covered = rates(
        normals(raw, 500, moved=0.5),
        lambda estimate: any(estimate.low <= truth <= estimate.high for truth in (0.1974, 0.5)),
    )
    assert covered["ks"] > 0.85
    assert covered["wasserstein"] > 0.85
