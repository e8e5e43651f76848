"""Whole nights of a regressor with a heavy-tailed target, held against scikit-learn on the raw files."""

import datetime as dt
import json
import re
import warnings

import numpy as np
import pandas as pd
import pytest

from obs_dagster.estimate.losses_by_features import NO_BETTER
from tests.functional import regressor_world as world
from tests.functional.conftest import Place

DAY = world.FIRST + dt.timedelta(days=1)
SUBJECTS = [
    (world.FIRST, 1, "1", "*"),
    (DAY, 1, "2", "*"),
    (DAY, 7, "1", "carrier=B6"),
    (world.LAST, 7, "1", "*"),
    (world.LAST, 7, "2", "carrier=AA"),
    (world.LAST, 1, "2", "*"),
]
CLOSE = 1e-9


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """The home after four nights in one run, and the models by version. To be read only."""
    home = tmp_path_factory.mktemp("regressor")
    place = Place(home, home / "monitors" / "delay_minutes.yaml")
    place.monitor_file.parent.mkdir()
    place.monitor_file.write_text(world.MONITOR)
    with place.environment(), warnings.catch_warnings():
        # MLflow warns about its own types when it is imported
        warnings.simplefilter("ignore")
        models = world.build(home, place.settings.mlflow_uri)
    run = place.run(world.FIRST, world.LAST)
    assert run.success, run.failures
    return place, models


def served(place, first, last, version, segment="*"):
    """The rows that the contract lets through, with what is known of their labels."""
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    logs = pd.concat(
        pd.read_parquet(place.home / "logs" / f"day={day}.parquet", partitioning=None) for day in days
    )
    labels = pd.concat(map(pd.read_parquet, sorted((place.home / "labels").glob("*.parquet"))))
    rows = logs[np.isfinite(logs["minutes"]) & (logs["model"] == version)].merge(labels, on="id", how="left")
    if segment != "*":
        column, value = segment.split("=")
        rows = rows[rows[column] == value]
    return rows.assign(actual=rows["actual"].where(np.isfinite(rows["actual"])))


def records(place, day, window, version, segment="*", *, column=""):
    found = place.metrics(
        days=[day], windows=[window], versions=[version], segments=[segment], columns=[column]
    )
    return {record.metric: record for record in found}


@pytest.fixture(params=SUBJECTS, ids=lambda subject: "-".join(map(str, subject)))
def subject(request, nights):
    place, _ = nights
    day, window, version, segment = request.param
    first = max(world.FIRST, day - dt.timedelta(days=window - 1))
    rows = served(place, first, day, version, segment)
    return place, request.param, rows, rows[rows["actual"].notna()]


def test_errors_are_those_of_scikit_learn(subject):
    from sklearn import metrics

    place, about, rows, labelled = subject
    found = records(place, *about)
    y, p = labelled["actual"].to_numpy(), labelled["minutes"].to_numpy()
    other = y != 0
    assert (~other).sum() < len(y) / 5
    expected = {
        "mae": metrics.mean_absolute_error(y, p),
        "rmse": metrics.root_mean_squared_error(y, p),
        "r2": metrics.r2_score(y, p),
        "mape": metrics.mean_absolute_percentage_error(y[other], p[other]),
        "wape": np.abs(p - y).sum() / np.abs(y).sum(),
        "bias": (p - y).mean(),
        "mean_target": y.mean(),
        "mean_prediction": p.mean(),
        "zero_target_share": (~other).mean(),
        "label_coverage": len(labelled) / len(rows),
    }
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value, rel=CLOSE), name
        assert found[name].error == 0
        assert found[name].low <= value <= found[name].high
    assert found["mape"].n == other.sum()
    assert found["mae"].n == len(labelled)
    for name, level in (("median_absolute_error", 0.5), ("absolute_error_p90", 0.9)):
        exact = np.quantile(np.abs(p - y), level, method="inverted_cdf")
        assert abs(found[name].value - exact) <= found[name].error + CLOSE
        assert found[name].error < 0.05 * exact


