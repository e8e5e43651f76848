"""Logs that nobody has described: clean days of a model of each task, then a change of unit, and nulls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

FIRST = dt.date(2024, 3, 1)
DAYS = 6
LAST = FIRST + dt.timedelta(days=DAYS - 1)
ROWS = 240


def binary(rng: np.random.Generator, rows: pd.DataFrame) -> tuple[pd.DataFrame, object]:
    score = rng.uniform(size=len(rows)).round(4)
    return rows.assign(score=score), np.where(rng.uniform(size=len(rows)) < score, "yes", "no")


def multiclass(rng: np.random.Generator, rows: pd.DataFrame) -> tuple[pd.DataFrame, object]:
    scores = rng.dirichlet([2, 2, 2], len(rows))
    names = ["gold", "silver", "none"]
    named = {f"prob_{name}": scores[:, place] for place, name in enumerate(names)}
    drawn = (scores.cumsum(axis=1) > rng.uniform(size=(len(rows), 1))).argmax(axis=1)
    return rows.assign(**named), np.array(names)[drawn]


def regression(rng: np.random.Generator, rows: pd.DataFrame) -> tuple[pd.DataFrame, object]:
    minutes = rng.gamma(4, 5, len(rows)).round(2)
    return rows.assign(predicted_minutes=minutes), (minutes + rng.normal(0, 3, len(rows))).round(2)


def ranking(rng: np.random.Generator, rows: pd.DataFrame) -> tuple[pd.DataFrame, object]:
    n = len(rows)
    score = rng.normal(size=n).round(4)
    queries = rows["request_id"].str[:10] + "-q" + pd.Series(np.arange(n) // 6).astype(str)
    found = rows.assign(
        query_id=queries, product_id=[f"p{row % 6 + 6 * (row // 6 % 5)}" for row in range(n)], score=score
    )
    return found, (rng.uniform(size=n) < 1 / (1 + np.exp(-score))).astype(int)


def unlabelled(rng: np.random.Generator, rows: pd.DataFrame) -> tuple[pd.DataFrame, None]:
    return rows.assign(anomaly_score=rng.exponential(2, len(rows)).round(4)), None


TASKS: dict[str, Callable[..., tuple[pd.DataFrame, object]]] = {
    "binary_classification": binary,
    "multiclass_classification": multiclass,
    "ranking": ranking,
    "regression": regression,
    "unlabelled": unlabelled,
}


def write(folder: Path, task: str) -> bool:
    """Write a log, and labels where the task has some; returns whether it has."""
    for back in range(DAYS):
        day = FIRST + dt.timedelta(days=back)
        rng = np.random.default_rng((day.toordinal(), len(task)))
        rows = pd.DataFrame(
            {
                "request_id": [f"{day}-{row}" for row in range(ROWS)],
                "created_at": pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(ROWS) * 300, "s"),
                "model_version": "v3",
                "amount": rng.lognormal(3, 0.6, ROWS).round(2),
                "age": rng.integers(18, 90, ROWS),
                "country": rng.choice(["DE", "FR"], ROWS),
            }
        )
        served, labels = TASKS[task](rng, rows)
        if day == LAST:
            served["amount"] = (served["amount"] * 1000).round(2)
            served["age"] = served["age"].where(rng.uniform(size=ROWS) > 0.7).astype("Int64")
        _csv(folder / "logs" / f"{day}.csv", served)
        if labels is not None:
            _csv(
                folder / "labels" / f"{day}.csv",
                pd.DataFrame({"request_id": rows["request_id"], "label": labels}),
            )
    return (folder / "labels").exists()


def _csv(path: Path, frame: pd.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False)
