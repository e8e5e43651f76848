"""Stage: the contract of a row, and what broke it."""

from collections import Counter

import dagster as dg

from assets.partitions import days_of
from assets.progress import tracked
from assets.resources import Platform
from assets.stage import check, stage
from assets.tables import rounded, table
from obs_dagster.evaluation.metrics import quality_records
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.monitor import Monitor
from obs_dagster.quality.day import DayQuality, validate_days


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""
    checks = [
        check(
            monitor, "data_quality", "schema", "The log has the columns and types that the monitor declares."
        ),
        check(
            monitor,
            "data_quality",
            "contract",
            "Rows keep the contract of the monitor and of the team's suite.",
        ),
        check(monitor, "data_quality", "volume", "There are rows to evaluate."),
    ]

    @stage(
        monitor,
        "data_quality",
        after=["inference_logs"],
        kinds=["greatexpectations", monitor.engine.kind],
        checks=checks,
    )
    def data_quality(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
        """The day's rows against their contract; rows that break it are quarantined with the reasons."""
        days = days_of(context)
        recorder = platform.recorder(monitor.model, context.run_id)
        found: list[DayQuality] = []
        records: list[MetricRecord] = []
        qualities = validate_days(monitor, days, platform.lake)
        for day, quality in tracked(context, qualities, len(days)):
            found.append(quality)
            records += quality_records(quality, day, recorder)
            context.add_asset_metadata(_metadata(quality), partition_key=day.isoformat())
        with platform.history() as history:
            history.replace_metrics(records, model=monitor.model, days=days, metrics=family("quality"))
        return dg.MaterializeResult(check_results=[_schema(found), _contract(found), _volume(found)])

    return data_quality


def _metadata(quality: DayQuality) -> dict[str, dg.MetadataValue | int | float | bool | str]:
    failing = [result for result in quality.results if not result["success"]]
    return {
        "rows": quality.rows,
        "quarantined": quality.quarantined,
        "quarantined share": rounded(quality.quarantined_share),
        "evaluated": quality.evaluated,
        "reason": quality.reason or "sound enough to evaluate",
        "broken rules": table(
            ({"rule": rule, "rows": rows} for rule, rows in quality.broken_rules.items()), ["rule", "rows"]
        ),
        "failed expectations": table(failing, ["origin", "column", "name", "failed", "checked", "error"]),
        "expectations": len(quality.results),
    }


def _schema(found: list[DayQuality]) -> dg.AssetCheckResult:
    changes = Counter((change["kind"], change["text"]) for each in found for change in each.schema_changes)
    missing = any(kind == "missing" for kind, _ in changes)
    return dg.AssetCheckResult(
        check_name="schema",
        passed=not changes,
        severity=dg.AssetCheckSeverity.ERROR if missing else dg.AssetCheckSeverity.WARN,
        metadata={
            "changes": table(
                ({"change": text, "days": days} for (_, text), days in changes.items()), ["change", "days"]
            )
        },
    )


def _contract(found: list[DayQuality]) -> dg.AssetCheckResult:
    rules: Counter[str] = Counter()
    for each in found:
        rules.update(each.broken_rules)
    refused = [each.reason for each in found if not each.evaluated and each.rows]
    tables = [
        result for each in found for result in each.results if not result["success"] and not result["failed"]
    ]
    return dg.AssetCheckResult(
        check_name="contract",
        passed=not rules and not tables,
        severity=dg.AssetCheckSeverity.ERROR if refused else dg.AssetCheckSeverity.WARN,
        metadata={
            "rows": sum(each.rows for each in found),
            "quarantined": sum(each.quarantined for each in found),
            "broken rules": table(
                ({"rule": rule, "rows": n} for rule, n in rules.most_common()), ["rule", "rows"]
            ),
            "days not evaluated": "; ".join(refused) or "none",
        },
    )


def _volume(found: list[DayQuality]) -> dg.AssetCheckResult:
    empty = [each.reason for each in found if not each.rows]
    return dg.AssetCheckResult(
        check_name="volume",
        passed=not empty,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rows": sum(each.rows for each in found), "days without rows": len(empty)},
        description="; ".join(sorted(set(empty))) or None,
    )
