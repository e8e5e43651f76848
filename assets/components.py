"""Stage: what each component of the system took of the requests, by their spans."""

import datetime as dt

import dagster as dg

from assets.optional import tell
from assets.partitions import days_of, hours
from assets.progress import tracked
from assets.resources import Platform
from assets.stage import stage
from assets.tables import table
from obs_dagster.errors import ObsError
from obs_dagster.evaluation.component_days import (
    baseline_days_of,
    component_table,
    count_spans,
    merged_days,
)
from obs_dagster.evaluation.component_records import component_records
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.parallel import records_of_days
from obs_dagster.evaluation.windows import later_days
from obs_dagster.history import History
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.monitor import Monitor
from obs_dagster.reports.components import component_rows, headings
from obs_dagster.spans.faults import fault_words


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""

    @stage(monitor, "components", after=["raw_spans", "inference_logs"], kinds=["python"])
    def components(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
        """How much of each request was whose: latency, failures, tokens and cost of each component."""
        days = days_of(context)
        night = platform.night(monitor, context.run_id)
        with platform.history() as history:
            _count(context, night, days, history)
            affected = set(later_days(component_table(night), monitor, set(days))) | set(days)
            evaluated = records_of_days(component_records, night, affected)
            for day, records in tracked(context, evaluated, len(affected)):
                history.replace_metrics(
                    records, model=monitor.model, days=[day], metrics=family("components")
                )
                if day in days:
                    context.add_asset_metadata(_told(night, day, records), partition_key=day.isoformat())
        return dg.MaterializeResult(metadata={"in this run": f"{len(affected)} days evaluated"})

    return components


def _count(context: dg.AssetExecutionContext, night: Night, days: list[dt.date], history: History) -> None:
    """Count days, and those that they are held against; what cannot be read is told and stops no alert."""
    wanted = dict.fromkeys(days)
    wanted |= dict.fromkeys(each for day in days for each in baseline_days_of(night, day))
    for day in wanted:
        try:
            count_spans(night, day)
        except ObsError as error:
            context.log.warning(str(error))
            if day in days:
                tell(context, night.monitor, history, part="components", error=str(error), days=[day])


def _told(night: Night, day: dt.date, records: list[MetricRecord]) -> dict[str, dg.MetadataValue | str | int]:
    kept = component_table(night).readable(day)
    if kept is None:
        return {"components": "the day's spans could not be read"}
    return {
        "day": hours(night.monitor, day),
        "files of spans": kept["files"],
        "spans": kept["spans"],
        "faults of spans": "; ".join(fault_words(merged_days(night, [day]))) or "none",
        "components": table(component_rows(records), list(headings())),
    }
