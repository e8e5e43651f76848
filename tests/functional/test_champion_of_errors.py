"""Eight nights of a regressor with a champion: who is told, and where, that another one has larger errors."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from tests.functional.conftest import Place

FIRST = dt.date(2024, 3, 4)
DAYS = [FIRST + dt.timedelta(days=number) for number in range(8)]
ROWS = 150
MONITOR = """
model: minutes
task: regression
start: 2024-03-04
champion: "1"
logs:
  source: parquet
  path: ${OBS_HOME}/logs/{day}.parquet
  columns: {prediction_id: id, time: at, version: model, prediction: minutes}
labels:
  source: parquet
  path: ${OBS_HOME}/labels.parquet
  columns: {prediction_id: id, label: actual, known_at: known_at}
  max_delay_days: 1
features:
  carrier: {type: category}
segments: [carrier]
baseline: {kind: training, path: "${OBS_HOME}/training/{version}.parquet"}
windows: [1]
reports: {evidently_every_days: 366}
alerts:
  - {name: challenger_better, metric: mae, better_than: champion, severity: info}
  - {name: challenger_worse, metric: mae, worse_than: champion}
"""


def rows(day, version, seed):
    """A day of a version; the errors of version 2 are half as large again."""
    rng = np.random.default_rng((day.toordinal(), seed))
    actual = rng.gamma(2.0, 20.0, ROWS)
    error = rng.laplace(0, 5.0 if version == "1" else 7.5, ROWS)
    return pd.DataFrame(
        {
            "id": [f"{day}-{version}-{number}" for number in range(ROWS)],
            "at": pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(ROWS), "min"),
            "model": version,
            "minutes": actual + error,
            "carrier": rng.choice(["AA", "UA"], ROWS),
            "actual": actual,
            "known_at": pd.Timestamp(day, tz="UTC") + pd.Timedelta(days=1),
        }
    )


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """The home after all nights in one run, and the rows. To be read only."""
    home = tmp_path_factory.mktemp("champion")
    place = Place(home, home / "monitors" / "minutes.yaml")
    for folder in ("monitors", "logs", "training"):
        (home / folder).mkdir()
    place.monitor_file.write_text(MONITOR)
    served = []
    for day in DAYS:
        served.append(pd.concat([rows(day, "1", 1), rows(day, "2", 2)], ignore_index=True))
        served[-1].drop(columns=["actual", "known_at"]).to_parquet(home / "logs" / f"{day}.parquet")
    for version in ("1", "2"):
        trained = rows(dt.date(2024, 1, 1), version, 3).drop(columns=["actual", "known_at"])
        trained.to_parquet(home / "training" / f"{version}.parquet")
    pd.concat(served)[["id", "actual", "known_at"]].to_parquet(home / "labels.parquet")
    run = place.run(DAYS[0], DAYS[-1])
    assert run.success, run.failures
    return place, pd.concat(served)


def test_the_version_with_larger_errors_is_worse_than_its_champion(nights):
    place, served = nights
    fired = [row for row in place.rows("alerts") if row["fired_day"]]
    assert {(row["rule"], row["version"]) for row in fired} == {("challenger_worse", "2")}
    titles = [json.loads(row["notification"])["title"] for row in place.rows("outbox")]
    assert "fires for version 2: mae worse than version 1, its champion: " in titles[0]
    sizes = (served["minutes"] - served["actual"]).abs().groupby(served["model"]).mean()
    [record] = [each for each in place.metrics(days=[DAYS[-1]]) if each.metric == "mae_beside_champion"]
    assert record.low < record.value < record.high < 0
    # by day both have the mix of carriers that both together have
    assert record.value == pytest.approx(sizes["1"] - sizes["2"], rel=0.05)


def test_people_see_which_version_is_better(nights):
    from mlflow import MlflowClient
    from typer.testing import CliRunner

    place, _ = nights
    said = "Version 1 has the better MAE than version 2"
    with place.environment():
        from jobs.cli.app import app
        from jobs.cli.report import write_report

        page = write_report(place.monitor, DAYS[-1], place.home / "page.html").read_text()
        told = CliRunner().invoke(app, ["compare", "minutes", "2", "1"])
        listed = CliRunner().invoke(app, ["compare", "minutes", "2", "1", "--format", "json"])
    assert said in page
    assert said in " ".join(told.output.split())
    mae, *_ = json.loads(listed.stdout)
    assert (mae["metric"], mae["higher"], mae["better"], mae["days"]) == ("mae", "2", "1", len(DAYS))
    client = MlflowClient(place.settings.mlflow_uri)
    experiment = client.get_experiment_by_name("obs/minutes")
    written = {
        client.download_artifacts(run.info.run_id, item.path)
        for run in client.search_runs([experiment.experiment_id])
        for item in client.list_artifacts(run.info.run_id)
        if item.path == "versions.md"
    }
    assert any(said in open(file, encoding="utf-8").read() for file in written)  # noqa: SIM115, PTH123


def test_dagster_says_it_beside_the_performance(nights):
    import dagster as dg

    place, _ = nights
    with place.environment():
        from jobs.instance import open_instance

        with open_instance(place.settings) as instance:
            key = dg.AssetKey(["minutes", "performance"])
            events = instance.fetch_materializations(dg.AssetRecordsFilter(key), limit=20).records
            shown = [each.asset_materialization.metadata for each in events]
    [told] = [each["version against version"].value for each in shown if "version against version" in each]
    assert "- Version 1 has the better MAE than version 2" in told
