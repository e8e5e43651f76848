"""Stage: labels, which come when they come."""

import dagster as dg

from assets.optional import tell
from assets.partitions import days_of
from assets.resources import Platform
from assets.stage import is_run, stage
from assets.tables import table
from obs_dagster.evaluation.log_records import label_records
from obs_dagster.metrics.registry import family
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.elsewhere import rows_elsewhere
from obs_dagster.reports.evidently_ahead import begin_ahead
from obs_dagster.sources.labels import ingest_labels
from obs_dagster.sources.protocol import source_of
from obs_dagster.sources.snapshot_name import SnapshotName
from obs_dagster.telemetry.event import Event

_NOTE = Event(
    "obs_dagster.sources",
    "labels to look at",
    "warning",
    "Labels cannot be used, wait for their prediction, or contradict each other.",
    {"note": "what there is to know"},
)


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""

    @stage(
        monitor,
        "ground_truth",
        after=["raw_labels", "inference_logs"],
        kinds=[monitor.engine.kind, "parquet"],
    )
    def ground_truth(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
        """Labels that arrived since the last night, sorted to the days of the predictions they belong to."""
        found = ingest_labels(monitor, platform.lake)
        if is_run(context, monitor, "mlflow_report"):
            begin_ahead(monitor, days_of(context), platform.lake)
        # what Dagster and logs keep is nobody's to forget: no id is among it
        notes = list(found.book.notes(with_ids=False))
        for note in notes:
            context.log.warning(note)
            _NOTE(note=note)
        # where labels are counted by others, it is they who know where each is
        if monitor.labels is not None and not rows_elsewhere(monitor):
            last = max(days_of(context))
            records = label_records(found.book, last, platform.night(monitor, context.run_id).recorder)
            with platform.history() as history:
                history.replace_metrics(records, model=monitor.model, days=[last], metrics=family("labels"))
        if found.book.refused:
            with platform.history() as history:
                told = "; ".join(found.book.refused)
                tell(context, monitor, history, part="reading labels", error=told)
        return dg.MaterializeResult(
            metadata={
                f"{_read(monitor)} read": found.files,
                "labels read": found.labels,
                **(
                    {"snapshot": str(SnapshotName.from_json(state))} if (state := found.book.snapshot) else {}
                ),
                "rows without id or label": found.rejected,
                "labels of neither class": table(
                    ({"value": value, "rows": rows} for value, rows in found.book.unusable.items()),
                    ["value", "rows"],
                ),
                "negative value": found.book.negative or "as the monitor says",
                "ids with conflicting labels": found.book.conflicts,
                "waiting for their prediction": found.waiting,
                "why labels may wait": table(
                    ({"what differs": what, "labels": rows} for what, rows in found.book.waiting.why.items()),
                    ["what differs", "labels"],
                ),
                "what to know": "; ".join([*found.healed, *notes]) or "nothing to say",
                **({"examples": "`obs doctor` and the health page have ids"} if notes else {}),
                "days touched": table(
                    ({"day": str(day), "labels": count} for day, count in sorted(found.touched.items())),
                    ["day", "labels"],
                ),
            }
        )

    return ground_truth


def _read(monitor: Monitor) -> str:
    """What labels are in."""
    return source_of(monitor.labels).label_unit if monitor.labels else "files"
