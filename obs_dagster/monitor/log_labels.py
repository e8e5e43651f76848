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


def placed(logs: Logs, labels: Labels) -> Labels:
    """Labels with their place, which is the log's where they name none: all its files, by the log's ids."""
    if labels.source or labels.path:
        return labels
    key = labels.columns.prediction_id or logs.columns.prediction_id
    return labels.model_copy(
        update={
            "source": logs.source,
            "path": everywhere(logs.path),
            "table": logs.table,
            "csv": logs.csv,
            "times": labels.times if "times" in labels.model_fields_set else logs.times,
            "columns": labels.columns.model_copy(update={"prediction_id": key}),
        }
    )
