"""The world of the flights of 2013: real requests, weather and delays."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING

import yaml

from bench.alarms.nights import SHIPPED
from bench.detection.world import ID, LABEL, TIME, Roles, World
from obs_dagster.demo.flights import FEATURES, load_flights
from obs_dagster.demo.flights import LABEL as LATE
from obs_dagster.demo.log_rows import LEAD_TIME
from obs_dagster.demo.models import RECIPES, fit, score

if TYPE_CHECKING:
    import pandas as pd

_TRAINED_TO = 7
_ROLES = Roles(
    unit=("temp", lambda fahrenheit: (fahrenheit - 32) / 1.8),
    nulls="humid",
    common=("origin", "EWR", "JFK"),
    named="carrier",
    segment=("origin", "JFK", "wind_speed", 5.5),
    stale="temp",
    pair=("temp", "dewp"),
    parts=("carrier", ("WN", "AA", "UA")),
)


def flights() -> World:
    """August is the reference; what comes after it is served by a model of the months before."""
    every = load_flights()
    models = []
    for recipe in RECIPES[::-1]:
        learned = every["date"].dt.month.le(_TRAINED_TO) & every[LATE].notna()
        models.append(partial(score, recipe, fit(recipe, every[learned].reset_index(drop=True))))
    known = every[every[LATE].notna()]
    requests = known.assign(
        **{ID: known["flight_id"], TIME: known["departs"] - LEAD_TIME, LABEL: known[LATE].astype(bool)}
    )[[ID, TIME, *FEATURES, LABEL]]
    by_day = dict(tuple(requests.groupby(known["date"].dt.date)))

    def rows(day: dt.date) -> pd.DataFrame:
        return by_day[day].reset_index(drop=True)

    features = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))["features"]
    return World(
        name="flights",
        told="real flights of New York, August to October 2013",
        first=dt.date(2013, 8, 5),
        zone="America/New_York",
        features=features,
        rows=rows,
        score=models[0],
        older=models[1],
        roles=_ROLES,
    )
