"""Finds the row of one prediction in the lake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from obs_dagster.errors import ObsError
from obs_dagster.lake.columns import DAY
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.quoting import identifier
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.log_rows import log_rows
from obs_dagster.sources.purged import purged_on

if TYPE_CHECKING:
    import pandas as pd


class PredictionNotFoundError(ObsError):
    """No row, or more than one, has the id of a prediction."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The row of one prediction.

    Attributes:
        day: the day of the log that has it.
        version: the version that made it.
        row: its columns, shape (1, columns).
    """

    day: dt.date
    version: str
    row: pd.DataFrame


def find_prediction(
    monitor: Monitor,
    prediction_id: str,
    lake: Lake,
    *,
    day: dt.date | None = None,
    version: str | None = None,
) -> Prediction:
    """The row of a prediction, of whichever day the lake has it.

    Args:
        monitor: the monitor.
        prediction_id: the id, as the log has it.
        lake: holds the rows.
        day: the day to look at; left out: all.
        version: the version that made it; left out: any.

    Raises:
        PredictionNotFoundError: there is no such row, or there are several.
        LakeError: the day has not been ingested, or its rows were purged.
        SourceError: a file that is read in place is gone or was rewritten.
    """
    columns = monitor.logs.columns
    logs = lake.table(monitor.model, LOGS)
    days = [day] if day else [each for each in logs.days() if not purged_on(logs.readable(each))]
    if not days:
        raise PredictionNotFoundError(
            f"The lake has no rows of {monitor.model}.", remedy="Run a night first."
        )
    key, made_by = identifier(columns.prediction_id), identifier(columns.version)
    with connect() as connection:
        wanted = f"CAST({key} AS VARCHAR) = $id" + (f" AND {made_by} = $version" if version else "")
        given = {"id": prediction_id} | ({"version": version} if version else {})
        query = log_rows(connection, monitor, days, lake)
        rows = connection.execute(f"SELECT * FROM ({query}) WHERE {wanted} LIMIT 20", given).df()
    places = sorted({(str(row[DAY]), str(row[columns.version])) for _, row in rows.iterrows()})
    if not places:
        raise PredictionNotFoundError(_absent(monitor, prediction_id, days, version), remedy=_LOOK)
    if len(places) > 1:
        told = "; ".join(f"version {made}, {at}" for at, made in places)
        raise PredictionNotFoundError(
            f"The id {prediction_id} is that of several predictions: {told}.",
            remedy="Say which one by --day and --version.",
        )
    [(at, made)] = places
    return Prediction(dt.date.fromisoformat(at), made, rows.iloc[[0]].drop(columns=DAY))


_LOOK = "Ids are compared as text. A day that no night has read, or whose rows were purged, is not looked at."


def _absent(monitor: Monitor, prediction_id: str, days: Sequence[dt.date], version: str | None) -> str:
    where = f"on {days[0]}" if len(days) == 1 else f"from {min(days)} to {max(days)}"
    by = f" by version {version}" if version else ""
    return f"{monitor.model} has no prediction {prediction_id}{by} {where}."
