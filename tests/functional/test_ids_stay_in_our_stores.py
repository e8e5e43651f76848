"""Ids are in our lake, store and pages, where they can be forgotten, and in no database of others."""

import datetime as dt
import json
import re

import numpy as np
import pandas as pd
import yaml

from jobs.execution import run_nights
from obs_dagster.catalogue import monitor_of
from obs_dagster.lake.lake import Lake
from obs_dagster.settings import Settings
from obs_dagster.sources.labels import label_book

DAYS = (dt.date(2024, 3, 4), dt.date(2024, 3, 5))
IDS = re.compile(rb"(?:request|waits|both|badid)-\w+-\d+")
MONITOR = {
    "model": "loan",
    "start": str(DAYS[0]),
    "logs": {
        "source": "parquet",
        "path": "logs/{day}.parquet",
        "columns": {"prediction_id": "id", "time": "at", "version": "version", "score": "score"},
    },
    "labels": {
        "source": "parquet",
        "path": "labels/*.parquet",
        "columns": {"prediction_id": "id", "label": "bad"},
    },
    "features": {"amount": {"type": "number", "max": 900}},
    "baseline": {"kind": "rolling", "days": 7},
    "windows": [1],
    "quality": {"suite": "suite.json", "max_quarantined_share": 0.2},
    "alerts": [{"name": "busy", "metric": "volume", "above": 1}],
    "routes": [{"url": "log://"}],
}
#: A rule of the team's about the id itself, which none of them keeps.
SUITE = {
    "name": "team",
    "expectations": [
        {
            "type": "expect_column_values_to_not_match_regex",
            "kwargs": {"column": "id", "regex": "^badid"},
        }
    ],
}


def written(root):
    """Ids that break rules, that differ, that wait in another form, and that have two labels."""
    for place in ("logs", "labels"):
        (root / place).mkdir(parents=True)
    for number, day in enumerate(DAYS):
        random = np.random.default_rng(number)
        frame = pd.DataFrame(
            {
                "id": [f"request-{day:%d}-{row}" for row in range(90)]
                + [f"badid-{day:%d}-{row}" for row in range(40)],
                "at": pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=5),
                "version": "1",
                "score": random.uniform(size=130),
                "amount": random.uniform(0, 800, 130),
            }
        )
        # one of the two days is refused for its bad ids
        frame = frame if number else frame.head(90)
        other = frame.head(6).assign(amount=1.0)
        pd.concat([frame, other]).to_parquet(root / f"logs/{day}.parquet", index=False)
        ids = [*frame["id"][:50], *(f" REQUEST-{day:%d}-{row}" for row in range(50, 60)), f"waits-{day:%d}-1"]
        labels = pd.DataFrame({"id": [*ids, frame["id"][0]], "bad": [True, False] * 31})
        labels.to_parquet(root / f"labels/{day}.parquet", index=False)
    (root / "small.yaml").write_text(yaml.safe_dump(MONITOR))
    (root / "suite.json").write_text(json.dumps(SUITE))


def test_no_id_is_in_the_databases_of_dagster_and_mlflow(tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("OBS_HOME", str(home))
    monkeypatch.setenv("DAGSTER_HOME", "")
    written(tmp_path)
    settings = Settings(home=home)
    monitor = monitor_of(tmp_path / "small.yaml")
    done = run_nights(monitor, DAYS[0], DAYS[1], settings=settings)
    assert done.success, done.failures
    databases = [*settings.dagster_home.rglob("*.db*"), *home.glob("mlflow*.db*")]
    assert {"index.db", "mlflow.db"} <= {file.name for file in databases}
    found = {file.name: sorted(set(IDS.findall(file.read_bytes())))[:5] for file in databases}
    assert not any(found.values()), found
    waiting = label_book(monitor, Lake(settings.lake_root)).waiting
    assert waiting.alike["without dashes, braces and the like"] == [" REQUEST-04-50", "request-04-50"]
