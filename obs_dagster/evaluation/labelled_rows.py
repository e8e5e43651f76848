"""Some labelled rows of a version's baseline, and the rows of a window that they are held against."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.baselines.stored import SAMPLE_ROWS, baseline_sample
from obs_dagster.evaluation.day_rows import HASH, lowest, of_version, rows_of_day
from obs_dagster.evaluation.night import Night
from obs_dagster.lake.columns import DAY, FILE, LABEL
from obs_dagster.lake.quoting import identifier, literals
from obs_dagster.monitor.elsewhere import no_sample
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.monitor.task import outputs
from obs_dagster.pseudonym import pseudonym_sql
from obs_dagster.quality.sampled import labels_here
from obs_dagster.sources.classes import Classes
from obs_dagster.sources.files import connect
from obs_dagster.sources.label_values import label_reader
from obs_dagster.sources.labels import label_book
from obs_dagster.sources.log_rows import day_of

_MOST_DAYS = 56
"""Days of a baseline whose rows are looked at: the latest ones."""


def labelled_rows(night: Night, version: str, day: dt.date, until: dt.date) -> pa.Table | None:
    """At most 5,000 labelled rows of what a version is compared with, always the same ones.

    They have the features, what the model put out, the label in `_obs_label`, and their day in `_obs_day`,
    null where they are none of the log's. Rows that lack a number that the model puts out are left out.

    Args:
        night: what it is evaluated with.
        version: the version.
        day: the night.
        until: the last day of the log whose labels count.
    """
    if baseline_of(night.monitor).labelled:
        found = _of_own_rows(night, version)
    else:
        found = _of_days(night, version, _baseline_days(night, version, day, until))
    return None if found is None else _whole(night, found)


def window_rows(night: Night, version: str, days: Sequence[dt.date]) -> pa.Table | None:
    """At most 5,000 rows of a version on some days, with and without labels; None if none are kept."""
    kept = [rows for day in days if (rows := rows_of_day(night, day)) is not None]
    held = [each for rows in kept if (each := of_version(rows, version)).num_rows]
    return lowest(held, SAMPLE_ROWS) if held else None


def _whole(night: Night, rows: pa.Table) -> pa.Table:
    """Those with a label and with the numbers that the model puts out."""
    numbers = [each.column for each in outputs(night.monitor) if each.kind in ("score", "number")]
    there = pc.is_valid(rows[LABEL])
    for name in numbers:
        if name in rows.column_names and rows[name].null_count < rows.num_rows:
            there = pc.and_(
                there, pc.is_finite(pc.fill_null(pc.cast(rows[name], pa.float64()), float("nan")))
            )
    return rows.filter(there)


def _baseline_days(night: Night, version: str, day: dt.date, until: dt.date) -> list[dt.date]:
    baseline = baseline_of(night.monitor)
    nights = baseline.nights_without(day, night.breached(version, ""))
    chosen = baseline.evaluated(day) if nights is None else nights
    return [each for each in chosen if each <= until and night.outcomes.exists(each)][-_MOST_DAYS:]


def _of_days(night: Night, version: str, days: Sequence[dt.date]) -> pa.Table | None:
    """The kept rows of days, with the labels of ground truth."""
    monitor, held = night.monitor, []
    if no_sample(monitor):
        return None
    files = {day: path for day in days if (path := labels_here(monitor, day, night.lake)) is not None}
    for day in files:
        rows = rows_of_day(night, day)
        if rows is not None:
            own = of_version(rows, version)
            held.append(own.append_column(DAY, pa.array([str(day)] * own.num_rows, pa.string())))
    if not held:
        return None
    return with_labels(monitor, lowest(held, SAMPLE_ROWS), list(files.values()), id_of_label(monitor))


def id_of_label(monitor: Monitor) -> str:
    """SQL for what stands for a label's id in rows that are kept."""
    personal = monitor.logs.columns.prediction_id in monitor.personal
    return pseudonym_sql("prediction_id") if personal else "prediction_id"


@reads_rows
def with_labels(
    monitor: Monitor, rows: pa.Table, truth: Sequence[Path], known_by: str, *, every: bool = False
) -> pa.Table:
    """Rows with the labels that files have of them.

    Args:
        monitor: the monitor.
        rows: the rows.
        truth: the files.
        known_by: SQL for what stands for a label's id in the rows, see `id_of_label`.
        every: whether rows without a label are there too.
    """
    key, files = monitor.logs.columns.prediction_id, literals(map(str, truth))
    with connect() as connection:
        connection.register("picked", rows)
        query = (
            f"SELECT picked.*, truth.label AS {LABEL} FROM picked {'LEFT ' * every}"
            f"JOIN (SELECT {known_by} AS id, label, "
            f"{day_of(FILE)} AS {DAY} FROM read_parquet({files}, filename = '{FILE}', "
            f"hive_partitioning = false)) AS truth ON truth.id = picked.{identifier(key)} "
            f"AND truth.{DAY} = picked.{DAY} ORDER BY {HASH}, {identifier(key)}"
        )
        return connection.sql(query).to_arrow_table()


def _of_own_rows(night: Night, version: str) -> pa.Table | None:
    """Rows of the version's own baseline that are kept, with their labels if they have a column of these."""
    monitor, rows = night.monitor, baseline_sample(night.monitor, version, night.lake)
    if monitor.labels is None or rows is None:
        return None
    label = monitor.labels.columns.label
    reader = label_reader(monitor, monitor.labels, label_book(monitor, night.lake).negative)
    if label not in rows.column_names or (isinstance(reader, Classes) and not reader.complete()):
        return None
    with connect() as connection:
        connection.register("sample", rows)
        sample = connection.table("sample")
        kind = str(dict(zip(sample.columns, sample.types, strict=True))[label])
        meant = reader.sql(identifier(label), kind)
        labelled = connection.sql(f"SELECT *, {meant} AS {LABEL} FROM sample").to_arrow_table()
    if DAY not in labelled.column_names:
        labelled = labelled.append_column(DAY, pa.nulls(labelled.num_rows, pa.string()))
    return labelled
