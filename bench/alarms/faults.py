"""Severe faults of the flights' log, each as it happens to services: what a night's rules have to find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.alarms.served import Fault

if TYPE_CHECKING:
    import pandas as pd

    from bench.alarms.served import Change


def set_to(**columns: object) -> Change:
    """Gives columns other values: a constant, or a function of the old ones."""

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(**{name: to(rows[name]) if callable(to) else to for name, to in columns.items()})

    return change


def keep(share: float) -> Change:
    """Keeps a part of the rows."""
    return lambda rows: rows.sample(frac=share, random_state=1).sort_index()


def some(share: float, **columns: object) -> Change:
    """Gives columns other values in a part of the rows: a constant, or a function of the old ones."""

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        hit = np.random.default_rng(1).uniform(size=len(rows)) < share
        return rows.assign(
            **{
                name: rows[name].mask(hit, to(rows[name]) if callable(to) else to)
                for name, to in columns.items()
            }
        )

    return change


def _shuffled(rows: pd.DataFrame) -> pd.DataFrame:
    """Gives each row another one's answer, as after a join that went wrong."""
    order = np.random.default_rng(1).permutation(len(rows))
    answers = rows[["score", "predicted_late"]].iloc[order].reset_index(drop=True)
    return rows.reset_index(drop=True).assign(**answers)


def answers(rows: pd.DataFrame, to: object) -> pd.DataFrame:
    score = to(rows["score"]) if callable(to) else to
    changed = rows.assign(score=score)
    return changed.assign(predicted_late=changed["score"] >= 0.3)


def _inverted(rows: pd.DataFrame) -> pd.DataFrame:
    return answers(rows, lambda score: 1.0 - score)


FAULTS: dict[str, Fault] = {
    "a unit: temperatures in °C": Fault(
        inputs=set_to(temp=lambda f: (f - 32) / 1.8, dewp=lambda f: (f - 32) / 1.8)
    ),
    "a unit: distances in kilometres": Fault(inputs=set_to(distance=lambda miles: (miles * 1.609).round())),
    "a unit: distances in metres": Fault(inputs=set_to(distance=lambda miles: miles * 1_609)),
    "a unit: pressure in inches": Fault(inputs=set_to(pressure=lambda mbar: mbar / 33.86)),
    "a default: temperature 0": Fault(inputs=set_to(temp=0.0, dewp=0.0)),
    "a constant: the hour": Fault(inputs=set_to(hour=12)),
    "nulls: the whole weather": Fault(
        inputs=set_to(temp=np.nan, dewp=np.nan, humid=np.nan, wind_speed=np.nan, visib=np.nan)
    ),
    "nulls: 70 % of a column": Fault(inputs=some(0.7, humid=np.nan)),
    "a column lost": Fault(log=lambda rows: rows.drop(columns="wind_speed")),
    "a column of another type": Fault(log=lambda rows: rows.assign(temp="n/a")),
    "a category lost": Fault(inputs=lambda rows: rows[rows["carrier"] != "UA"]),
    "a category new: a carrier renamed": Fault(
        inputs=set_to(carrier=lambda codes: codes.replace("UA", "U2"))
    ),
    "a category out of its contract": Fault(inputs=set_to(origin=lambda codes: codes.replace("JFK", "NYC"))),
    "scores: per cent": Fault(log=lambda rows: rows.assign(score=rows["score"] * 100)),
    "scores: halved": Fault(log=lambda rows: answers(rows, lambda score: score / 2)),
    "scores: inverted": Fault(log=_inverted),
    "scores: all alike": Fault(log=lambda rows: answers(rows, 0.2)),
    "labels: flipped": Fault(truth=set_to(late=lambda late: ~late)),
    "labels: all of one class": Fault(truth=set_to(late=False), awaited=5),
    "a new version that guesses": Fault(log=lambda rows: _shuffled(rows).assign(model_version="3")),
    "a new version whose answers are inverted": Fault(
        log=lambda rows: _inverted(rows).assign(model_version="3")
    ),
    "latency: five times as long": Fault(log=set_to(latency_ms=lambda ms: ms * 5)),
    "errors: one request of ten": Fault(log=some(0.1, status="error")),
    "volume: 30 % of the rows": Fault(log=keep(0.3)),
    "volume: no rows": Fault(log=lambda rows: rows.iloc[:0]),
}
"""By what it is."""
