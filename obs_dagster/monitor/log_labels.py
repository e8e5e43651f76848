"""Labels that are a column of the log itself: where they are read from."""

from __future__ import annotations

from obs_dagster.monitor.data import Labels, Logs
from obs_dagster.monitor.placeholders import everywhere

DAY_OF_KEY = "{day}"
"""What stands for the day of a prediction among the keys of labels."""


def in_log(logs: Logs, labels: Labels) -> bool:
    """Whether labels are a column of the log."""
    place = (logs.source, everywhere(logs.path), logs.table)
    return (labels.source, labels.path, labels.table) == place


def placed(logs: Logs, labels: Labels, *, by_day: bool = False) -> Labels:
    """Labels with their place, which is the log's where they name none: all its files, by the log's ids.

    Args:
        logs: the log.
        labels: the labels.
        by_day: whether an id is another prediction on another day.
    """
    if labels.source or labels.path:
        return labels
    key = labels.columns.prediction_id or logs.columns.prediction_id
    keys = {key: key, logs.columns.time: DAY_OF_KEY} if by_day else labels.columns.keys
    times = labels.times if "times" in labels.model_fields_set else logs.times
    if by_day:
        # the row's own time is among the keys, and is written as the log has it
        times = logs.times.model_copy(update={"zone": logs.times.zone or "UTC"})
    return labels.model_copy(
        update={
            "source": logs.source,
            "path": everywhere(logs.path),
            "table": logs.table,
            "snapshot": logs.snapshot,
            "as_of": logs.as_of,
            "options": logs.options,
            "csv": logs.csv,
            "times": times,
            "columns": labels.columns.model_copy(update={"prediction_id": key, "keys": keys}),
        }
    )
