"""Two nights of a registered model with three classes: explanations, pages, MLflow, the command line."""

import datetime as dt
import json
import warnings

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

FIRST = dt.date(2024, 3, 4)
LAST = FIRST + dt.timedelta(days=1)
CLASSES = ["late", "on time", "very late"]
ROWS = 600
MONITOR = """
model: delays
task: multiclass_classification
start: 2024-03-04
logs:
  source: parquet
  path: ${OBS_HOME}/logs/{day}.parquet
  columns: { prediction_id: id, time: at, version: model, scores: scores }
labels:
  source: parquet
  path: ${OBS_HOME}/labels/*.parquet
  columns: { prediction_id: id, label: kind, known_at: known_at }
  max_delay_days: 0
multiclass:
  classes: [late, on time, very late]
registry: { name: delays }
features:
  temp: { type: number }
  wind: { type: number }
  hour: { type: number }
baseline: { kind: training, path: "${OBS_HOME}/training/{version}.parquet" }
windows: [1]
alerts:
  - { name: worse, metric: macro_f1, below: 95 % of baseline, min_rows: 1 }
  - { name: blind, metric: class_recall, below: 0.999, min_rows: 1, classes: [very late] }
"""


def rows_of(seed, n):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "temp": rng.normal(size=n),
            "wind": rng.normal(size=n),
            "hour": rng.integers(0, 24, n).astype(float),
        }
    )
    logits = np.column_stack([2 * frame["temp"], frame["wind"] - frame["temp"], 0.2 * (frame["hour"] - 12)])
    return frame, (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)


def write(path, frame):
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path)


def build(home, tracking_uri):
    import lightgbm
    import mlflow
    from mlflow import MlflowClient

    training, codes = rows_of(0, 3_000)
    params = {"objective": "multiclass", "num_class": 3, "verbosity": -1, "num_threads": 1, "seed": 1}
    booster = lightgbm.train(params, lightgbm.Dataset(training, codes), num_boost_round=15)
    mlflow.set_tracking_uri(tracking_uri)
    client = MlflowClient(tracking_uri, tracking_uri)
    client.create_registered_model("delays")
    experiment = client.create_experiment("training", artifact_location=(home / "models").as_uri())
    with mlflow.start_run(experiment_id=experiment):
        logged = mlflow.lightgbm.log_model(booster, name="model")
    client.create_model_version("delays", logged.model_uri, model_id=logged.model_id)
    names = np.array(CLASSES)
    scored = training.assign(scores=list(booster.predict(training)), kind=names[codes])
    write(home / "training" / "1.parquet", scored)
    labels = []
    for number, day in enumerate((FIRST, LAST), 1):
        frame, codes = rows_of(number, ROWS)
        frame = frame.assign(
            id=[f"{day}-{row}" for row in range(ROWS)],
            at=pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(ROWS), "s"),
            model="1",
            scores=list(booster.predict(frame)),
        )
        write(home / "logs" / f"{day}.parquet", frame)
        known = pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=23)
        labels.append(pd.DataFrame({"id": frame["id"], "kind": names[codes], "known_at": known}))
    write(home / "labels" / "all.parquet", pd.concat(labels))
    return booster


@pytest.fixture(scope="module")
def nights(place_at, tmp_path_factory):
    """The home after two nights in one run, and the model. To be read only."""
    place = place_at(tmp_path_factory.mktemp("delays"), "delays", MONITOR)
    with place.environment(), warnings.catch_warnings():
        # MLflow warns about its own types when it is imported
        warnings.simplefilter("ignore")
        booster = build(place.home, place.settings.mlflow_uri)
    run = place.run(FIRST, LAST)
    assert run.success, run.failures
    return place, booster


def test_every_class_is_explained_by_the_model_that_served(nights):
    import shap

    place, booster = nights
    folder = place.lake.folder("delays", "explanations") / f"day={LAST}"
    (summary,) = json.loads((folder / "summary.json").read_text())
    assert summary["reason"] == ""
    assert summary["method"].startswith("LightGBM pred_contrib")
    assert summary["unit"] == "raw score"
    assert summary["residual"] < 1e-9
    assert summary["agreement"]["differing"] == 0
    assert set(summary["by_class"]) == set(CLASSES)
    table = pq.read_table(folder / "1.parquet", partitioning=None).to_pandas()
    served = pd.read_parquet(place.home / "logs" / f"{LAST}.parquet").set_index("id")
    explained = served.loc[table["row"].unique(), ["temp", "wind", "hour"]]
    expected = shap.TreeExplainer(booster).shap_values(explained)
    expected = np.stack(expected, axis=2) if isinstance(expected, list) else expected
    found = table.set_index(["row", "class"])
    for place_of, name in enumerate(CLASSES):
        own = found.xs(name, level="class").loc[explained.index, ["temp", "wind", "hour"]]
        np.testing.assert_allclose(own, expected[:, :, place_of], atol=1e-9)
    importance = np.abs(expected).mean(axis=(0, 2))
    for feature, value in zip(("temp", "wind", "hour"), importance, strict=True):
        (record,) = place.metrics(days=[LAST], columns=[feature], metrics=["shap_importance"])
        assert record.value == pytest.approx(value)
    assert (folder / "1.bar.png").stat().st_size > 1_000
    assert (folder / "1.beeswarm.png").stat().st_size > 1_000


def test_scores_in_a_list_are_evaluated(nights):
    from sklearn.metrics import f1_score

    place, booster = nights
    frame, codes = rows_of(2, ROWS)
    expected = f1_score(codes, booster.predict(frame).argmax(axis=1), average="macro")
    (record,) = place.metrics(days=[LAST], metrics=["macro_f1"], windows=[1])
    assert record.value == pytest.approx(expected)
    moved = place.metrics(days=[LAST], metrics=["psi"], windows=[1])
    assert {record.column for record in moved} >= {"prediction", *(f"scores[{name}]" for name in CLASSES)}


def test_mlflow_has_the_trends_and_the_pages(nights):
    from mlflow import MlflowClient

    place, _ = nights
    uri = place.settings.mlflow_uri
    client = MlflowClient(uri, registry_uri=uri)
    experiment = client.get_experiment_by_name("obs/delays")
    runs = client.search_runs([experiment.experiment_id])
    measured = {name for run in runs for name in run.data.metrics}
    assert any("macro_f1" in name for name in measured), sorted(measured)
    files = {file.path.split("/")[-1] for run in runs for file in every_file(client, run.info.run_id)}
    assert {"evidently_multiclass.html", "evidently_drift.html", "shap_bar.png", "health.html"} <= files


def every_file(client, run_id, folder=None):
    for file in client.list_artifacts(run_id, folder):
        yield from every_file(client, run_id, file.path) if file.is_dir else [file]


def test_rules_are_judged_by_class_and_against_the_baseline(nights):
    place, _ = nights
    firing = {(row["rule"], row["column"]) for row in place.rows("alerts") if row["state"] == "firing"}
    assert ("blind", "very late") in firing
    baseline = [record for record in place.metrics(days=[LAST], metrics=["macro_f1"]) if record.window == 0]
    assert baseline == [] or baseline[0].value > 0.5


def test_the_command_line_shows_metrics_of_a_class(nights):
    from typer.testing import CliRunner

    from jobs.cli.app import app

    place, _ = nights
    with place.environment():
        shown = CliRunner().invoke(
            app, ["metrics", "delays", "--column", "very late", "--from", str(LAST), "--format", "json"]
        )
    assert shown.exit_code == 0, shown.output
    assert {"class_recall", "class_f1", "class_roc_auc"} <= {
        each["metric"] for each in json.loads(shown.stdout)
    }
