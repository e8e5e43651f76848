"""Stage: the day's inference log, read once."""

import dagster as dg

from assets.optional import tell
from assets.partitions import days_of, hours
from assets.progress import tracked
from assets.resources import Platform
from assets.sites import site_faults, sites_metadata
from assets.stage import is_run, stage
from assets.tables import column_schema, table
from obs_dagster.monitor import Monitor
from obs_dagster.reports.evidently_ahead import load_ahead
from obs_dagster.sources.ingest import Ingested
from obs_dagster.sources.unreadable_log import UnreadableLog, ingest_day
from obs_dagster.telemetry.event import Event
from obs_dagster.telemetry.traces import of_day

_UNREAD = Event(
    "obs_dagster.sources",
    "log cannot be read",
    "error",
    "The log of a day cannot be read. The other days go on; it is tried again when its files change.",
    {
        "day": "the day",
        "error": "which file, why, and what to do",
        "kept": "whether what was read of the day before stays",
    },
)


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""

    @stage(
        monitor,
        "inference_logs",
        after=["raw_log"],
        kinds=[monitor.engine.kind, "parquet"],
        metadata={"dagster/column_schema": column_schema(monitor)},
    )
    def inference_logs(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
        """Predictions as they were served: one row per version and id, typed as the monitor declares."""
        total, kept = 0, list[UnreadableLog]()
        days = days_of(context)
        if is_run(context, monitor, "mlflow_report"):
            load_ahead(monitor, days)
        for day in tracked(context, days, len(days)):
            with of_day(day):
                found, unread = ingest_day(monitor, day, platform.lake, platform.now())
            if unread is not None:
                context.log.warning("%s: %s", day, unread.error)
                _UNREAD(day=str(day), error=unread.error, kept=unread.kept)
                kept += [unread] if unread.kept else []
            total += found.rows
            changes = [{"column": change.column, "change": str(change)} for change in found.schema_changes]
            context.add_asset_metadata(
                {
                    "day": hours(monitor, day),
                    "dagster/partition_row_count": found.rows,
                    "files": found.files,
                    "duplicates": found.duplicates,
                    "what to know": (unread.error if unread else str(found.strays)) or "nothing to say",
                    **_ids(found),
                    **sites_metadata(monitor, day, platform.lake),
                    **({"snapshot": str(found.snapshot)} if found.snapshot else {}),
                    **({"rows of forgotten ids": found.forgotten} if found.forgotten else {}),
                    **({"requests and responses apart": found.halves} if found.halves else {}),
                    "versions": table(
                        ({"version": version, "rows": rows} for version, rows in found.versions.items()),
                        ["version", "rows"],
                    ),
                    "schema_changes": table(changes, ["column", "change"]),
                },
                partition_key=day.isoformat(),
            )
        faults = site_faults(context, monitor, platform.lake, days)
        if faults:
            with platform.history() as history:
                tell(context, monitor, history, part="reading profiles of sites", error="; ".join(faults))
        if kept:
            # that such days are evaluated would be an all-clear
            with platform.history() as history:
                told = "; ".join(each.error for each in kept)
                about = [each.day for each in kept]
                tell(context, monitor, history, part="reading the log", error=told, days=about)
        return dg.MaterializeResult(metadata={"rows in this run": total})

    return inference_logs


def _ids(found: Ingested) -> dict[str, str]:
    """What is wrong with the ids of a day, without naming one: what Dagster keeps is nobody's to forget."""
    told = {}
    if conflicts := found.repeats.conflicts:
        told["ids with different content"] = f"{conflicts:,}; `obs doctor` and the health page name some"
    if also_on := found.repeats.also_on:
        days = ", ".join(f"{day} ({ids:,} ids)" for day, ids in also_on.items())
        told["ids that later days have"] = f"{days}; run these days again, which counts each once"
    return told
