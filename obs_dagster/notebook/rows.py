"""The rows that broke the contract."""

from __future__ import annotations

import datetime as dt
from typing import Any

from obs_dagster.lake.columns import RESERVED
from obs_dagster.lake.lake import Lake
from obs_dagster.notebook.frames import Frame, framed
from obs_dagster.notebook.known import monitor_named, night_of
from obs_dagster.quality.validated import QUARANTINE
from obs_dagster.settings import Settings


def quarantine(model: str, day: str | dt.date, *, frame: Frame = "pandas") -> Any:
    """The rows of a day that broke the contract, whole, with the rules that each broke.

    Args:
        model: the model, as its monitor names it.
        day: a day that was run, as a date or YYYY-MM-DD.
        frame: what to return: "pandas", "polars" or "arrow".

    Returns:
        The columns of the log; `rules`: the rules that the row broke; `row`: its number in the day's log;
        `raw`: what was written where a value had not the declared type, and `uncast`: in which columns.

    Raises:
        UnknownNameError: there is no such model; it says which there are.
        ObsError: the day was not run; it says which were.
    """
    monitor_named(model)
    rows = Lake(Settings().lake_root).table(model, QUARANTINE).read(night_of(model, day))
    # what we added to the columns of the log is called what it is, where none of these is
    own = {name: name.removeprefix(RESERVED) for name in rows.column_names}
    names = [name if own[name] in own else own[name] for name in rows.column_names]
    return framed(rows.rename_columns(names), frame)
