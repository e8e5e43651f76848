"""Stage: is each version still right?"""

import dagster as dg

from assets.partitions import days_of
from assets.progress import tracked
from assets.resources import Platform
from assets.stage import stage
from assets.tables import table
from obs_dagster.evaluation.metrics import performance_records
from obs_dagster.evaluation.parallel import records_of_days
from obs_dagster.evaluation.profiling import reduce_outcomes_of, stale_outcomes
from obs_dagster.evaluation.windows import OUTCOMES, PROFILES, later_days
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.monitor import Monitor

_SHOWN = ("precision", "recall", "f1", "roc_auc", "calibration_error", "label_coverage")
_LEAST_ROWS = 30
_WORST = 8


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""

    @stage(
        monitor,
        "performance",
        after=["profile", "ground_truth", "baseline"],
        kinds=[monitor.engine.kind, "python"],
    )
    def performance(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
        """Predictions against ground truth, for the run's days and every earlier one that labels touched."""
        days = days_of(context)
        lake = platform.lake
        known = lake.table(monitor.model, PROFILES).days()
        stale = stale_outcomes(monitor, lake, known)
        for _ in tracked(context, reduce_outcomes_of(monitor, sorted(stale), lake), len(stale)):
            pass
        affected = later_days(lake.table(monitor.model, OUTCOMES), monitor, stale) | set(days)
        recorder = platform.recorder(monitor.model, context.run_id)
        changed = 0
        with platform.history() as history:
            evaluated = records_of_days(performance_records, monitor, affected, lake, recorder)
            for day, records in tracked(context, evaluated, len(affected)):
                changes = history.replace_metrics(
                    records, model=monitor.model, days=[day], metrics=family("performance")
                )
                changed += changes.inserted + changes.updated + changes.removed
                if day in days:
                    context.add_asset_metadata(_metadata(monitor, records), partition_key=day.isoformat())
        told = (
            f"{len(stale)} days with new labels, {len(affected - set(days))} earlier days re-evaluated, "
            f"{changed} records changed"
        )
        # about the run, and yet shown at each of its days
        return dg.MaterializeResult(metadata={"in this run": told})

    return performance


def _metadata(monitor: Monitor, records: list[MetricRecord]) -> dict[str, dg.MetadataValue | int]:
    longest = max(monitor.windows)
    whole = [r for r in records if r.segment == "*" and r.metric in _SHOWN]
    rows: dict[tuple[str, int], dict[str, str | int | float | None]] = {}
    for record in whole:
        row = rows.setdefault(
            (record.version, record.window), {"version": record.version, "days": record.window}
        )
        row[record.metric] = record.value
    segments = [
        record
        for record in records
        if record.segment != "*"
        and record.metric == "recall"
        and record.window == longest
        and record.value is not None
        and record.n >= _LEAST_ROWS
    ]
    segments.sort(key=lambda record: record.value or 0.0)
    worst = (
        {
            "version": record.version,
            "segment": record.segment,
            "recall": record.value,
            "95% low": record.low,
            "95% high": record.high,
            "positives": record.n,
        }
        for record in segments[:_WORST]
    )
    return {
        "records": len(records),
        "quality": table([rows[key] for key in sorted(rows)], ["version", "days", *_SHOWN]),
        f"worst segments ({longest} days)": table(
            worst, ["version", "segment", "recall", "95% low", "95% high", "positives"]
        ),
    }