def test_predicted_intervals_and_quantiles_are_judged_on_their_own_rows(subject):
    from sklearn.metrics import mean_pinball_loss

    place, about, _, labelled = subject
    found = records(place, *about)
    told = labelled[labelled["q05"] <= labelled["q95"]]
    inside = told["actual"].between(told["q05"], told["q95"])
    assert found["interval_coverage"].value == pytest.approx(inside.mean(), rel=CLOSE)
    assert found["interval_width"].value == pytest.approx((told["q95"] - told["q05"]).mean(), rel=CLOSE)
    for column, level in (("q05", 0.05), ("q95", 0.95)):
        known = labelled[labelled[column].notna()]
        of_column = records(place, *about, column=column)
        loss = mean_pinball_loss(known["actual"], known[column], alpha=level)
        assert of_column["pinball_loss"].value == pytest.approx(loss, rel=CLOSE)
        assert of_column["quantile_coverage"].value == (known["actual"] <= known[column]).mean()
        assert not {"label_coverage", "mae"} & set(of_column)


def test_the_prediction_and_its_quantiles_are_compared_with_the_baseline(nights):
    from scipy.stats import ks_2samp

    place, _ = nights
    rows = served(place, world.LAST, world.LAST, "2")
    training = pd.read_parquet(place.home / "training" / "version=2.parquet", partitioning=None)
    for column in ("minutes", "q05", "temp"):
        found = records(place, world.LAST, 1, "2", column=column)["ks"]
        exact = ks_2samp(rows[column].dropna(), training[column].dropna()).statistic
        assert abs(found.value - exact) <= found.error + 1e-6
        assert found.value > 0.3
    cells = records(place, world.LAST, 1, "2", "carrier=AA", column="minutes")
    assert cells["psi"].value > 0.2


def test_features_tell_errors_that_predictions_do_not(nights):
    place, _ = nights
    found = records(place, world.LAST, 1, "1")
    measured, estimated, adapted = (found[f"{way}bias"] for way in ("", "estimated_", "adapted_"))
    # the model does not know of carriers, of which others came: trees on rows of the baseline do
    assert adapted.low <= measured.value <= adapted.high
    assert abs(adapted.value - measured.value) < abs(estimated.value - measured.value) / 2
    assert found["adapted_rows"].value > 300
    # of days that are like the baseline, and where few of its rows are like those of now, there is a reason
    quiet, hot = records(place, DAY, 1, "1"), records(place, world.LAST, 1, "2")
    assert quiet["adapted_bias"].reason == NO_BETTER
    assert "outside of those that the baseline has" in hot["adapted_bias"].reason
    assert "features overlap too little" in hot["adapted_rows"].reason
    folder = place.lake.root / "delay_minutes"
    assert list(folder.rglob("adapted.json"))


def test_no_number_that_is_none_gets_into_a_record(nights):
    place, _ = nights
    every = place.metrics()
    for record in every:
        for number in (record.value, record.low, record.high, record.error):
            assert number is None or np.isfinite(number)
        assert (record.value is None) == bool(record.reason)
    quarantined = [each for each in every if each.metric == "quarantined_share" and each.window == 1]
    assert {each.value for each in quarantined} == {3 / (2 * world.ROWS)}


def test_rules_fire_for_the_version_that_is_wrong_and_for_no_other(nights):
    place, _ = nights
    fired = {(row["rule"], row["version"], row["column"]) for row in place.rows("alerts") if row["fired_day"]}
    assert fired == {
        ("errors", "2", ""),
        ("off", "2", ""),
        ("moved", "2", "minutes"),
        ("moved", "2", "temp"),
    }
    baseline = records(place, world.LAST, 0, "2")["mae"]
    held = {row["threshold"] for row in place.rows("alerts") if row["rule"] == "errors"}
    assert held == {float(f"{1.2 * baseline.value:.4g}")}
    training = pd.read_parquet(place.home / "training" / "version=2.parquet", partitioning=None)
    exact = (training["minutes"] - training["actual"]).abs().mean()
    assert baseline.value == pytest.approx(exact, rel=CLOSE)


