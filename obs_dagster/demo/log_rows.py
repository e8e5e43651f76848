"""The shape of a row of the demo's inference log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from obs_dagster.demo.flights import FEATURES
from obs_dagster.demo.models import THRESHOLD, FloatArray

if TYPE_CHECKING:
    import pandas as pd

LEAD_TIME = dt.timedelta(minutes=30)
"""How long before a departure hour begins its flights are scored. No flight departs before 1 o'clock, so that
flight and prediction always fall on the same local day."""


def log_rows(flights: pd.DataFrame, version: str, scores: FloatArray) -> pd.DataFrame:
    """Flights with their scores as log rows: id, time (UTC), version, features, score, decision."""
    rows = flights[["flight_id", *FEATURES]].copy()
    rows.insert(1, "predicted_at", flights["departs"] - LEAD_TIME)
    rows.insert(2, "model_version", version)
    rows["score"] = scores
    rows["predicted_late"] = scores >= THRESHOLD
    return rows


def to_arrow(rows: pd.DataFrame, metadata: Mapping[str, str]) -> pa.Table:
    """Rows as an Arrow table with times in microseconds, as every reader of Parquet knows them."""
    table = pa.Table.from_pandas(rows, preserve_index=False)
    fields = []
    for column in table.schema:
        kind = column.type
        if pa.types.is_timestamp(kind):
            kind = pa.timestamp("us", tz=kind.tz)
        elif pa.types.is_large_string(kind):
            kind = pa.string()
        fields.append(pa.field(column.name, kind))
    return table.cast(pa.schema(fields)).replace_schema_metadata(dict(metadata))
