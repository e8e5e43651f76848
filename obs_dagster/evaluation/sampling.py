"""Samples of rows, for what needs rows: explanations and Evidently. Always the same rows of the same day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from obs_dagster.baselines.stored import baseline_sample
from obs_dagster.lake.columns import LABEL
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.monitor.task import outputs
from obs_dagster.profile.cells import Cut, cell_key
from obs_dagster.quality.sampled import labels_here, rows_here
from obs_dagster.sources.drawn import drawn_by
from obs_dagster.sources.files import connect, derived
from obs_dagster.sources.label_values import label_type
from obs_dagster.sources.log_rows import check_in_place
from obs_dagster.sources.personal import Personal, shown

if TYPE_CHECKING:
    import pandas as pd


@reads_rows
def sample_day(monitor: Monitor, day: dt.date, version: str, lake: Lake, rows: int) -> pd.DataFrame:
    """At most `rows` clean rows of one version and day, by prediction id, with the label as far as known.

    Rows are picked by a hash of the prediction id, so that the sample is uniform and repeatable. Where a
    column says which rows belong together, as the request of a ranking, they are picked by a hash of that:
    no request is cut in two, so there may be more rows by what the last one has.

    Raises:
        LakeError: the day has not been validated.
        SourceError: a file that is read in place is gone or was rewritten.
    """
    key = identifier(monitor.logs.columns.prediction_id)
    truth = labels_here(monitor, day, lake)
    label = f"CAST(NULL AS {label_type(monitor)}) AS {LABEL} FROM picked"
    if truth is not None:
        labels = f"read_parquet({literal(str(truth))}, hive_partitioning = false)"
        label = (
            f"truth.label AS {LABEL} FROM picked "
            f"LEFT JOIN {labels} AS truth ON truth.prediction_id = picked.{key}"
        )
    with connect() as connection:
        log = rows_here(connection, monitor, [day], lake)
        picked = _picked_whole(monitor, version, rows)
        rows_picked = derived(log, "log", f"WITH picked AS ({picked}) SELECT picked.*, {label}")
        frame: pd.DataFrame = shown(rows_picked, Personal.of(monitor)).df()
    check_in_place(monitor, [day], lake)
    return frame.set_index(monitor.logs.columns.prediction_id).sort_index()


@reads_rows
def draw_versions(
    monitor: Monitor,
    day: dt.date,
    lake: Lake,
    *,
    versions: Sequence[str],
    rows: int,
) -> dict[str, pd.DataFrame]:
    """The rows that `sample_day` picks of each version, without labels, in the order of the draw.

    The order is that of the hashes: the first rows, however many, are a uniform sample themselves, and the
    same one whatever `rows` is. Values are as the log has them, personal ones too, for the model takes no
    others; only the ids are as they may be shown.

    Raises:
        LakeError: the day has not been validated.
        SourceError: a file that is read in place is gone or was rewritten.
    """
    with connect() as connection:
        log = rows_here(connection, monitor, [day], lake)
        drawn = {version: derived(log, "log", _picked(monitor, version, rows)).df() for version in versions}
    check_in_place(monitor, [day], lake)
    key = monitor.logs.columns.prediction_id
    personal = Personal.of(monitor)
    for frame in drawn.values():
        frame[key] = frame[key].map(personal.shown_id)
    return {version: frame.set_index(key) for version, frame in drawn.items()}


@reads_rows
def draw_labelled(
    monitor: Monitor,
    day: dt.date,
    lake: Lake,
    *,
    versions: Sequence[str],
    rows: int,
) -> dict[str, pd.DataFrame]:
    """The rows that `draw_versions` draws among those whose label is known, with the label.

    Raises:
        LakeError: the day has not been validated.
        SourceError: a file that is read in place is gone or was rewritten.
    """
    truth = labels_here(monitor, day, lake)
    key, personal = monitor.logs.columns.prediction_id, Personal.of(monitor)
    known = f"(SELECT NULL AS prediction_id, CAST(NULL AS {label_type(monitor)}) AS label WHERE false)"
    if truth is not None:
        known = f"read_parquet({literal(str(truth))}, hive_partitioning = false)"
    joined = (
        f"SELECT log.*, truth.label AS {LABEL} FROM log JOIN {known} AS truth "
        f"ON truth.prediction_id = log.{identifier(key)} WHERE truth.label IS NOT NULL"
    )
    with connect() as connection:
        labelled = derived(rows_here(connection, monitor, [day], lake), "log", joined)
        drawn = {
            version: derived(labelled, "log", _picked(monitor, version, rows)).df() for version in versions
        }
    check_in_place(monitor, [day], lake)
    for frame in drawn.values():
        frame[key] = frame[key].map(personal.shown_id)
    return {version: frame.set_index(key) for version, frame in drawn.items()}


@reads_rows
def draw_cells(
    monitor: Monitor, day: dt.date, lake: Lake, *, version: str, cuts: Sequence[Cut], rows: int
) -> pd.DataFrame:
    """At most so many rows of each segment cell of a version, with the cells' values as text.

    A row that is drawn for several cells is there once. Of each cell they are those with the lowest hashes,
    and the value of a segment column stands under its `cell_key`.

    Raises:
        LakeError: the day has not been validated.
        SourceError: a file that is read in place is gone or was rewritten.
    """
    key, made_by = identifier(monitor.logs.columns.prediction_id), identifier(monitor.logs.columns.version)
    order = f"{drawn_by(monitor, key)}, {key}"
    texts = ", ".join(
        f"CAST({identifier(name)} AS VARCHAR) AS {identifier(cell_key(name))}"
        for name in dict.fromkeys(name for cut in cuts for name in cut)
    )
    parts = [", ".join(identifier(name) for name in cut) for cut in cuts]
    chosen = " OR ".join(
        f"row_number() OVER (PARTITION BY {part} ORDER BY {order}) <= {rows}" for part in parts
    )
    query = (
        f"SELECT *, {texts} FROM log WHERE {made_by} = {literal(version)} QUALIFY {chosen} ORDER BY {order}"
    )
    with connect() as connection:
        frame: pd.DataFrame = derived(rows_here(connection, monitor, [day], lake), "log", query).df()
    check_in_place(monitor, [day], lake)
    return frame


def _picked(monitor: Monitor, version: str, rows: int) -> str:
    """SQL for the rows of a version in `log` whose prediction ids have the lowest hashes, in their order."""
    key, column = identifier(monitor.logs.columns.prediction_id), identifier(monitor.logs.columns.version)
    order = f"{drawn_by(monitor, key)}, {key}"
    return f"SELECT * FROM log WHERE {column} = {literal(version)} ORDER BY {order} LIMIT {rows}"


def _picked_whole(monitor: Monitor, version: str, rows: int) -> str:
    """SQL for rows of a version in `log`, with all rows of a group: as many groups as make `rows` rows."""
    group = next((identifier(each.column) for each in outputs(monitor) if each.kind == "id"), "")
    if not group:
        return _picked(monitor, version, rows)
    of_version = f"{identifier(monitor.logs.columns.version)} = {literal(version)}"
    running = f"sum(count(*)) OVER (ORDER BY hash({group}), {group} ROWS UNBOUNDED PRECEDING)"
    groups = f"SELECT {group}, {running} - count(*) AS before FROM log WHERE {of_version} GROUP BY {group}"
    return (
        f"SELECT * FROM log WHERE {of_version} AND {group} IN "
        f"(SELECT {group} FROM ({groups}) WHERE before < {rows})"
    )


def baseline_cells(
    monitor: Monitor, version: str, lake: Lake, cuts: Sequence[Cut], rows: int
) -> pd.DataFrame | None:
    """Rows of a version's own baseline as `draw_cells` gives those of a day; None if it has none.

    They are the first ones of the sample that is kept of a baseline, so rare cells may have few.
    """
    import pyarrow as pa

    table = baseline_sample(monitor, version, lake)
    names = dict.fromkeys(name for cut in cuts for name in cut)
    if table is None or not set(names) <= set(table.column_names):
        return None
    for name in names:
        table = table.append_column(cell_key(name), table[name].cast(pa.string()))
    frame = table.to_pandas()
    first = [frame.groupby([cell_key(name) for name in cut], dropna=False).cumcount() < rows for cut in cuts]
    chosen = first[0]
    for each in first[1:]:
        chosen |= each
    found: pd.DataFrame = frame[chosen]
    return found


def sample_baseline(monitor: Monitor, version: str, lake: Lake, rows: int) -> pd.DataFrame | None:
    """At most `rows` rows of a version's own baseline, as they may be shown; None if it has none."""
    table = baseline_sample(monitor, version, lake)
    return None if table is None else table.slice(0, rows).to_pandas()
