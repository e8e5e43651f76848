"""Populations that rows are drawn from, for each task that has labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.model import Monitor

Generator = np.random.Generator
Columns = Mapping[str, Any]


@dataclass(frozen=True)
class World:
    """A population.

    Attributes:
        told: in words.
        task: the kind of model.
        columns: what plays which role in the log.
        more: other keys of the monitor.
        draw: so many rows, or requests, of each of so many samples; the rows of a sample follow each other.
        counted: what a sample has so many of.
    """

    told: str
    task: str
    columns: Columns
    more: Columns
    draw: Callable[[Generator, int, int], dict[str, Any]]
    counted: str = "rows"

    @property
    def monitor(self) -> Monitor:
        """A monitor of it."""
        roles = {"prediction_id": "id", "time": "at", "version": "model"}
        return Monitor.model_validate(
            {
                "model": "covered",
                "task": self.task,
                "start": "2024-01-01",
                "logs": {"source": "parquet", "path": "{day}", "columns": roles | dict(self.columns)},
                "labels": {
                    "source": "parquet",
                    "path": "labels",
                    "columns": {"prediction_id": "id", "label": "y"},
                },
                "features": {"x": {"type": "number"}},
                "baseline": {"kind": "training", "path": "{version}"},
            }
            | dict(self.more)
        )

    def rows(self, random: Generator, samples: int, size: int) -> pa.Table:
        """Rows of samples, each a version of its own."""
        found = self.draw(random, samples, size)
        owner = found.pop("sample", None)
        owner = np.repeat(np.arange(samples), size) if owner is None else owner
        versions = pa.array([str(sample) for sample in range(samples)]).take(pa.array(owner))
        columns = {
            name: values if isinstance(values, pa.Array) else pa.array(values)
            for name, values in found.items()
        }
        return pa.table({"model": versions, **columns})


def _binary(level: float, skill: float) -> Callable[[Generator, int, int], dict[str, Any]]:
    def draw(random: Generator, samples: int, size: int) -> dict[str, Any]:
        logit = level + skill * random.normal(size=samples * size)
        score = 1 / (1 + np.exp(-logit))
        return {"score": score, "prediction": score >= 0.5, LABEL: random.random(len(score)) < score}

    return draw


def _classes(classes: int, sharpness: float) -> Callable[[Generator, int, int], dict[str, Any]]:
    def draw(random: Generator, samples: int, size: int) -> dict[str, Any]:
        n, names = samples * size, np.array([f"c{place}" for place in range(classes)])
        share = 0.8 ** np.arange(classes)
        label = random.choice(classes, n, p=share / share.sum())
        logits = random.normal(size=(n, classes)) + np.log(share)
        logits[np.arange(n), label] += sharpness
        scores = np.exp(logits)
        scores /= scores.sum(axis=1, keepdims=True)
        by_class = {f"p{place}": scores[:, place] for place in range(classes)}
        return {**by_class, "prediction": names[scores.argmax(axis=1)], LABEL: names[label]}

    return draw


def _numbers(random: Generator, samples: int, size: int) -> dict[str, Any]:
    label = 5 + random.gamma(3.0, 8.0, samples * size)
    prediction = 0.8 * label + 8 + random.normal(0, 6, len(label))
    ends = {"low": prediction - 8, "high": prediction + 9, "q10": prediction - 8}
    return {"minutes": prediction, **ends, LABEL: label}


def _requests(random: Generator, samples: int, size: int) -> dict[str, Any]:
    sizes = random.integers(1, 13, samples * size)
    request = np.repeat(np.arange(samples * size), sizes)
    label = random.choice(3, len(request), p=(0.75, 0.15, 0.1)).astype(float)
    return {
        "sample": request // size,
        "request": pa.array(request).cast(pa.string()),
        "item": pa.array(random.integers(0, 40, len(request))).cast(pa.string()),
        "score": random.normal(size=len(request)) + label,
        LABEL: label,
    }


def _treated(random: Generator, samples: int, size: int) -> dict[str, Any]:
    helped = random.normal(size=samples * size)
    treated = random.random(len(helped)) < 0.5
    chance = 0.25 + np.where(treated, np.clip(0.05 + 0.08 * helped, -0.2, 0.5), 0.0)
    return {
        "uplift": helped + random.normal(size=len(helped)),
        "treated": treated,
        LABEL: random.random(len(helped)) < chance,
    }


_FOUR = {f"c{place}": f"p{place}" for place in range(4)}
WORLDS = (
    World(
        "a classifier of a fifth positives, ROC AUC 0.77",
        "binary_classification",
        {"score": "score", "prediction": "prediction"},
        {"costs": {"false_positive": 1, "false_negative": 3}},
        _binary(-1.7, 1.2),
    ),
    World(
        "a classifier that is right on 99 %",
        "binary_classification",
        {"score": "score", "prediction": "prediction"},
        {"costs": {"false_positive": 1, "false_negative": 3}},
        _binary(0.0, 40.0),
    ),
    World(
        "four classes, right on 69 %",
        "multiclass_classification",
        {"scores": _FOUR, "prediction": "prediction"},
        {"costs": {"wrong": 2}},
        _classes(4, 1.8),
    ),
    World(
        "four classes, right on 99 %",
        "multiclass_classification",
        {"scores": _FOUR, "prediction": "prediction"},
        {"costs": {"wrong": 2}},
        _classes(4, 5.0),
    ),
    World(
        "a skewed number with normal errors",
        "regression",
        {"prediction": "minutes", "interval": ["low", "high"], "quantiles": {0.1: "q10"}},
        {"costs": {"unit": 2}},
        _numbers,
    ),
    World(
        "requests of 1 to 12 items",
        "ranking",
        {"request": "request", "item": "item", "score": "score"},
        {},
        _requests,
        counted="requests",
    ),
    World(
        "an uplift of 5 points on average, half of the rows treated",
        "uplift",
        {"score": "uplift", "treatment": "treated"},
        {},
        _treated,
    ),
)
