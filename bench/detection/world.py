"""A world: a model that is served, whose days are quiet unless something happens to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from bench.alarms.served import Fault

ID, TIME, VERSION, SCORE, DECISION, LABEL = (
    "prediction_id",
    "predicted_at",
    "model_version",
    "score",
    "decision",
    "label",
)
THRESHOLD = 0.3
SERVED = "2"
QUIET = 28
"""Quiet nights after the reference, and before a fault begins."""

LEARNED, BEFORE, AFTER = "reference", "quiet", "twin"
"""What nights without a fault are called: those of the reference, those before one, and those instead."""

Scorer = Callable[["pd.DataFrame"], "NDArray[np.float64]"]


@dataclass(frozen=True, slots=True)
class Roles:
    """What of a world a fault happens to.

    Attributes:
        unit: a number, and what it is in another unit.
        nulls: a column that loses values.
        common: a category with a frequent value, and another value that takes its place.
        named: a category that gets a new value.
        segment: a category, one of its values, a number that moves there, and one standard deviation of it.
        stale: a number whose feed stops.
        pair: two numbers that are swapped.
        parts: a category, and three of its values, of few rows to many.
    """

    unit: tuple[str, Callable[[Any], Any]]
    nulls: str
    common: tuple[str, str, str]
    named: str
    segment: tuple[str, str, str, float]
    stale: str
    pair: tuple[str, str]
    parts: tuple[str, tuple[str, str, str]]


@dataclass(frozen=True)
class World:
    """A model, and its days.

    Attributes:
        name: in results.
        told: how days differ, in words.
        first: the first day of the reference.
        zone: the time zone of its days.
        features: as a monitor has them.
        rows: from a day to its requests: ids, times, features and labels.
        score: what the model puts out.
        older: what the version before it puts out.
        roles: what happens to which column.
        reference: days of the reference.
        after: nights after the quiet ones, on which nothing happens, by which false alarms are counted.
    """

    name: str
    told: str
    first: dt.date
    zone: str
    features: Mapping[str, Mapping[str, Any]]
    rows: Callable[[dt.date], pd.DataFrame]
    score: Scorer
    older: Scorer
    roles: Roles
    reference: int = 28
    after: int = 36

    @property
    def numbers(self) -> list[str]:
        """The features that are numbers."""
        return [name for name, of in self.features.items() if of["type"] != "category"]

    @property
    def categories(self) -> list[str]:
        """The other features."""
        return [name for name, of in self.features.items() if of["type"] == "category"]

    def day(self, number: int) -> dt.date:
        """A day by its number, from 0 on."""
        return self.first + dt.timedelta(days=number)

    def served(self, day: dt.date, fault: Fault) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The log of a day, and its labels, with what goes wrong."""
        requests = self.rows(day)
        truth = requests[[ID, LABEL]]
        given = requests[[ID, TIME, *self.features]]
        if fault.inputs is not None:
            given = fault.inputs(given.copy())
        score = self.score(given)
        chance = np.random.default_rng(day.toordinal())
        log = given.assign(
            **{VERSION: SERVED, SCORE: score, DECISION: score >= THRESHOLD},
            latency_ms=chance.lognormal(3.0, 0.4, len(given)),
            status=np.where(chance.uniform(size=len(given)) < 0.001, "error", "ok"),
        )
        return (
            log if fault.log is None else fault.log(log),
            truth if fault.truth is None else fault.truth(truth.copy()),
        )

    def monitor(self, windows: Sequence[int] = (1, 7)) -> dict[str, Any]:
        """The monitor as a person would write it who knows the reference, and no rules."""
        return {
            "model": self.name,
            "task": "binary_classification",
            "time_zone": self.zone,
            "start": self.first,
            "logs": {
                "source": "parquet",
                "path": "${OBS_HOME}/logs/day={day}/*.parquet",
                "threshold": THRESHOLD,
                "columns": {
                    "prediction_id": ID,
                    "time": TIME,
                    "version": VERSION,
                    "score": SCORE,
                    "prediction": DECISION,
                    "latency_ms": "latency_ms",
                    "status": "status",
                },
            },
            "labels": {
                "source": "parquet",
                "path": "${OBS_HOME}/labels/*.parquet",
                "columns": {"prediction_id": ID, "label": LABEL},
                "positive": True,
                "max_delay_days": 0,
            },
            "registry": {"name": self.name, "trust": "native"},
            "features": {name: dict(of) for name, of in self.features.items()},
            "baseline": {"kind": "days", "first": self.first, "last": self.day(self.reference - 1)},
            "windows": list(windows),
        }
