"""Stage: the contract of a row, and what broke it."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping

import dagster as dg

from assets.links import day_links
from assets.partitions import days_of, hours
from assets.progress import tracked
from assets.resources import Platform
from assets.stage import check, stage
from assets.tables import rounded, table
from obs_dagster.alerts import evaluate_nights
from obs_dagster.alerts.rules import unevaluated
from obs_dagster.evaluation.log_records import quality_records, rows_before
from obs_dagster.evaluation.night_record import last_refused, record_nights
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.elsewhere import rows_elsewhere
from obs_dagster.quality.day import validate_days
from obs_dagster.quality.refusal import not_evaluated
from obs_dagster.quality.schema_events import events_of_day
from obs_dagster.quality.validated import DayQuality, damaged_days
from obs_dagster.telemetry.event import Event

_REFUSED = Event(
    "obs_dagster.quality",
    "day not evaluated",
    "warning",
    "A day is not sound enough to be evaluated, or lacks the rows that are expected.",
    {"day": "the day", "rows": "its rows", "reason": "why"},
)


def _judged_by(monitor: Monitor) -> str:
    if monitor.engine.rows_stay:
        return "sql"
    return "python" if rows_elsewhere(monitor) else "greatexpectations"


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
        check(monitor, "data_quality", "evaluated", "The day is sound enough to evaluate."),
    ]

    @stage(
        monitor,
        "data_quality",
        after=["inference_logs"],
        # rows that are elsewhere are counted there, by conditions of the same contract
        kinds=[_judged_by(monitor), monitor.engine.kind],
        checks=checks,
    )
    def data_quality(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
        """The day's rows against their contract; rows that break it are quarantined with the reasons."""
        days = days_of(context)
        night = platform.night(monitor, context.run_id)
        found: dict[dt.date, DayQuality] = {}
        records: list[MetricRecord] = []
        for _ in validate_days(monitor, set(damaged_days(monitor, platform.lake)) - set(days), platform.lake):
            pass  # other days whose file is damaged, which this run may have to read
        qualities = validate_days(monitor, days, platform.lake)
        for day, quality in tracked(context, qualities, len(days)):
            found[day] = quality
            if unevaluated.refused(monitor, day, quality) and not quality.evaluated:
                _REFUSED(day=str(day), rows=quality.rows, reason=not_evaluated(day, quality.reason))
            changed = events_of_day(monitor, day, platform.lake)
            before = rows_before(monitor, day, platform.lake)
            records += quality_records(
                quality, day, night.recorder, before=before, events=len(changed.events)
            )
            context.add_asset_metadata(
                {"day": hours(monitor, day), "columns": str(changed) or "as on the day before"}
                | _metadata(day, quality)
                | day_links(monitor.model, day),
                partition_key=day.isoformat(),
            )
        refused = last_refused(found)
        with platform.history() as history:
            history.replace_metrics(records, model=monitor.model, days=days, metrics=family("quality"))
            if refused:
                # told at once: a stage that needs the day's rows may fail without them
                record_nights(night, refused, history)
                evaluate_nights(
                    monitor, history, as_of=max(refused), now=platform.now(), run_id=context.run_id
                )
        return dg.MaterializeResult(
            check_results=[
                _schema(found.values()),
                _contract(found.values()),
                _volume(monitor, found),
                evaluated_check(monitor, found),
            ]
        )

    return data_quality


def _metadata(day: dt.date, quality: DayQuality) -> dict[str, dg.MetadataValue | int | float | bool | str]:
    failing = [result for result in quality.results if not result["success"]]
    return {
        "rows read": quality.rows_read,
        "rows": quality.rows,
        "duplicates": quality.duplicates,
        "quarantined": quality.quarantined,
        "quarantined share": rounded(quality.quarantined_share),
        "evaluated": quality.evaluated,
        "reason": not_evaluated(day, quality.reason) if quality.reason else "sound enough to evaluate",
        "broken rules": table(
            (
                {"rule": rule, "rows": rows, "of": quality.rows, "example": quality.examples.get(rule)}
                for rule, rows in quality.broken_rules.items()
            ),
            ["rule", "rows", "of", "example"],
        ),
        "failed expectations": table(
            failing, ["origin", "column", "name", "failed", "checked", "examples", "error"]
        ),
        "expectations": f"{len(quality.results):,}",
    }


def _schema(found: Collection[DayQuality]) -> dg.AssetCheckResult:
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


def _contract(found: Collection[DayQuality]) -> dg.AssetCheckResult:
    rules: Counter[str] = Counter()
    for each in found:
        rules.update(each.broken_rules)
    refused = any(each.refused for each in found)
    examples = {rule: example for each in found for rule, example in each.examples.items()}
    tables = [
        result for each in found for result in each.results if not result["success"] and not result["failed"]
    ]
    return dg.AssetCheckResult(
        check_name="contract",
        passed=not rules and not tables and not refused,
        severity=dg.AssetCheckSeverity.ERROR if refused else dg.AssetCheckSeverity.WARN,
        metadata={
            "rows": sum(each.rows for each in found),
            "quarantined": sum(each.quarantined for each in found),
            "broken rules": table(
                ({"rule": rule, "rows": n, "example": examples.get(rule)} for rule, n in rules.most_common()),
                ["rule", "rows", "example"],
            ),
        },
    )


def _volume(monitor: Monitor, found: Mapping[dt.date, DayQuality]) -> dg.AssetCheckResult:
    empty = {day: each.reason for day, each in found.items() if not each.rows}
    expected = any(monitor.quality.expects_rows(day) for day in empty)
    return dg.AssetCheckResult(
        check_name="volume",
        passed=not empty,
        severity=dg.AssetCheckSeverity.ERROR if expected else dg.AssetCheckSeverity.WARN,
        metadata={"rows": sum(each.rows for each in found.values()), "days without rows": len(empty)},
        description=_told(empty),
    )


def evaluated_check(monitor: Monitor, found: Mapping[dt.date, DayQuality]) -> dg.AssetCheckResult:
    """Whether days were evaluated that should have been, and why not."""
    refused = {
        day: each.reason
        for day, each in found.items()
        if not each.evaluated and unevaluated.refused(monitor, day, each)
    }
    return dg.AssetCheckResult(
        check_name="evaluated",
        passed=not refused,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"days": len(found), "days not evaluated": len(refused)},
        description=_told(refused),
    )


def _told(refused: Mapping[dt.date, str]) -> str | None:
    """The latest of some days, and how many there are."""
    if not refused:
        return None
    latest = max(refused)
    others = len(refused) - 1
    more = f" ({others} more day{'s' * (others > 1)} in this run)" if others else ""
    return f"{not_evaluated(latest, refused[latest])}{more}"
