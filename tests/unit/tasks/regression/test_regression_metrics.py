"""Every metric against scikit-learn and NumPy on the raw rows."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from tests.regressor import EXTRA, table

N = 20_000


def targets(name, rng, n=N):
    return {
        "normal": lambda: rng.normal(50, 10, n),
        "heavy-tailed": lambda: rng.standard_t(2.2, n) * 30,
        "prices": lambda: np.exp(rng.normal(3, 1.5, n)),
        "counts": lambda: rng.poisson(2, n).astype(float),
        "far from zero": lambda: 1e9 + rng.normal(0, 5, n),
        "tiny": lambda: 1e-12 * rng.normal(0, 5, n),
    }[name]()


TARGETS = ("normal", "heavy-tailed", "prices", "counts", "far from zero", "tiny")


def expected(prediction, label):
    from sklearn import metrics

    size, nonzero = np.abs(prediction - label), np.abs(label) >= np.finfo(float).eps
    both = np.abs(prediction) + np.abs(label)
    return {
        "mae": metrics.mean_absolute_error(label, prediction),
        "rmse": metrics.root_mean_squared_error(label, prediction),
        "r2": metrics.r2_score(label, prediction),
        "mape": metrics.mean_absolute_percentage_error(label[nonzero], prediction[nonzero]),
        "smape": np.where(both > 0, 2 * size / np.where(both > 0, both, 1), 0).mean(),
        "wape": size.sum() / np.abs(label).sum(),
        "bias": (prediction - label).mean(),
        "mean_target": label.mean(),
        "mean_prediction": prediction.mean(),
        "zero_target_share": 1 - nonzero.mean(),
    }


def calibration(prediction, label):
    """The calibration error on the rows themselves, those of one prediction in proportion."""
    _, place, counts = np.unique(prediction, return_inverse=True, return_counts=True)
    ends = np.append(0, np.cumsum(counts))
    mean_error = np.bincount(place, prediction - label) / counts
    edges = np.linspace(0, len(label), 11)
    gaps = [
        (np.clip(np.minimum(high, ends[1:]) - np.maximum(low, ends[:-1]), 0, None) @ mean_error)
        for low, high in pairwise(edges)
    ]
    return np.abs(gaps).sum() / len(label)


@pytest.mark.parametrize("kind", TARGETS)
def test_values_are_those_of_scikit_learn(regressor, kind):
    from sklearn.metrics import median_absolute_error

    rng = np.random.default_rng(3)
    label = targets(kind, rng)
    spread = np.subtract(*np.quantile(label, [0.75, 0.25]))
    prediction = np.where(rng.random(N) < 0.1, label, label + rng.normal(0.1, 0.4, N) * spread)
    carrier = rng.choice(["AA", "UA"], N)
    model = regressor(prediction[:5000])
    profile = model.profile(table(prediction, label, carrier=carrier))
    for segment, part in {"*": carrier != "", "carrier=UA": carrier == "UA"}.items():
        found = model.metrics(profile, segment)
        p, y = prediction[part], label[part]
        for name, value in expected(p, y).items():
            assert found[name].value == pytest.approx(value, rel=1e-9, abs=1e-9 * spread), name
            assert found[name].error == 0
        size = np.abs(p - y)
        for name, level in (("median_absolute_error", 0.5), ("absolute_error_p90", 0.9)):
            exact = np.quantile(size, level, method="inverted_cdf")
            assert abs(found[name].value - exact) <= found[name].error * (1 + 1e-9) + 1e-12 * spread
            assert found[name].error <= (0.005 if segment == "*" else 0.03) * exact
        gap = np.diff(np.sort(size)[[len(size) // 2 - 1, len(size) // 2]])[0]
        median = found["median_absolute_error"]
        assert abs(median.value - median_absolute_error(y, p)) <= median.error + gap
        exact, calibrated = calibration(p, y), found["decile_calibration_error"]
        assert abs(calibrated.value - exact) <= calibrated.error + 1e-12 * spread
        assert calibrated.error < (0.02 if segment == "*" else 0.06) * spread


def test_intervals_and_quantiles_that_the_model_predicted(regressor):
    from sklearn.metrics import mean_pinball_loss

    rng = np.random.default_rng(4)
    label, prediction = rng.normal(50, 10, N), rng.normal(50, 5, N)
    low, high = prediction - rng.exponential(8, N), prediction + 9
    q10, q90 = prediction - 10, prediction + rng.normal(11, 2, N)
    unknown = rng.random(N) < 0.2
    low[:7], high[:9], q10[:11] = np.nan, np.inf, -np.inf
    high[20:30] = low[20:30] - 1  # ends out of order say nothing
    rows = table(
        prediction,
        pa.array(label, mask=unknown),
        low=low,
        high=pa.array(high, mask=rng.random(N) < 0.01),
        q10=q10,
        q90=q90,
    )
    found = regressor(prediction, **EXTRA).metrics(rows)
    high = rows["high"].to_numpy()
    told = ~unknown & np.isfinite(low) & np.isfinite(high) & (low <= high)
    covered, width = found["interval_coverage"], found["interval_width"]
    assert covered.n == width.n == told.sum()
    assert covered.value == ((low <= label) & (label <= high))[told].mean()
    assert width.value == pytest.approx((high - low)[told].mean())
    for column, level, values in (("q10", 0.1, q10), ("q90", 0.9, q90)):
        told = ~unknown & np.isfinite(values)
        loss, below = found[f"pinball_loss({column})"], found[f"quantile_coverage({column})"]
        assert loss.n == below.n == told.sum()
        assert loss.value == pytest.approx(mean_pinball_loss(label[told], values[told], alpha=level))
        assert below.value == (label <= values)[told].mean()


def test_metrics_of_intervals_and_quantiles_are_those_of_logs_that_have_them(regressor):
    rows = table([1.0, 2.0], [1.0, 3.0])
    assert not any("interval_" in name or "pinball" in name for name in regressor().metrics(rows))
    lost = regressor(**EXTRA).metrics(rows)
    assert lost["interval_coverage"].reason == lost["interval_width"].reason == "no intervals"
    assert lost["pinball_loss(q10)"].reason == "no quantiles"


HAZARDS = {
    "no rows": ([], []),
    "no labels": ([1.0, 2.0], [None, None]),
    "no finite pair": ([np.nan, np.inf, 1.0, None], [1.0, 1.0, -np.inf, 1.0]),
    "one row": ([3.0], [4.0]),
    "constant target": ([1.0, 2.0, 3.0] * 5, [2.0] * 15),
    "all targets zero": ([1.0, 2.0, 3.0] * 5, [0.0] * 15),
    "all zero": ([0.0] * 15, [0.0] * 15),
    "perfect": (list(range(60)), list(range(60))),
    "constant error": (list(range(60)), list(range(1, 61))),
    "constant prediction": ([2.0] * 60, list(range(60))),
    "huge": ([1e300, -1e300, 1.0, 2.0], [1.0, 2.0, 1e308, -1.7e308]),
    "large": ([3e38, 2.0, 1.0] * 20, [1.0, -3e38, 2.0] * 20),
    "smallest": ([5e-324, 0.0, 1.0], [-5e-324, 5e-324, 0.0]),
    "two rows": ([1.0, 2.0], [2.0, 1.0]),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", sorted(HAZARDS))
def test_whatever_the_numbers_are_there_is_a_finite_value_or_a_reason(regressor, kind):
    prediction, label = HAZARDS[kind]
    n = len(prediction)
    given = pa.array([None if each is None else each for each in prediction], pa.float64())
    extra = dict.fromkeys(("low", "q10"), given) | dict.fromkeys(("high", "q90"), given)
    found = regressor(**EXTRA).metrics(table(given, label, **extra))
    for name, estimate in found.items():
        numbers = (estimate.value, estimate.low, estimate.high, estimate.error)
        assert all(number is None or np.isfinite(number) for number in numbers), name
        assert (estimate.value is None) == bool(estimate.reason), name
        if estimate.value is not None:
            assert estimate.low is None or estimate.low <= estimate.value, name
            assert estimate.high is None or estimate.value <= estimate.high, name
        assert 0 <= estimate.n <= n
    reasons = {name: estimate.reason for name, estimate in found.items()}
    if kind in ("no rows", "no labels", "no finite pair"):
        assert set(reasons.values()) <= {"no labels", "no predictions", ""}
        assert reasons["mae"] == "no labels"
    if kind == "constant target":
        assert reasons["r2"] == "constant target"
    if kind == "all targets zero":
        assert reasons["mape"] == reasons["wape"] == "all targets are zero"
        assert found["zero_target_share"].value == 1
    if kind == "one row":
        assert reasons["r2"] == "one row only"
        assert found["mae"].value == 1
        assert found["mae"].low is None
    if kind == "perfect":
        assert found["r2"].value == 1
        assert found["mae"].value == found["rmse"].value == found["absolute_error_p90"].value == 0


def test_zero_targets_are_left_out_of_the_percentage_error_and_counted(regressor):
    found = regressor().metrics(table([1.0, 5.0, 3.0, 4.0], [0.0, 4.0, 0.0, 2.0]))
    assert found["mape"].value == pytest.approx((0.25 + 1) / 2)
    assert found["mape"].n == 2
    assert found["zero_target_share"].value == 0.5


def test_rows_without_a_number_are_predictions_without_a_label(regressor):
    prediction = [1.0, np.nan, np.inf, None, 5.0, 6.0, 1e200]
    found = regressor().metrics(table(prediction, [2.0, 2.0, 2.0, 2.0, np.nan, None, 1.0]))
    assert found["label_coverage"].value == pytest.approx(1 / 7)
    assert found["mae"].value == found["mae"].n == 1


def test_a_log_that_lost_its_prediction_has_no_errors(regressor):
    rows = table([1.0], [1.0]).drop_columns(["minutes"])
    found = regressor().metrics(rows)
    assert found["mae"].reason == "no labels"
    assert found["label_coverage"].value == 0
