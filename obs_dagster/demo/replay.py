"""Writes, day by day, the log and the label files that a serving system would have left.

Every column is a function of the flights and the registered models, with one exception: `latency_ms` is
measured, as the duration of the call that scored the flight, and so it is what this machine took when the
day was first written. A day that is there is not written again. Version 2 serves from 1 July on, a half
of the traffic that depends on the flight's id alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from obs_dagster.demo.flights import FEATURES, LABEL
from obs_dagster.demo.log_rows import log_rows, to_arrow
from obs_dagster.demo.plan import FIRST_DAY, LAST_DAY, DemoPlan
from obs_dagster.errors import LakeError
from obs_dagster.lake.lake import manifest_metadata, manifest_of, replacing

if TYPE_CHECKING:
    import pandas as pd

ZONE = ZoneInfo("America/New_York")
SPLIT_FROM = dt.date(2013, 7, 1)
"""From this day on version 2 serves half of the traffic."""

_DELAYS = {1: 0.6, 2: 0.9, 3: 1.0}
"""Of the labels, the share that is known so many days after the flight."""

_CALLED_EVERY = "3h"
"""Flights whose departures lie so close together are scored in one call."""

_FEED_HOUR = 3
"""The local hour at which the airlines' feed of arrivals comes in."""


def replay(
    plan: DemoPlan,
    first: dt.date = FIRST_DAY,
    last: dt.date = LAST_DAY,
    *,
    progress: Callable[[str], object] = print,
) -> None:
    """Write the days from `first` to `last`, both included."""
    day = first
    while day <= last:
        progress(f"Replaying {day}")
        replay_day(plan, day)
        day += dt.timedelta(days=1)


def replay_day(plan: DemoPlan, day: dt.date, *, clock: Callable[[], float] = time.perf_counter) -> None:
    """Write the day's log and the label file that arrived on it, unless they are there.

    Args:
        plan: data and models.
        day: the local (New York) day of the scheduled departures.
        clock: seconds, for the latency.
    """
    labels = arrivals(plan.flights, day, LABEL, plan.first_day)
    if not labels.empty:
        labels = labels.astype({LABEL: bool})
        path = plan.folder / "labels" / f"arrived={day}.parquet"
        _write(path, lambda: labels, plan)
    path = plan.folder / "logs" / f"day={day}" / "predictions.parquet"
    _write(path, lambda: _served(plan, day, clock), plan)


def _served(plan: DemoPlan, day: dt.date, clock: Callable[[], float]) -> pd.DataFrame:
    """The day's flights, scored in one call per version and three hours of departures, as log rows."""
    import pandas as pd

    flights = departing(plan.flights, day)
    version = flights["flight_id"].map(lambda flight: serving_version(flight, day))
    batches = []
    called = flights["departs"].dt.floor(_CALLED_EVERY)
    for (_, served_by), batch in flights.groupby([called, version], sort=True):
        features = batch[list(FEATURES)]
        began = clock()
        scores = plan.models[str(served_by)].predict(features)
        took = clock() - began
        rows = log_rows(batch, str(served_by), scores)
        rows["latency_ms"] = took * 1_000
        # The call returned; a failed one would have ended the replay.
        rows["status"] = "ok"
        batches.append(rows)
    return pd.concat(batches, ignore_index=True)


def arrivals(flights: pd.DataFrame, day: dt.date, label: str, first_day: dt.date) -> pd.DataFrame:
    """The labels that become known on a day; cancelled and diverted flights never have one.

    Args:
        flights: all flights of the year.
        day: the local day on which the feed of arrivals comes in.
        label: the column of the truth.
        first_day: labels of flights before this day are left out.
    """
    import pandas as pd

    arrived = []
    for delay in _DELAYS:
        departed = day - dt.timedelta(days=delay)
        if departed >= first_day:
            landed = departing(flights, departed)
            due = landed["flight_id"].map(label_delay_days) == delay
            arrived.append(landed.loc[due & landed[label].notna(), ["flight_id", label]])
    if not arrived:
        return pd.DataFrame()
    labels = pd.concat(arrived, ignore_index=True)
    known_at = dt.datetime.combine(day, dt.time(_FEED_HOUR), ZONE).astimezone(dt.UTC)
    labels["known_at"] = pd.Timestamp(known_at)
    return labels


def serving_version(flight_id: str, day: dt.date) -> str:
    """The version that serves a flight."""
    return "2" if day >= SPLIT_FROM and _share(flight_id, "version") >= 0.5 else "1"  # noqa: PLR2004


def label_delay_days(flight_id: str) -> int:
    """Days after the flight's day on which its label becomes known: 1 for 60 %, 2 for 30 %, 3 for 10 %."""
    share = _share(flight_id, "label")
    return next(days for days, known in _DELAYS.items() if share < known)


def _share(flight_id: str, purpose: str) -> float:
    """A number in [0, 1) that depends on the id alone, and not on that of another purpose."""
    digest = hashlib.blake2b(flight_id.encode(), digest_size=4, person=purpose.encode()).digest()
    return int.from_bytes(digest) / 2**32


def departing(flights: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """The flights that are scheduled to leave on a local day."""
    return flights[flights["date"] == day.isoformat()]


def _write(path: Path, rows: Callable[[], pd.DataFrame], plan: DemoPlan) -> None:
    import pyarrow.parquet as pq

    if _manifest(path).get("fingerprint") == plan.fingerprint:
        return
    table = to_arrow(rows(), manifest_metadata({"fingerprint": plan.fingerprint}))
    with replacing(path) as aside:
        pq.write_table(table, aside, compression="zstd")


def _manifest(path: Path) -> Mapping[str, object]:
    """What is known of a file; a damaged one is as good as none, for it is written again."""
    try:
        return manifest_of(path) if path.exists() else {}
    except LakeError:
        return {}
