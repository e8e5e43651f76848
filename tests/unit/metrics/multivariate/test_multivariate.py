"""Several columns at once: the peers' numbers on the same rows, and days that differ anyway."""

import json
import math
from dataclasses import asdict, replace

import lightgbm
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import kstest, spearmanr
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.preprocessing import StandardScaler

from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.multivariate.mmd import Discrepancy, standardised
from obs_dagster.metrics.multivariate.ordinary import p_value
from obs_dagster.metrics.multivariate.samples import SampledColumn, Samples
from obs_dagster.metrics.multivariate.trees import LEAVES, TREES
from obs_dagster.metrics.registry import family

NUMBERS = ("a", "b", "c")


def rows(seed, n=600, *, off=0.0, together=0.8, carriers=("AA", "UA")):
    draw = np.random.default_rng(seed)
    a, c = draw.normal(off, 1, n), draw.exponential(1, n)
    b = together * a + math.sqrt(1 - together**2) * draw.normal(0, 1, n)
    return pa.table({"a": a, "b": b, "c": c, "carrier": draw.choice(carriers, n)})


def samples(baseline, current, **more):
    return Samples(NUMBERS, ("carrier",), baseline, current, 7, **more)


def values(found):
    return {name: each.value for name, each in evaluate("multivariate", found).items()}


def test_the_domain_classifier_is_that_of_lightgbm_and_scikit_learn():
    both = samples(rows(1), rows(2, off=0.5, carriers=("AA", "UA", "ZZ")))
    found = evaluate("multivariate", both)["domain_auc"]
    told = both.told
    assert found.value == pytest.approx(roc_auc_score(told.current, told.scores))
    theirs = [
        roc_auc_score(
            told.current,
            cross_val_predict(
                lightgbm.LGBMClassifier(n_estimators=TREES, num_leaves=LEAVES, n_jobs=1, verbosity=-1),
                np.concatenate(both.coded),
                told.current,
                cv=StratifiedKFold(3, shuffle=True, random_state=seed),
                method="predict_proba",
            )[:, 1],
        )
        for seed in range(4)
    ]
    ours = [evaluate("multivariate", replace(both, seed=seed))["domain_auc"].value for seed in range(4)]
    assert np.mean(ours) == pytest.approx(np.mean(theirs), abs=0.015)
    assert found.low < found.value < found.high
    shares = {
        name: evaluate("multivariate", SampledColumn(both, name))["domain_share"].value
        for name in both.columns
    }
    assert sum(shares.values()) == pytest.approx(1)
    assert min(shares["a"], shares["carrier"]) > shares["c"]


def test_correlations_are_those_of_scipy():
    one, other = rows(1), rows(2, together=0.2)
    before, now = (
        spearmanr(np.column_stack([each[name] for name in NUMBERS])).statistic for each in (one, other)
    )
    change = np.abs(now - before)
    both = samples(one, other)
    found = evaluate("multivariate", both)["correlation_change"]
    assert found.value == pytest.approx(math.sqrt((change[np.triu_indices(3, 1)] ** 2).mean()))
    assert 0.2 < found.low < found.value < found.high
    shift = evaluate("multivariate", SampledColumn(both, "a"))["correlation_shift"].value
    assert shift == pytest.approx(change[0].max())
    assert "correlation_shift" not in evaluate("multivariate", SampledColumn(both, "carrier"))


def test_the_interval_of_what_has_not_changed_begins_at_0():
    held = [
        evaluate("multivariate", samples(rows(seed), rows(seed + 100)))["correlation_change"].low == 0
        for seed in range(20)
    ]
    assert sum(held) >= 17


def test_the_reconstruction_error_is_that_of_scikit_learn():
    one, other = (each.drop_columns("carrier") for each in (rows(1), rows(2, together=-0.8)))
    both = replace(samples(one, other), categories=())
    before, now = (np.column_stack([each[name] for name in NUMBERS]) for each in (one, other))
    scaler = StandardScaler().fit(before)
    pca = PCA(n_components=0.65).fit(scaler.transform(before))
    scaled = scaler.transform(now)
    errors = np.linalg.norm(scaled - pca.inverse_transform(pca.transform(scaled)), axis=1)
    assert values(both)["reconstruction_error"] == pytest.approx(errors.mean())


def ordinary_days(count, seed):
    """Quiet days, whose level differs from one to the next."""
    draw = np.random.default_rng(seed)
    return [rows((seed, day), 300, off=draw.normal(0, 0.25)) for day in range(count)]


