"""Stage: the day's inference log, read once."""

import dagster as dg

from assets.partitions import days_of, hours
from assets.progress import tracked
from assets.resources import Platform
from assets.stage import is_run, stage
from assets.tables import column_schema, table
from obs_dagster.monitor import Monitor
from obs_dagster.reports.evidently_ahead import load_ahead
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.telemetry.traces import of_day


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""

    @stage(
        monitor,
        "inference_logs",
        after=["raw_log"],
        kinds=["duckdb", "parquet"],
        metadata={"dagster/column_schema": column_schema(monitor)},
    )
    def inference_logs(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
        """Predictions as they were served: one row per version and id, typed as the monitor declares."""
        total = 0
        days = days_of(context)
        if is_run(context, monitor, "mlflow_report"):
            load_ahead(monitor, days)
        for day in tracked(context, days, len(days)):
            with of_day(day):
                found = ingest_logs(monitor, day, platform.lake)
            total += found.rows
            changes = [{"column": change.column, "change": str(change)} for change in found.schema_changes]
            context.add_asset_metadata(
                {
                    "day": hours(monitor, day),
                    "dagster/partition_row_count": found.rows,
                    "files": found.files,
                    "duplicates": found.duplicates,
                    "versions": table(
                        ({"version": version, "rows": rows} for version, rows in found.versions.items()),
                        ["version", "rows"],
                    ),
                    "schema_changes": table(changes, ["column", "change"]),
                },
                partition_key=day.isoformat(),
            )
        return dg.MaterializeResult(metadata={"rows in this run": total})

    return inference_logs
