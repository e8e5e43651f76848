"""Bounds that inform: none beyond what a statistic can reach, and none that noise of floats makes wide."""

import math

import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from obs_dagster.metrics.drift.comparison import Comparison
from obs_dagster.metrics.drift.day_counts import DayCounts
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.registry import family
from obs_dagster.profile.distribution import CategoryCounts
from obs_dagster.profile.grids.fit import fit_grids
from obs_dagster.profile.grids.grid import CategoryGrid, Grids
from obs_dagster.profile.reduction import reduce_rows
from obs_dagster.tasks.binary.outcomes import OUTCOMES, outcome_counts
from obs_dagster.tasks.outcomes import reduce_outcomes
from tests.evaluated import evaluate_drift, evaluate_performance

PSI = 2 * (1 - 1e-4) * math.log(1e4)
REACH = {
    "psi": (0, PSI),
    "missing_drift": (-1, 1),
    "jensen_shannon.evidently": (0, math.sqrt(math.log(2))),
    **dict.fromkeys(
        (
            "jensen_shannon",
            "l_infinity",
            "ks",
            "chi_square",
            "drift_p_value",
            "mode_share",
            "missing_share",
            "new_value_share",
        ),
        (0, 1),
    ),
    **dict.fromkeys(
        ("ks.evidently", "hellinger.evidently", "chi_square.evidently", "jensen_shannon.nannyml"), (0, 1)
    ),
    **dict.fromkeys(("new_value_share", "hellinger.nannyml", "ks.nannyml", "l_infinity.nannyml"), (0, 1)),
    **dict.fromkeys(
        ("roc_auc", "pr_auc", "precision", "recall", "f1", "accuracy", "brier", "calibration_error"), (0, 1)
    ),
}
"""What statistics can be; others have no upper end."""
LEVELS = [(0.0, 1.0), (0.1, 0.25, 0.5, 0.75, 0.9), (0.3, 0.31), (1 / 3, 2 / 3)]
NOISES = {
    "none": lambda _, values: values,
    "1e-9": lambda rng, values: np.clip(values + rng.normal(0, 1e-9, len(values)), 0, 1),
    "float32": lambda _, values: values.astype(np.float32).astype(float),
}


def within_reach(found):
    for name, estimate in found.items():
        low, high = REACH.get(name, (-math.inf, math.inf))
        for number in (estimate.value, estimate.low, estimate.high):
            assert number is None or low - 1e-9 <= number <= high + 1e-9, (name, estimate)
        if estimate.value is not None and math.isfinite(high):
            assert estimate.error <= high - low + 1e-9, (name, estimate)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 400),
    st.integers(1, 400),
    st.tuples(st.sampled_from(["normal", "far", "few", "spike", "heavy"]), st.booleans()),
)
def test_no_bound_of_drift_is_beyond_what_it_can_reach(raw, seed, rows, now, kind):
    rng, (shape, exact) = np.random.default_rng(seed), kind
    baseline = rng.normal(size=rows)
    current = {
        "normal": lambda: rng.normal(0.1, 1, now),
        "far": lambda: rng.normal(8, 0.01, now),
        "few": lambda: rng.integers(-2, 3, now).astype(float),
        "spike": lambda: np.full(now, 0.25),
        "heavy": lambda: rng.standard_cauchy(now),
    }[shape]()
    count = raw.by_value if exact or rows < 5 else lambda values: raw.on_grid(values, baseline)
    within_reach(evaluate_drift(count(baseline), count(current), seed=0))


@settings(max_examples=40, deadline=None)
@given(*(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 500)) for _ in range(2)))
def test_no_bound_of_categories_is_beyond_what_it_can_reach(before, after):
    within_reach(evaluate_drift(CategoryCounts(before), CategoryCounts(after), seed=0))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.booleans(), st.sampled_from([1, 50, 2_000]))
def test_no_bound_of_quality_is_beyond_what_it_can_reach(raw, seed, rows, hard, joined):
    rng = np.random.default_rng(seed)
    score = rng.integers(0, 2, rows).astype(float) if hard else rng.beta(0.3, 2, rows)
    label = rng.random(rows) < score
    within_reach(evaluate_performance(raw.outcomes(score, label, joined=joined), seed=0))


def reduced(monitor, score, label):
    rows = pa.table(
        {"model": ["1"] * len(score), "score": score, "prediction": score >= 0.5, "_obs_label": label}
        | {"carrier": ["AA"] * len(score)}
    )
    frame = nw.from_native(duckdb.connect().from_arrow(rows))
    profile = reduce_outcomes(frame, monitor, Grids({"carrier": CategoryGrid()}), OUTCOMES)
    return evaluate_performance(outcome_counts(profile.cell("1", "*")), seed=0)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("levels", LEVELS, ids=str)
def test_scores_of_few_values_have_the_area_of_their_values(small, levels, noise):
    rng = np.random.default_rng(5)
    score = rng.choice(levels, 3_000)
    label = rng.random(3_000) < 0.1 + 0.7 * score
    found = reduced(small().monitor, NOISES[noise](rng, score), label)
    for name, reference in (("roc_auc", roc_auc_score), ("pr_auc", average_precision_score)):
        assert found[name].error < 1e-3, (name, found[name])
        assert found[name].value == pytest.approx(reference(label, score), abs=2e-3)
    assert found["roc_auc"].high - found["roc_auc"].low < 0.06


def counted(monitor, columns, like):
    def frame(values):
        table = pa.table({"model": ["1"] * len(values["score"]), **values})
        return nw.from_native(duckdb.connect().from_arrow(table))

    grids = fit_grids(frame(like), monitor)
    profile = reduce_rows(frame(columns), monitor, grids)
    return {name: profile.counts("1", "*", name) for name in columns}


COLUMNS = {
    "score": lambda rng, n: rng.choice([0.05, 0.3, 0.31, 0.9], n),
    "tenths": lambda rng, n: rng.integers(0, 11, n) * 0.1,
    "normal": lambda rng, n: rng.normal(size=n),
    "cents": lambda rng, n: np.round(rng.lognormal(3, 1, n), 2),
    "mostly zero": lambda rng, n: rng.exponential(1, n) * (rng.random(n) < 0.2),
}


@pytest.mark.parametrize("noise", ["1e-9", "float32"])
def test_noise_of_floats_is_no_drift(small, noise):
    monitor = small(
        features={name: {"type": "number"} for name in COLUMNS if name != "score"}, segments=[]
    ).monitor
    rng = np.random.default_rng(11)
    values = {name: make(rng, 3_000) for name, make in COLUMNS.items()}
    noisy = {
        name: of + rng.normal(0, 1e-9, len(of)) * (of != 0)
        if noise == "1e-9"
        else of.astype(np.float32).astype(float)
        for name, of in values.items()
    }
    plain, same = counted(monitor, values, values), counted(monitor, noisy, values)
    for name in COLUMNS:
        days = DayCounts(plain[name], [plain[name]] * 25)
        found = evaluate("drift", Comparison(plain[name], same[name], 0, days=days))
        for metric in ("psi", "jensen_shannon", "l_infinity", "wasserstein"):
            assert found[metric].value == pytest.approx(0, abs=0.01), (name, metric, found[metric])
        assert found["ks"].value < 0.02
        assert found["drift_p_value"].value > 0.9, name
        assert found["drift_evidence"].value < 0, name


def test_every_metric_that_is_a_share_is_held_to_its_reach():
    of_drift = {name for name, metric in family("drift").items() if metric.definition.unit == "share"}
    assert of_drift <= set(REACH)
