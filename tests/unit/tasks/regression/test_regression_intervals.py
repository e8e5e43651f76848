"""How often the intervals hold the truth of the population that rows are drawn from."""

import numpy as np
import pytest

from obs_dagster.tasks.regression.counts import Errors, QuantileErrors
from obs_dagster.tasks.regression.metrics.calibration import Deciles, gap_interval
from tests.regressor import EXTRA, table

N, DRAWS = 400, 1_500
#: What a share of 95 % is within, in so many draws, but for one time in a thousand.
WITHIN = (0.93, 0.97)
TRUTH = {
    "normal": lambda rng, shape: rng.normal(60, 10, shape),
    "skewed": lambda rng, shape: 5 + rng.gamma(3.0, 8.0, shape),
}


def population(kind, rng, rows):
    label = TRUTH[kind](rng, rows)
    return 0.8 * label + 8 + rng.normal(0, 6, rows), label


def truth(prediction, label):
    error, size = prediction - label, np.abs(prediction - label)
    return {
        "mae": size.mean(),
        "rmse": np.sqrt((error**2).mean()),
        "bias": error.mean(),
        "mape": (size / np.abs(label))[label != 0].mean(),
        "smape": (2 * size / (np.abs(label) + np.abs(prediction))).mean(),
        "wape": size.sum() / np.abs(label).sum(),
        "r2": 1 - (error**2).mean() / label.var(),
        "mean_target": label.mean(),
        "mean_prediction": prediction.mean(),
        "median_absolute_error": np.median(size),
        "absolute_error_p90": np.quantile(size, 0.9),
        "interval_coverage": ((prediction - 8 <= label) & (label <= prediction + 9)).mean(),
        "pinball_loss(q10)": np.maximum(
            0.1 * (label - prediction + 8), 0.9 * (prediction - 8 - label)
        ).mean(),
        "quantile_coverage(q10)": (label <= prediction - 8).mean(),
    }


@pytest.mark.parametrize("kind", sorted(TRUTH))
def test_intervals_hold_the_truth_in_95_of_100_draws(regressor, kind):
    rng = np.random.default_rng(7)
    prediction, label = population(kind, rng, 2_000_000)
    expected = truth(prediction, label)
    prediction, label = population(kind, rng, N * DRAWS)
    rows = by_draw(
        prediction, label, N, low=prediction - 8, high=prediction + 9, q10=prediction - 8, q90=label
    )
    model = regressor(prediction[:5000], **EXTRA)
    profile = model.profile(rows)
    held = dict.fromkeys(expected, 0)
    calibrated = 0
    exact = _decile_gap(*population(kind, rng, 2_000_000))
    for draw in range(DRAWS):
        found = _estimates(model, profile, str(draw))
        for name, value in expected.items():
            held[name] += found[name].low <= value <= found[name].high
        band = found["decile_calibration_error"]
        calibrated += band.low <= exact <= band.high
    for name, count in held.items():
        # order statistics are never too short, and at the outer edges of bins
        most = 0.99 if "absolute_error" in name and name != "mae" else WITHIN[1]
        assert WITHIN[0] <= count / DRAWS <= most, name
    # bins that lie in two groups widen it
    assert WITHIN[0] <= calibrated / DRAWS <= 0.99


def by_draw(prediction, label, size, **columns):
    """Rows with a version for each draw of so many, so that all draws are reduced at once."""
    rows = table(prediction, label, **columns)
    versions = [str(draw) for draw in np.arange(len(prediction)) // size]
    return rows.set_column(rows.schema.get_field_index("model"), "model", [versions]).drop_columns(
        ["carrier"]
    )


def _decile_gap(prediction, label):
    order = np.argsort(prediction)
    return np.mean([abs((prediction - label)[part].mean()) for part in np.array_split(order, 10)])


def _estimates(model, profile, version):
    from obs_dagster.metrics.evaluation import evaluate

    found = {}
    for column, given in model.inputs(profile, version=version).items():
        assert isinstance(given, Errors | QuantileErrors)
        for name, estimate in evaluate("performance", given, task="regression").items():
            found[f"{name}({column})" if column else name] = estimate
    return found


@pytest.mark.parametrize("rows", [12, 60])
@pytest.mark.parametrize(
    "gaps",
    [
        np.zeros(10),
        np.full(10, 1.0),
        np.full(10, 2.0),
        np.full(10, 10.0),
        np.eye(10)[0] * 8,
        np.linspace(-4, 4, 10),
    ],
    ids=["none", "one", "two", "ten", "one group", "from below to above"],
)
def test_gaps_of_any_size_are_held(gaps, rows):
    """Gaps in standard errors, in ten groups of so many rows."""
    rng = np.random.default_rng(3)
    held = 0
    for draw in range(DRAWS):
        errors = gaps * np.ones((rows, 1)) + rng.normal(size=(rows, 10)) * np.sqrt(rows)
        nothing = np.zeros(10)
        deviation = errors.std(axis=0, ddof=1) / np.sqrt(rows)
        found = Deciles(rows, nothing, -errors.mean(axis=0), deviation, nothing)
        low, high = gap_interval(found, draw)
        held += low <= np.abs(gaps).mean() <= high
    assert 0.93 <= held / DRAWS <= 0.99


def test_a_model_that_is_right_has_a_calibration_error_that_may_be_zero(regressor):
    rng = np.random.default_rng(8)
    prediction = rng.normal(0, 10, 500 * 200)
    model = regressor(prediction[:5000])
    profile = model.profile(by_draw(prediction, prediction + rng.normal(0, 5, len(prediction)), 500))
    found = [_estimates(model, profile, version) for version in profile.versions()]
    assert np.mean([each["decile_calibration_error"].low == 0 for each in found]) >= 0.95
