"""What labels and predictions are joined by: the prediction's id, or other columns together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from obs_dagster.lake.columns import DAY
from obs_dagster.lake.quoting import identifier
from obs_dagster.monitor.data import MADE_ID, Labels
from obs_dagster.monitor.log_labels import DAY_OF_KEY
from obs_dagster.monitor.model import Monitor
from obs_dagster.pseudonym import pseudonym
from obs_dagster.sources.declared import declared_types
from obs_dagster.sources.identifiers import id_of, join_key, lost_digits, text_of
from obs_dagster.sources.times import Written, moment

#: Between the values of several columns; no text of a file has it.
_BETWEEN = "chr(31)"


def of_labels(labels: Labels, columns: Mapping[str, tuple[str, str]], zone: str) -> tuple[str, str]:
    """SQL for the key of a label, null without one, and for whether it has lost digits.

    Args:
        labels: name the columns.
        columns: SQL for each of their columns, and its type.
        zone: of the monitor's days.
    """
    keys = labels.columns.in_log
    if not keys:
        value = columns[labels.columns.prediction_id]
        return join_key(id_of(*value)), lost_digits(*value)
    values = [
        _day(*columns[name], labels, zone) if of_log == DAY_OF_KEY else join_key(id_of(*columns[name]))
        for name, of_log in keys.items()
    ]
    lost = [lost_digits(*columns[name]) for name, of_log in keys.items() if of_log != DAY_OF_KEY]
    return _together(values), " OR ".join(lost) or "false"


def of_predictions(monitor: Monitor, log: str, there: Collection[str]) -> str:
    """SQL for the key of a prediction, null without one.

    Args:
        monitor: names the columns.
        log: the name of the log's rows.
        there: the columns that they have; days may have been ingested before a key was named.
    """
    keys = monitor.labels.columns.in_log if monitor.labels else {}
    if keys:
        types = declared_types(monitor)
        values = []
        for name in keys.values():
            column = f"{log}.{identifier(DAY if name == DAY_OF_KEY else name)}"
            if name != DAY_OF_KEY and name not in there:
                return "CAST(NULL AS VARCHAR)"
            values.append(column if name == DAY_OF_KEY else join_key(text_of(column, types[name])))
        return _together(values)
    key = f"{log}.{identifier(monitor.logs.columns.prediction_id)}"
    # rows that say the same have one label, with a number or without
    return join_key(f"split_part({key}, '-', 1)" if monitor.logs.columns.prediction_id == MADE_ID else key)


def shown(key: str) -> str:
    r"""A key as people read it.

    >>> shown("c17\x1f2024-03-04")
    'c17, 2024-03-04'
    """
    return key.replace("\x1f", ", ")


def telling(monitor: Monitor) -> Callable[[str], str]:
    """How keys are shown: as people read them, or as pseudonyms where a part of them is personal."""
    keys = monitor.labels.columns.in_log.values() if monitor.labels else ()
    parts = {*keys} or {monitor.logs.columns.prediction_id}
    return pseudonym if monitor.personal & parts else shown


def _day(value: str, found: str, labels: Labels, zone: str) -> str:
    """SQL for a day as a text, in the zone of the monitor, unless the labels are of another one."""
    times = labels.times
    written = Written(times.unit or "", times.format or "", times.zone or zone)
    return f"strftime(timezone('{zone}', {moment(value, found, written)}), '%Y-%m-%d')"


def _together(values: Sequence[str]) -> str:
    return f" || {_BETWEEN} || ".join(f"({value})" for value in values)
