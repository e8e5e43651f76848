"""Stage: the day's rows as mergeable counts."""

import datetime as dt
from collections.abc import Mapping

import dagster as dg

from assets.partitions import days_of
from assets.resources import Platform
from assets.stage import check, stage
from assets.tables import table
from obs_dagster.evaluation.log_records import books_records
from obs_dagster.evaluation.profiling import damaged_profiles, profile_days
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.elsewhere import rows_elsewhere
from obs_dagster.quality.books import Books, books_of
from obs_dagster.telemetry.event import Event

_CHECK = "books"
_UNACCOUNTED = Event(
    "obs_dagster.quality",
    "rows unaccounted",
    "error",
    "Rows of a day's log were read and are nowhere, or are counted twice: a fault of obs-dagster.",
    {"day": "the day", "books": "where the rows went"},
)


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""
    balanced = check(
        monitor, "profile", _CHECK, "Every row that was read is evaluated, or it is said where it went."
    )

    @stage(
        monitor,
        "profile",
        after=["data_quality", "baseline"],
        kinds=[monitor.engine.kind, "parquet"],
        checks=[balanced],
    )
    def profile(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
        """Counts per version, segment, column and bin, from which every window and statistic follows."""
        days = days_of(context)
        night = platform.night(monitor, context.run_id)
        for _ in profile_days(night, set(damaged_profiles(night)) - set(days)):
            pass  # other days whose file is damaged, which this run's windows may hold
        records: list[MetricRecord] = []
        unaccounted: dict[dt.date, Books] = {}
        for day, found in profile_days(night, days):
            books = books_of(monitor, day, night.lake, sum(map(found.rows, found.versions())))
            if books is not None:
                records += books_records(books, day, night.recorder)
                if books.unaccounted:
                    unaccounted[day] = books
                    _UNACCOUNTED(day=str(day), books=str(books))
            context.add_asset_metadata(
                {
                    "books": str(
                        books
                        or f"not known: {rows_elsewhere(monitor) or 'the day was read before they were kept'}"
                    ),
                    "counts": found.table.num_rows,
                    "grids": found.grids.id,
                    "versions": table(
                        (
                            {
                                "version": version,
                                "rows": found.rows(version),
                                "segment cells": len(found.segments(version)) - 1,
                            }
                            for version in found.versions()
                        ),
                        ["version", "rows", "segment cells"],
                    ),
                },
                partition_key=day.isoformat(),
            )
        with platform.history() as history:
            history.replace_metrics(records, model=monitor.model, days=days, metrics=family("books"))
        return dg.MaterializeResult(check_results=[_balanced(unaccounted, len(days))])

    return profile


def _balanced(unaccounted: Mapping[dt.date, Books], days: int) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=_CHECK,
        passed=not unaccounted,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"days": days, "days that don't balance": len(unaccounted)},
        description="; ".join(f"{day}: {books}" for day, books in unaccounted.items()) or None,
    )
