"""Whole nights with all that may be asked of explanations: in the store, in MLflow and on the health page."""

import datetime as dt
import warnings

import numpy as np
import pyarrow.parquet as pq
import pytest

from jobs.execution import run_nights
from obs_dagster.catalogue import monitor_of
from obs_dagster.history import History
from obs_dagster.settings import Settings
from tests.jobs.conftest import write_days

FIRST, LAST = dt.date(2024, 3, 1), dt.date(2024, 3, 2)
FEATURES = ["income", "region", "debt", "tenure"]
ASKED = """
registry: {name: loan_default}
explanations:
  cohorts: 80
  interactions: 10
  second_opinion: {lime_rows: 20, scored_rows: 8000, repeats: 2}
  shapes: {features: 2, rows: 40, points: 6}
"""


@pytest.fixture
def settings(home, monkeypatch):
    monkeypatch.setenv("OBS_HOME", str(home.root))
    monkeypatch.setenv("DAGSTER_HOME", "")
    write_days(home)
    return Settings(home=home.root)


def registered(home, settings):
    """A model of the log's own rows, in the registry of the home."""
    import lightgbm
    import mlflow.lightgbm

    rows = pq.read_table(home.root / f"logs/day={FIRST}.parquet").to_pandas()[FEATURES]
    labels = (rows["income"].rank() + rows["debt"].rank() > len(rows)).astype(int)
    data = lightgbm.Dataset(rows.astype({"region": "category"}), labels)
    params = {"objective": "binary", "verbosity": -1, "num_threads": 1, "num_leaves": 6}
    booster = lightgbm.train(params, data, num_boost_round=8)
    mlflow.set_tracking_uri(settings.mlflow_uri)
    with warnings.catch_warnings(), mlflow.start_run():
        warnings.simplefilter("ignore")
        logged = mlflow.lightgbm.log_model(booster, name="m", pip_requirements=["lightgbm"])
        mlflow.register_model(logged.model_uri, "loan_default")


def test_everything_that_is_asked_for_is_known_where_it_is_read(home, settings, tmp_path):
    from mlflow import MlflowClient

    registered(home, settings)
    file = home.monitors / "loan_default.yaml"
    file.write_text(file.read_text() + ASKED)
    monitor = monitor_of(file)
    assert run_nights(monitor, FIRST, LAST, settings=settings, progress=lambda _: None)
    with History.open(settings.history_url) as history:
        records = history.metrics(monitor.model)
    known = {(each.metric, each.day, each.segment, each.column): each for each in records}
    for day in (FIRST, LAST):
        for metric in ("lime_sign_agreement", "lime_rank_correlation", "lime_top_overlap"):
            found = known[metric, day, "*", ""]
            assert (found.n, found.reason) == (20, "")
            assert found.low <= found.value <= found.high
        assert known["unlike_baseline_share", day, "*", ""].value < 0.2
    cells = {segment for metric, _, segment, _ in known if metric == "shap_ndcg"} - {"*"}
    assert cells
    assert all(segment.startswith("region=") for segment in cells)
    # labels of the second day are waited for until the night after it
    of_labels = {day for metric, day, *_ in known if metric == "permutation_importance"}
    assert of_labels == {FIRST}
    worth = {
        column: each.value
        for (metric, _, _, column), each in known.items()
        if metric == "permutation_importance"
    }
    assert set(worth) == set(FEATURES)
    assert np.isfinite(list(worth.values())).all()
    assert known["label_rank_correlation", FIRST, "*", ""].value is not None
    client = MlflowClient(settings.mlflow_uri)
    experiment = client.get_experiment_by_name(f"obs/{monitor.model}")
    night = next(
        run
        for run in client.search_runs([experiment.experiment_id])
        if run.data.tags.get("obs.day") == str(LAST) and run.data.tags.get("obs.kind") == "night"
    )
    artifacts = {each.path for each in client.list_artifacts(night.info.run_id, "explanations")}
    drawn = {"shapes.png", "shapes.json", "interactions.png", "interactions.json", "shap_bar.png"}
    assert {f"explanations/{name}" for name in drawn} <= artifacts
    page = client.download_artifacts(night.info.run_id, "health.html", str(tmp_path))
    with open(page, encoding="utf-8") as content:  # noqa: PTH123 - MLflow gives a text
        text = content.read()
    for told in ("Second opinion", "partial dependence", "Features that act together", "worth"):
        assert told in text