def test_both_versions_are_explained_in_minutes(nights):
    place, models = nights
    folder = place.lake.folder("delay_minutes", "explanations") / f"day={DAY}"
    summary = json.loads((folder / "summary.json").read_text())
    assert [each["version"] for each in summary] == ["1", "2"]
    for each, method in zip(summary, ("LightGBM pred_contrib", "linear"), strict=True):
        assert each["reason"] == ""
        assert each["remarks"] == []
        assert each["unit"] == "unit of the target"
        assert each["method"].startswith(method)
        assert each["residual"] < 1e-9
        assert each["agreement"]["differing"] == 0
        version = each["version"]
        values = pd.read_parquet(folder / f"{version}.parquet").set_index("row")
        rows = served(place, DAY, DAY, version).set_index("id").loc[values.index]
        np.testing.assert_allclose(each["base_value"] + values.sum(axis=1), rows["minutes"], rtol=1e-9)
        shares = records(place, DAY, 1, version, column="temp")
        assert shares["shap_importance"].value == pytest.approx(values["temp"].abs().mean())
    booster, given = models["1"]
    rows = served(place, DAY, DAY, "1").set_index("id")
    values = pd.read_parquet(folder / "1.parquet").set_index("row")
    expected = booster.predict(given(rows.loc[values.index]), pred_contrib=True)[:, :-1]
    np.testing.assert_allclose(values[["temp", "hour"]], expected, rtol=1e-9)


def test_mlflow_has_the_trends_and_the_pages(nights):
    from mlflow import MlflowClient

    place, _ = nights
    client = MlflowClient(place.settings.mlflow_uri, registry_uri=place.settings.mlflow_uri)
    experiment = client.get_experiment_by_name("obs/delay_minutes")
    runs = client.search_runs([experiment.experiment_id])
    trends = [run for run in runs if any(key.startswith("mae") or "/mae" in key for key in run.data.metrics)]
    assert trends
    assert not any("threshold" in run.data.params for run in runs)
    pages = {
        item.path
        for run in runs
        for folder in ("", "evidently")
        for item in client.list_artifacts(run.info.run_id, folder)
    }
    assert {"health.html", "evidently/evidently_regression.html", "evidently/evidently_drift.html"} <= pages
    assert "evidently/evidently_classification.html" not in pages


def test_the_health_page_shows_predicted_against_actual(nights):
    place, _ = nights
    with place.environment():
        from jobs.cli.report import write_report

        page = write_report(place.monitor, world.LAST, place.home / "page.html").read_text()
    for told in (
        "Predicted against actual",
        "Predicted quantiles",
        "Mean absolute error",
        "Prediction drift (PSI)",
    ):
        assert told in page
    rows = served(place, world.FIRST, world.LAST, "2")
    predicted = np.sort(rows["minutes"][rows["actual"].notna()])
    told = re.findall(r"<title>mean prediction ([\d.]+): mean actual", page)
    assert len(told) == 2 * 10
    expected = [group.mean() for group in np.array_split(predicted, 10)]
    np.testing.assert_allclose([float(each) for each in told[10:]], expected, rtol=0.01)


def test_dagster_shows_the_errors_of_the_day(nights):
    import dagster as dg

    place, _ = nights
    with place.environment():
        from jobs.instance import open_instance

        with open_instance(place.settings) as instance:
            key = dg.AssetKey(["delay_minutes", "performance"])
            events = instance.fetch_materializations(dg.AssetRecordsFilter(key), limit=20).records
            shown = [
                each.asset_materialization.metadata["quality"].value
                for each in events
                if "quality" in each.asset_materialization.metadata
            ]
    assert {"mae", "rmse", "bias", "r2"} <= set(shown[0].records[0].data)
