"""Stage: volume, latency, errors."""

import dagster as dg

from assets.breaches import without_breaches
from assets.numbers import drawn_numbers
from assets.partitions import days_of, hours
from assets.progress import tracked
from assets.resources import Platform
from assets.stage import stage
from assets.tables import table
from obs_dagster.evaluation.hours import count_hours, looked_back_at
from obs_dagster.evaluation.parallel import records_of_days
from obs_dagster.evaluation.service_records import service_records
from obs_dagster.evaluation.windows import later_days
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.whole import WHOLE


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""

    @stage(monitor, "service_health", after=["profile"], kinds=["python"])
    def service_health(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
        """How much each version served, how fast, and how often it failed."""
        days = days_of(context)
        night = platform.night(monitor, context.run_id)
        count_hours(night, days)
        longest = looked_back_at(monitor)
        affected = later_days(night.profiles, monitor, set(days), longest=longest) | set(days)
        with platform.history() as history:
            night, learn = without_breaches(night, "service", affected, history)
            evaluated = records_of_days(service_records, night, affected, learn=learn)
            for day, records in tracked(context, evaluated, len(affected)):
                history.replace_metrics(records, model=monitor.model, days=[day], metrics=family("service"))
                if day in days:
                    numbers = drawn_numbers(monitor, "service", records)
                    context.add_asset_metadata(
                        {"day": hours(monitor, day), "service": _service(records), **numbers},
                        partition_key=day.isoformat(),
                    )
        return dg.MaterializeResult(metadata={"in this run": f"{len(affected)} days evaluated"})

    return service_health


def _service(records: list[MetricRecord]) -> dg.TableMetadataValue:
    rows: dict[str, dict[str, str | float | None]] = {}
    for record in records:
        if record.segment == WHOLE and record.window == 1:
            rows.setdefault(record.version, {"version": record.version})[record.metric] = record.value
    # of what a monitor does not promise there is nothing
    found = {metric for row in rows.values() for metric in row}
    columns = [metric for metric in family("service") if metric in found]
    return table([rows[version] for version in sorted(rows)], ["version", *columns])
