"""What a night does where rows stay in the warehouse: what each stage asks, and what comes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import narwhals as nw

from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.baselines.stored import GRIDS, baseline_folder
from obs_dagster.evaluation.hours import asks_for_hours
from obs_dagster.evaluation.night_step import Step
from obs_dagster.evaluation.warehouse_hours import hours_of
from obs_dagster.lake.columns import DAY
from obs_dagster.lake.lake import Lake, read_json
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.grids.fit import fit_grids
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.reduction import reduce_days
from obs_dagster.quality.sampled import drawn_table
from obs_dagster.quality.warehouse import Judged, broken_counts, clean_table
from obs_dagster.sources.label_table import label_table, parts_of
from obs_dagster.sources.log_table import log_table
from obs_dagster.sources.warehouse_counts import WarehouseCounts
from obs_dagster.sources.warehouse_labelled import labelled_table
from obs_dagster.sources.warehouse_labels import labels_by_day, labels_of
from obs_dagster.sources.warehouse_plan import Plan, planned
from obs_dagster.sources.warehouse_rows import declared_rows
from obs_dagster.tasks.outcomes import reduce_outcome_days
from obs_dagster.tasks.protocol import task_of


def steps_in_warehouse(monitor: Monitor, day: dt.date, lake: Lake, *, run: bool) -> Iterator[Step]:
    """The stages of a night (see `evaluation.night_plan`)."""
    with planned(run=run) as plan:
        _ask(monitor, day, lake, plan)
    where = f"in the warehouse, {log_table(monitor)}"

    def step(stage: str, does: str, back: str) -> Step:
        return Step(stage, where, does, back, tuple(each for each in plan.asked if each.step == stage))

    yield step(
        "inference_logs",
        "counts the day's rows, repeated ids and a digest of what they say",
        "a row per version",
    )
    if monitor.labels is not None:
        yield step(
            "ground_truth",
            "counts labels by the day of their prediction",
            "a row per day of known_at and label value, and per day",
        )
    yield step("data_quality", "counts the rows that break each rule of the contract", "one row")
    if baseline_of(monitor).of_log:
        yield step(
            "baseline",
            "fits the grids, once; then adds up profiles",
            "the numbers, without ids, of some 65,536 rows, once; the frequent categories",
        )
    yield step(
        "profile",
        "groups the clean rows by version, segment cell and bin",
        "counts: for each column and cell at most as many as it has bins, or rows",
    )
    if monitor.labels is not None and task_of(monitor).outcomes is not None:
        yield step(
            "performance",
            "joins the clean rows with their labels, and groups them by what the task counts",
            "counts: for each cell at most as many as there are bins, or rows",
        )
    if asks_for_hours(monitor):
        yield step("service_health", "counts requests by the hour", "a row per version and hour")
    most = monitor.engine.sample_rows
    if most:
        yield step(
            "explanations",
            "draws rows of each version by the MD5 of their ids, for SHAP, Evidently and metrics of several "
            "columns",
            f"at most {most:,} rows of each version and day, with all declared columns and their labels",
        )
        return
    yield Step(
        "explanations",
        "nowhere",
        "needs rows, which stay where they are: SHAP, Evidently and metrics of several columns are not "
        "known; `sample` of the engine allows some to leave",
        "nothing",
    )


def _ask(monitor: Monitor, day: dt.date, lake: Lake, plan: Plan) -> None:
    """Ask for everything that stages ask for, each under its name."""
    labels, kind = monitor.labels, task_of(monitor).outcomes
    plan.step = "inference_logs"
    WarehouseCounts().counted(monitor, day, lake, lake)
    others = [label_table(labels)] if labels is not None else []
    if labels is not None:
        plan.step = "ground_truth"
        parts_of(labels)
    with log_table(monitor).opened(*others) as (log, *tables):
        known = [labels_of(table, monitor, lake) for table in tables]
        for each in known:
            labels_by_day(declared_rows(log, monitor, [day]), each, monitor, [])
        plan.step = "data_quality"
        broken_counts(Judged.of(log, monitor, [day], lake))
        rows = clean_table(log, monitor, [day], lake)
        frame = nw.from_native(rows)
        plan.step = "baseline"
        grids = _grids(monitor, frame, lake)
        plan.step = "profile"
        reduce_days(frame, monitor, grids, DAY)
        plan.step = "performance"
        for each in known if kind is not None else ():
            labelled: nw.LazyFrame[Any] = nw.from_native(labelled_table(rows, each, monitor, [day]))
            if kind is not None:
                reduce_outcome_days(labelled, monitor, grids, kind, DAY)
        plan.step = "explanations"
        if monitor.engine.sample_rows:
            known_labels = known[0] if known else None
            drawn_table(rows, known_labels, monitor, day, monitor.engine.sample_rows).to_pyarrow()
        plan.step = "service_health"
        if asks_for_hours(monitor):
            hours_of(log, monitor, [day], ()).to_pyarrow()


def _grids(monitor: Monitor, frame: nw.LazyFrame[Any], lake: Lake) -> Grids:
    """The grids that are there; else those that this day would give."""
    document = read_json(baseline_folder(monitor, lake) / GRIDS)
    return fit_grids(frame, monitor) if document is None else Grids.from_json(document)
