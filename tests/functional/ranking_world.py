"""A generated shop that ranks items for requests: two versions, clicks that come late, and bad rows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

FIRST = dt.date(2024, 3, 4)
DAYS = 4
LAST = FIRST + dt.timedelta(days=DAYS - 1)
#: On this day version 2 ranks at random, on scores of another size.
BROKEN = LAST
REQUESTS = 150
ITEMS = 300
MONITOR = """
model: shop
task: ranking
start: 2024-03-04
logs:
  source: parquet
  path: ${OBS_HOME}/logs/day={day}.parquet
  columns:
    prediction_id: id
    time: at
    version: model
    score: score
    request: query
    item: product
labels:
  source: parquet
  path: ${OBS_HOME}/labels/*.parquet
  columns: {prediction_id: id, label: grade, known_at: known_at}
  max_delay_days: 2
  immature: judge
features:
  match: {type: number}
  price: {type: number, min: 0}
  country: {type: category}
segments: [country]
baseline: {kind: training, path: "${OBS_HOME}/training/version={version}.parquet"}
windows: [1, 7]
ranking: {at: [10, 3]}
alerts:
  - {name: order, metric: ndcg, window: 1, below: 90 % of baseline, for: 1, severity: critical}
  - {name: top, metric: precision_at, window: 1, below: 0.38, classes: ["top3"]}
  - {name: moved, metric: psi, window: 1, above: 0.25, columns: [score]}
  - {name: narrow, metric: catalogue_coverage, window: 7, below: 0.1}
  - {name: country, metric: mrr, window: 7, below: 0.05, segments: [country]}
"""


def ranked(rng: np.random.Generator, requests: int, name: str, version: str, *, broken: bool) -> pd.DataFrame:
    """Rows of requests of 1 to 20 items, with the grade of each: 0, 1 or 2."""
    sizes = rng.integers(1, 21, requests)
    request = np.repeat(np.arange(requests), sizes)
    n = len(request)
    popular = 1 / np.arange(1, ITEMS + 1) ** 0.6
    match = rng.normal(size=n)
    rows = pd.DataFrame(
        {
            "query": [f"{name}-{each}" for each in request],
            "product": [
                f"p{each}"
                for size in sizes
                for each in rng.choice(ITEMS, size, replace=False, p=popular / popular.sum())
            ],
            "match": match,
            "price": rng.lognormal(3, 0.5, n),
            "country": rng.choice(["de", "fr"], requests)[request],
            "model": version,
        }
    )
    chance = 1 / (1 + np.exp(1.6 - 1.5 * match))
    rows["grade"] = (rng.random(n) < chance).astype(float) + (rng.random(n) < chance / 3)
    noise = rng.normal(size=n) * (0.5 if version == "1" else 0.7)
    rows["score"] = np.round(rng.normal(size=n) * 30 if broken else match + noise, 1)
    # some searches are shown in two countries at once
    rows.loc[(request == requests - 1) & (np.arange(n) % 2 == 0), "country"] = "it"
    return rows


def build(home: Path) -> None:
    """Write training rows, logs and labels."""
    rng = np.random.default_rng(11)
    for version in ("1", "2"):
        training = ranked(rng, 600, "t", version, broken=False)
        write(home / "training" / f"version={version}.parquet", training)
    for number in range(DAYS):
        day = FIRST + dt.timedelta(days=number)
        every = pd.concat(
            [
                ranked(rng, REQUESTS, f"{day}-{version}", version, broken=version == "2" and day == BROKEN)
                for version in ("1", "2")
            ],
            ignore_index=True,
        )
        every["id"] = [f"{day}-{row}" for row in range(len(every))]
        every["at"] = pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(len(every)) * 10, "s")
        known = pd.DataFrame({"id": every["id"], "grade": every["grade"]})
        known["known_at"] = pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=23)
        # only what was clicked is known of most requests, and of some nothing
        silent = every["query"].isin(every["query"].unique()[::7])
        known = known[((known["grade"] > 0) | (rng.random(len(known)) < 0.1)) & ~silent]
        known.iloc[5, known.columns.get_loc("grade")] = np.inf
        log = every.drop(columns="grade")
        log.loc[3, "score"] = np.nan
        log.loc[4, "query"] = None
        log.loc[5, "product"] = None
        log.loc[6, "score"] = np.inf
        write(home / "logs" / f"day={day}.parquet", log)
        write(home / "labels" / f"{day}.parquet", known)


def write(path: Path, frame: pd.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path, index=False)