def test_a_day_that_differs_as_days_do_is_no_news_and_one_that_is_swapped_is():
    days = ordinary_days(29, seed=3)
    whole = pa.concat_tables(days[:-1])
    measured = ["domain_auc", "correlation_change", "reconstruction_error"]
    beside = []
    for day in range(28):
        others = pa.concat_tables(days[:day] + days[day + 1 : -1])
        found = evaluate(
            "multivariate", samples(others.take(np.arange(0, 8100, 9)), days[day]), only=measured
        )
        beside.append({name: each.value for name, each in found.items()})
    ordinary = {name: [each[name] for each in beside] for name in measured}
    whole = whole.take(np.arange(0, 8400, 9))
    quiet = values(samples(whole, days[-1], ordinary=ordinary))
    assert all(quiet[f"{name}_p_value"] > 0.01 for name in measured)
    last = days[-1]
    swapped = last.set_column(1, "b", last["c"]).set_column(2, "c", last["b"])
    faulty = values(samples(whole, swapped, ordinary=ordinary))
    assert all(faulty[f"{name}_p_value"] < 0.001 for name in measured)
    assert faulty["domain_auc_evidence"] > 1.5 > quiet["domain_auc_evidence"]


@pytest.mark.parametrize("tail", [4, 50])
def test_p_values_of_ordinary_days_are_as_frequent_as_they_say(tail):
    draw = np.random.default_rng(1)
    found = []
    for _ in range(2_000):
        days = 0.01 + np.abs(draw.standard_t(tail, 29)) * 0.05 + 0.1
        found.append(p_value(days[-1], days[:-1]))
    assert np.mean(np.array(found) < 0.05) < 0.08
    assert np.mean(np.array(found) < 0.001) < 0.012
    assert kstest(found, "uniform").statistic < 0.12


@pytest.mark.parametrize(
    ("baseline", "current", "reason"),
    [
        (None, rows(1), "no baseline"),
        (rows(1).slice(0, 0), rows(1), "no baseline"),
        (rows(1), rows(1).slice(0, 0), "no rows"),
        (rows(1), rows(1).slice(0, 1), "1 rows, 100 are needed"),
    ],
)
def test_what_cannot_be_compared_says_why(baseline, current, reason):
    both = samples(baseline, current)
    found = [*evaluate("multivariate", both).values()]
    found += evaluate("multivariate", SampledColumn(both, "a")).values()
    assert {(each.value, each.reason) for each in found} == {(None, reason)}


@pytest.mark.parametrize("value", [None, 3.0, math.inf, math.nan])
def test_columns_that_hold_nothing_or_one_value_give_finite_numbers(value):
    flat = rows(1)
    for place, name in enumerate(NUMBERS):
        flat = flat.set_column(place, name, pa.array([value] * len(flat), pa.float64()))
    flat = flat.set_column(3, "carrier", pa.array([None] * len(flat), pa.string()))
    for pair in ((flat, flat), (rows(2), flat), (flat, rows(2))):
        both = samples(*pair, uncalibrated="not calibrated")
        found = evaluate("multivariate", both) | evaluate("multivariate", SampledColumn(both, "a"))
        assert set(found) == set(family("multivariate"))
        json.loads(json.dumps([asdict(each) for each in found.values()], allow_nan=False))
        assert all((each.value is None) == bool(each.reason) for each in found.values())


def test_the_mean_discrepancy_is_that_of_the_kernel():
    both = samples(rows(1), rows(2, off=0.7))
    before, now = standardised(both)
    found = Discrepancy.of(before, now)
    pairs = np.random.RandomState(0).randint(len(before), size=(2, 500))
    bandwidth = np.median(np.linalg.norm(before[pairs[0]] - before[pairs[1]], axis=1))
    gamma = 1 / (2 * bandwidth**2)

    def mean_apart(one):
        kernel = rbf_kernel(one, gamma=gamma)
        return (kernel.sum() - len(one)) / (len(one) * (len(one) - 1))

    exact = mean_apart(before) + mean_apart(now) - 2 * rbf_kernel(before, now, gamma=gamma).mean()
    assert found.squared == pytest.approx(exact, rel=0.15)


def test_the_mean_discrepancy_of_equal_samples_varies_by_its_noise():
    draws = np.random.default_rng(5).normal(size=(200, 2, 300, 4))
    found = [Discrepancy.of(*pair) for pair in draws]
    squared = np.array([each.squared for each in found])
    noise = np.mean([each.noise for each in found])
    assert abs(squared.mean()) < 4 * noise / math.sqrt(len(squared))
    assert squared.std() == pytest.approx(noise, rel=0.2)


def test_intervals_of_the_mean_discrepancy_hold():
    draw = np.random.default_rng(6)
    many = Discrepancy.of(draw.normal(0, 1, (20_000, 3)), draw.normal(0.3, 1, (20_000, 3))).squared
    held = []
    for _ in range(200):
        found = Discrepancy.of(draw.normal(0, 1, (400, 3)), draw.normal(0.3, 1, (400, 3)))
        held.append(abs(found.squared - many) < 1.96 * found.deviation)
    assert 0.9 <= np.mean(held) <= 0.99
