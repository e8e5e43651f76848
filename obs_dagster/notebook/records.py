"""Metrics and alerts, as the history store has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Any

import pyarrow as pa

from obs_dagster.alerts import Alert, State, list_alerts
from obs_dagster.history import History
from obs_dagster.history.current import Selection
from obs_dagster.metrics.registry import definitions
from obs_dagster.notebook.frames import Frame, framed
from obs_dagster.notebook.known import Names, day_of, listed, monitor_named
from obs_dagster.settings import Settings


def metrics(
    model: str,
    *,
    metric: Names = None,
    version: Names = None,
    segment: Names = None,
    column: Names = None,
    window: int | Iterable[int] | None = None,
    first: str | dt.date | None = None,
    last: str | dt.date | None = None,
    frame: Frame = "pandas",
) -> Any:
    """The metrics of a model, a row for each: value, interval, the rows behind it, or why there is none.

    Args:
        model: the model, as its monitor names it.
        metric: only this metric; one or several.
        version: only this version; one or several.
        segment: only this segment, as `origin=JFK`; one or several. The whole is `*`.
        column: only this column; one or several.
        window: only windows of so many days.
        first: the first day, as a date or YYYY-MM-DD.
        last: the last day.
        frame: what to return: "pandas", "polars" or "arrow".

    Returns:
        A row per record of docs/metrics.md, sorted by version, segment, column, metric, day and window.

    Raises:
        UnknownNameError: there is no such model, metric, version, segment or column; it says what there is.
    """
    monitor_named(model)
    wanted = Selection(
        first=None if first is None else day_of(first),
        last=None if last is None else day_of(last),
        metrics=listed(metric, definitions(), "metric"),
        windows=None if window is None else [window] if isinstance(window, int) else list(window),
    )
    with History.open(Settings().history_url) as history:
        subjects = Selection(versions=_several(version), segments=_several(segment), columns=_several(column))
        found = history.metrics_table(model, **(wanted | subjects))
        if not found.num_rows:
            _complain(history.metrics_table(model, **wanted), version, segment, column)
    return framed(found, frame)


def _several(names: Names) -> list[str] | None:
    return None if names is None else [names] if isinstance(names, str) else list(names)


def _complain(whole: pa.Table, version: Names, segment: Names, column: Names) -> None:
    """Say which of the names there are not, if it is one of them that left nothing over."""
    for name, names in (("version", version), ("segment", segment), ("column", column)):
        known: Collection[str] = set(whole[name].to_pylist()) - {""}
        if known:
            listed(names, known, name)


def alerts(model: str | None = None, *, state: Names = ("firing", "pending"), frame: Frame = "pandas") -> Any:
    """Alerts, the newest first: a row for each episode of a rule and its subject.

    Args:
        model: the model; left out: all.
        state: firing, pending or resolved; one or several, None for all.
        frame: as for `metrics`.

    Raises:
        UnknownNameError: there is no such model or state; it says what there is.
    """
    if model is not None:
        monitor_named(model)
    states = listed(state, [each.value for each in State], "state")
    with History.open(Settings().history_url) as history:
        found = list_alerts(history, model, None if states is None else [State(each) for each in states])
    rows = [alert.as_dict() for alert in found]
    return framed(pa.table({field.name: [row[field.name] for row in rows] for field in fields(Alert)}), frame)
