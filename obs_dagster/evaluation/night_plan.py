"""What a night of a monitor does, told before it runs: where each stage runs, and what comes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from obs_dagster.errors import ObsError
from obs_dagster.evaluation.hours import asks_for_hours
from obs_dagster.evaluation.night_step import Step
from obs_dagster.evaluation.warehouse_night import steps_in_warehouse
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.secrets import scrub
from obs_dagster.sources.log_table import day_query, log_table
from obs_dagster.sources.protocol import CountsInPlace, source_of
from obs_dagster.sources.warehouse_plan import planned
from obs_dagster.store import working_folder
from obs_dagster.tasks.protocol import task_of

_SHOWN_FILES = 3


def night_plan(monitor: Monitor, day: dt.date, lake: Lake, *, run: bool = False) -> list[Step]:
    """The stages of a night in their order.

    Args:
        monitor: the monitor.
        day: the day.
        lake: knows the grids, if there are any; nothing in it changes.
        run: whether warehouses are asked, so that it is known how much comes back, and how long it takes.

    Raises:
        ObsError: the source cannot be looked at.
    """
    return list(
        steps_in_warehouse(monitor, day, lake, run=run)
        if monitor.engine.rows_stay
        else _here(monitor, day, lake)
    )


def _here(monitor: Monitor, day: dt.date, lake: Lake) -> Iterator[Step]:
    """A night that has rows: its source gives them, and its engine reads them."""
    source, engine = source_of(monitor.logs), f"here, by the engine {monitor.engine.kind}"
    if isinstance(source, CountsInPlace):
        with planned(run=False) as plan, log_table(monitor).opened() as (table,):
            day_query(monitor, day, day)(table).to_pyarrow()
        yield Step(
            "inference_logs",
            f"in the warehouse, {log_table(monitor)}",
            "picks the day's rows",
            "all rows of the day, with every column of a plain type; `engine: warehouse` leaves them there",
            tuple(plan.asked),
        )
    else:
        yield Step(
            "inference_logs", f"here, from {scrub(source.place(monitor.logs))}", *_files(monitor, day, lake)
        )
    if monitor.labels is not None:
        place = scrub(source_of(monitor.labels).place(monitor.labels))
        yield Step(
            "ground_truth",
            f"here, from {place}",
            f"reads {source_of(monitor.labels).label_unit} that are new or were changed",
            "their labels, which are merged into the days of their predictions",
        )
    yield Step(
        "data_quality",
        engine,
        "judges rows with Great Expectations, in chunks",
        "rows that break the contract, into quarantine",
    )
    yield Step(
        "baseline",
        engine,
        f"prepares what versions are compared with ({monitor.baseline.kind})",
        "counts, and a sample of rows",
    )
    yield Step(
        "profile",
        engine,
        "reads the day's rows once, the profiled columns only",
        "counts per version, segment cell and bin",
    )
    if monitor.labels is not None and task_of(monitor).outcomes is not None:
        yield Step(
            "performance", engine, "joins the rows with their labels, of days whose labels changed", "counts"
        )
    if asks_for_hours(monitor):
        yield Step(
            "service_health",
            "here, by DuckDB",
            "reads four columns of the day's rows",
            "a row per version and hour",
        )
    if monitor.components is not None:
        yield Step(
            "components",
            "here, by DuckDB",
            f"reads the spans of the day and of the hours around it: {monitor.components.place}",
            "counts per component and bin; where there are labels, what components did by request",
        )
    yield Step(
        "explanations",
        "here",
        "explains a sample of rows of each version",
        f"at most {monitor.explanations.sample:,} rows of a version",
    )


def _files(monitor: Monitor, day: dt.date, lake: Lake) -> tuple[str, str]:
    """What is read of files for a day, and what comes of it."""
    copies = "every row, copied into the lake"
    if monitor.logs.in_place and monitor.engine.reads_in_place:
        copies = "nothing, where files are Parquet that needs no conversion; else every row"
    try:
        folder = working_folder(lake.folder(monitor.model, ""))
        with source_of(monitor.logs).day(monitor, day, folder) as files:
            sizes = [each.size or 0 for each in files.stamps()]
            names = ", ".join(each.name for each in files.files[:_SHOWN_FILES])
    except ObsError as error:
        return f"cannot be looked at: {error}", copies
    if not sizes:
        return "reads nothing: the day has no files", "nothing"
    more = f" and {len(sizes) - _SHOWN_FILES} more" if len(sizes) > _SHOWN_FILES else ""
    number = f"{len(sizes)} file{'s' * (len(sizes) != 1)} of {sum(sizes) / 1e6:,.1f} MB"
    return f"reads {number}: {names}{more}; declared columns and the day's row groups alone", copies
