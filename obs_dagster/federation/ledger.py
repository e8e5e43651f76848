"""What of the privacy of a day's rows was spent: the epsilon of everything that was ever sent of it.

A row is of one day, so each day has an account of its own. What was sent once is sent again as it was, and
costs nothing; other noise on the same rows costs again, for somebody could take the mean of both.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from obs_dagster.errors import ObsError
from obs_dagster.lake.lake import Lake, read_json, write_json
from obs_dagster.monitor.model import Monitor

_FOLDER, _FILE = "federation", "epsilon.json"
SENT = "federation_sent"
"""The table of the lake with what was sent of days, by what: `federation_sent_profile` and so on."""

_ROUNDING = 1e-9


def spent(monitor: Monitor, lake: Lake) -> dict[str, float]:
    """The epsilon that was spent of each day, by day.

    Raises:
        LakeError: the ledger is damaged; nobody knows then what may be sent.
    """
    found: dict[str, float] = {}
    for entry in _entries(monitor, lake):
        found[entry["day"]] = found.get(entry["day"], 0.0) + float(entry["epsilon"])
    return dict(sorted(found.items()))


def kept(
    monitor: Monitor, day: dt.date, lake: Lake, what: str, made_of: Mapping[str, Any]
) -> pa.Table | None:
    """What was sent of a day before, if it was made of the same; None if it was not."""
    table = lake.table(monitor.model, f"{SENT}_{what}")
    manifest = table.readable(day) or {}
    if {name: manifest.get(name) for name in made_of} != dict(made_of):
        return None
    return table.read(day)


def told(monitor: Monitor, day: dt.date, lake: Lake, what: str) -> dict[str, Any]:
    """What is known beside of what was sent of a day."""
    return lake.table(monitor.model, f"{SENT}_{what}").readable(day) or {}


def require(monitor: Monitor, day: dt.date, lake: Lake, epsilon: float, budget: float | None) -> None:
    """Make sure that something may be spent of a day.

    Raises:
        ObsError: more would be spent than the monitor allows.
    """
    before = spent(monitor, lake).get(str(day), 0.0)
    if budget is not None and before + epsilon > budget + _ROUNDING:
        raise ObsError(
            f"Of {day} an epsilon of {before:g} was sent, and {epsilon:g} more is beyond the budget of "
            f"{budget:g}.",
            remedy="Send the file that was sent before, or raise federation.epsilon_budget if its rows may "
            "be told more of.",
        )


def spend(
    monitor: Monitor,
    day: dt.date,
    lake: Lake,
    what: str,
    rows: pa.Table,
    *,
    epsilon: float,
    made_of: Mapping[str, Any],
    now: dt.datetime,
) -> None:
    """Write down what is spent of a day, then keep what is sent for it: a run that is killed has spent it."""
    entry = {
        "day": str(day),
        "what": what,
        "epsilon": epsilon,
        "at": now.astimezone(dt.UTC).isoformat(timespec="seconds"),
    }
    write_json(_path(monitor, lake), [*_entries(monitor, lake), entry])
    lake.table(monitor.model, f"{SENT}_{what}").write(day, rows, made_of)


def _entries(monitor: Monitor, lake: Lake) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read_json(_path(monitor, lake)) or []
    return found


def _path(monitor: Monitor, lake: Lake) -> Path:
    return lake.folder(monitor.model, _FOLDER) / _FILE
