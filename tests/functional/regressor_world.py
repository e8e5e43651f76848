"""A generated regressor in production: a heavy-tailed target, two registered versions, bad labels."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

FIRST = dt.date(2024, 3, 4)
DAYS = 4
LAST = FIRST + dt.timedelta(days=DAYS - 1)
#: From here on version 2 sees temperatures that it was not trained on, and is wrong about them; version 1
#: sees more of a carrier that it does not know of, and leans.
BROKEN = LAST
ROWS = 900
MONITOR = """
model: delay_minutes
task: regression
start: 2024-03-04
logs:
  source: parquet
  path: ${OBS_HOME}/logs/day={day}.parquet
  columns:
    prediction_id: id
    time: at
    version: model
    prediction: minutes
    interval: [q05, q95]
    quantiles: {0.05: q05, 0.95: q95}
labels:
  source: parquet
  path: ${OBS_HOME}/labels/*.parquet
  columns: {prediction_id: id, label: actual, known_at: known_at}
  max_delay_days: 2
  immature: judge
features:
  temp: {type: number}
  hour: {type: integer, min: 0, max: 23}
  carrier: {type: category}
segments: [carrier]
baseline: {kind: training, path: "${OBS_HOME}/training/version={version}.parquet"}
registry: {name: delay_minutes}
windows: [1, 7]
alerts:
  - {name: errors, metric: mae, window: 1, above: 120 % of baseline, for: 1, severity: critical}
  - {name: off, metric: bias, window: 1, below: -8}
  - {name: moved, metric: psi, window: 1, above: 0.2, columns: [minutes, temp]}
  - {name: intervals, metric: interval_coverage, window: 7, below: 0.5}
  - {name: leaning, metric: adapted_bias, window: 1, below: -8}
  - {name: quantiles, metric: quantile_coverage, window: 7, above: 0.5, columns: [q05]}
"""


USUAL, OTHER = (0.5, 0.3, 0.2), (0.2, 0.1, 0.7)


def features(
    rng: np.random.Generator, n: int, *, hot: float = 0.0, carriers: tuple[float, ...] = USUAL
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "temp": rng.normal(10 + hot, 5, n),
            "hour": rng.integers(0, 24, n),
            "carrier": rng.choice(["AA", "UA", "B6"], n, p=carriers),
        }
    )


def truth(rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Minutes: most near zero, some exactly zero, a tail of hours."""
    mean = 0.8 * rows["temp"] + 0.5 * rows["hour"] + 6 * (rows["carrier"] == "B6")
    noise = rng.standard_t(2.5, len(rows)) * 6
    return np.where(rng.random(len(rows)) < 0.02, 0.0, np.round(mean + noise, 1))


def matrix(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[["temp", "hour"]].astype(float)


def build(home: Path, tracking_uri: str) -> dict[str, object]:
    """Train and register both versions, and write training rows, logs and labels; the models by version."""
    import lightgbm
    import mlflow
    from mlflow import MlflowClient
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    rng = np.random.default_rng(5)
    training = features(rng, 4_000)
    target = truth(training, rng)
    booster = lightgbm.train(
        {"objective": "regression", "verbosity": -1, "num_leaves": 15, "num_threads": 1, "seed": 1},
        lightgbm.Dataset(training[["temp", "hour"]].astype(float), target),
        num_boost_round=40,
    )
    pipeline = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["carrier"]), remainder="passthrough"), LinearRegression()
    ).fit(training, target)
    models = {"1": (booster, matrix), "2": (pipeline, lambda rows: rows)}
    mlflow.set_tracking_uri(tracking_uri)
    client = MlflowClient(tracking_uri, tracking_uri)
    client.create_registered_model("delay_minutes")
    experiment = client.create_experiment("training", artifact_location=(home / "models").as_uri())
    for version, (model, _) in models.items():
        with mlflow.start_run(experiment_id=experiment):
            flavor = mlflow.lightgbm if version == "1" else mlflow.sklearn
            options = {} if version == "1" else {"serialization_format": "skops"}
            logged = flavor.log_model(model, name="model", **options)
        client.create_model_version("delay_minutes", logged.model_uri, model_id=logged.model_id)
    for version, (model, given) in models.items():
        scored = _served(training, model.predict(given(training)), rng).assign(actual=target)
        _write(home / "training" / f"version={version}.parquet", scored)
    for number in range(DAYS):
        day = FIRST + dt.timedelta(days=number)
        hot = 15.0 if day >= BROKEN else 0.0
        logs, labels = [], []
        for version, (model, given) in models.items():
            moved = {"hot": hot} if version == "2" else {"carriers": OTHER if hot else USUAL}
            rows = features(rng, ROWS, **moved)
            actual = truth(rows, rng) + (25.0 if hot and version == "2" else 0.0)
            served = _served(rows, model.predict(given(rows)), rng).assign(
                id=[f"{day}-{version}-{row}" for row in range(ROWS)],
                at=pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(ROWS) * 60, "s"),
                model=version,
            )
            logs.append(served)
            labels.append(pd.DataFrame({"id": served["id"], "actual": actual}).iloc[:: 1 if number else 2])
        every = pd.concat(logs, ignore_index=True)
        # what breaks the contract, and what the log may lack
        every.loc[[3, 4], "minutes"] = [np.nan, np.inf]
        every.loc[5, "minutes"] = None
        every.loc[[10, 11], ["q05", "q95"]] = [[1.0, -1.0], [np.nan, 2.0]]
        _write(home / "logs" / f"day={day}.parquet", every)
        known = pd.concat(labels, ignore_index=True).assign(
            known_at=pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=23)
        )
        known["actual"] = known["actual"].astype(object)
        known.loc[[20, 21, 22], "actual"] = [np.nan, np.inf, -np.inf]
        known["actual"] = known["actual"].astype(float)
        _write(home / "labels" / f"{day}.parquet", known)
    return models


def _served(rows: pd.DataFrame, prediction: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    return rows.assign(
        minutes=prediction, q05=prediction - 10 - rng.exponential(3, len(rows)), q95=prediction + 14
    )


def _write(path: Path, frame: pd.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path, index=False)
