"""Stage: is each version still right?"""

import datetime as dt

import dagster as dg

from assets.breaches import without_breaches
from assets.champion import beside_champion
from assets.links import day_links
from assets.numbers import drawn_numbers
from assets.partitions import days_of, hours, span
from assets.progress import tracked
from assets.resources import Platform
from assets.stage import stage
from assets.tables import table
from assets.where import where_and_why
from obs_dagster.evaluation.baseline_outcomes import compared_nights
from obs_dagster.evaluation.component_outcomes import (
    matched_in_words,
    reduce_component_outcomes,
    stale_component_outcomes,
)
from obs_dagster.evaluation.groups_apart import count_groups, joined_in_words, stale_groups
from obs_dagster.evaluation.label_ages import age_labels, days_to_age
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.owed import digests, owed_days, settle
from obs_dagster.evaluation.pairs_kept import count_pairs, stale_pairs
from obs_dagster.evaluation.parallel import records_of_days
from obs_dagster.evaluation.performance_records import performance_records
from obs_dagster.evaluation.profiling import reduce_outcomes_of, stale_outcomes
from obs_dagster.evaluation.windows import later_days
from obs_dagster.history import History
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import family, shown_in
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.reports.component_quality import quality_section, read_component_quality

_LEAST_ROWS = 30
_WORST = 8


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""

    @stage(
        monitor,
        "performance",
        after=["profile", "ground_truth", "baseline", *(["components"] if monitor.components else [])],
        kinds=[monitor.engine.kind, "python"],
    )
    def performance(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
        """Predictions against ground truth, for the run's days and every earlier one that labels touched."""
        days = days_of(context)
        night = platform.night(monitor, context.run_id)
        stale = stale_outcomes(night, night.profiles.days())
        owed = owed_days(night, stale)
        for _ in tracked(context, reduce_outcomes_of(night, sorted(stale)), len(stale)):
            pass
        regrouped = stale_groups(night)
        for _ in tracked(context, count_groups(night, sorted(regrouped)), len(regrouped)):
            pass
        unpaired = stale_pairs(night)
        for _ in tracked(context, count_pairs(night, unpaired), len(unpaired)):
            pass
        changed = stale | owed | regrouped | _told_apart(context, night)
        outcomes = digests(night, changed)
        late = days_to_age(night)
        for _ in tracked(context, age_labels(night, late), len(late)):
            pass
        affected = later_days(night.outcomes, monitor, changed) | compared_nights(night, changed) | set(days)
        written = 0
        with platform.history() as history:
            night, learn = without_breaches(night, "performance", affected, history)
            evaluated = records_of_days(performance_records, night, affected, learn=learn)
            for day, records in tracked(context, evaluated, len(affected)):
                changes = history.replace_metrics(
                    records,
                    model=monitor.model,
                    days=[day],
                    metrics={*family("performance"), *family("estimate"), *family("fairness")},
                )
                written += changes.inserted + changes.updated + changes.removed
                if day in days:
                    context.add_asset_metadata(
                        _metadata(monitor, day, records) | day_links(monitor.model, day),
                        partition_key=day.isoformat(),
                    )
            written += beside_champion(night, affected, platform.tracking_uri, history)
            _told_by_components(context, monitor, history)
        settle(night, outcomes)
        told = (
            f"{len(stale)} days with new labels, {len(affected - set(days))} earlier days re-evaluated, "
            f"{written} records changed"
        )
        if told := joined_in_words(night, max(days)):
            context.add_asset_metadata({"attributes held apart": told}, partition_key=max(days).isoformat())
        context.add_asset_metadata(where_and_why(night, max(days)), partition_key=max(days).isoformat())
        # about the run, and yet shown at each of its days
        return dg.MaterializeResult(metadata={"in this run": told})

    return performance


def _told_apart(context: dg.AssetExecutionContext, night: Night) -> set[dt.date]:
    """Count what became stale of outcomes by what components did; returns the days."""
    stale = stale_component_outcomes(night)
    for _ in tracked(context, reduce_component_outcomes(night, sorted(stale)), len(stale)):
        pass
    day = max(days_of(context))
    if matched := matched_in_words(night, day):
        context.add_asset_metadata({"requests with spans": matched}, partition_key=day.isoformat())
    return stale


def _told_by_components(context: dg.AssetExecutionContext, monitor: Monitor, history: History) -> None:
    """Show how right the model is by what components did, of the last day that is known."""
    if monitor.components is None:
        return
    day = max(days_of(context))
    with history.reading() as connection:
        found = quality_section(read_component_quality(connection, monitor, day))
    rows = [dict(zip(found.headings, row, strict=True)) for row in found.rows]
    if rows:
        context.add_asset_metadata(
            {"quality by components": table(rows, list(found.headings))}, partition_key=day.isoformat()
        )


def _metadata(
    monitor: Monitor, day: dt.date, records: list[MetricRecord]
) -> dict[str, dg.MetadataValue | float | str]:
    longest = max(monitor.windows)
    shown = [each.name for each in shown_in("summary", monitor.task)]
    rows: dict[tuple[str, int], dict[str, str | int | float | None]] = {}
    for record in records:
        if record.segment == WHOLE and not record.column and record.metric in shown:
            key = record.version, record.window
            begun: dict[str, str | int | float | None] = {
                "version": record.version,
                "window": span(day, record.window) if record.window else "baseline",
            }
            rows.setdefault(key, begun)[record.metric] = record.value
    found: dict[str, dg.MetadataValue | float | str] = {
        "day": hours(monitor, day),
        "records": f"{len(records):,}",
        "quality": table([rows[key] for key in sorted(rows)], ["version", "window", *shown]),
        **drawn_numbers(monitor, "performance", records),
    }
    if monitor.fairness.attributes:
        found[f"groups of people ({longest} days)"] = _fairness(records, longest)
    for leading in shown_in("verdict", monitor.task)[:1]:
        found[f"worst segments ({longest} days)"] = _worst(records, leading, longest)
    return found


def _fairness(records: list[MetricRecord], window: int) -> dg.MetadataValue:
    """How far apart groups of people are treated, and which."""
    known = family("fairness")
    rows = (
        {
            "version": record.version,
            "attribute": record.column,
            "metric": record.metric,
            "value": record.value,
            "95% low": record.low,
            "95% high": record.high,
            "between": record.reason,
        }
        for record in records
        if record.metric in known and record.window == window
    )
    return table(rows, ["version", "attribute", "metric", "value", "95% low", "95% high", "between"])


def _worst(records: list[MetricRecord], leading: Definition, window: int) -> dg.MetadataValue:
    """The segment cells in which the leading metric is worst."""
    cells = [
        (record.value, record)
        for record in records
        if record.segment != "*"
        and not record.column
        and record.metric == leading.name
        and record.window == window
        and record.value is not None
        and record.n >= _LEAST_ROWS
    ]
    cells.sort(key=lambda cell: cell[0], reverse=leading.better == "lower")
    rows = (
        {
            "version": record.version,
            "segment": record.segment,
            leading.name: value,
            "95% low": record.low,
            "95% high": record.high,
            leading.counts: record.n,
        }
        for value, record in cells[:_WORST]
    )
    return table(rows, ["version", "segment", leading.name, "95% low", "95% high", leading.counts])
