"""Stage: the day's rows as mergeable counts."""

import dagster as dg

from assets.partitions import days_of
from assets.resources import Platform
from assets.stage import stage
from assets.tables import table
from obs_dagster.evaluation.profiling import damaged_profiles, profile_days
from obs_dagster.monitor import Monitor


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""

    @stage(monitor, "profile", after=["data_quality", "baseline"], kinds=[monitor.engine.kind, "parquet"])
    def profile(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
        """Counts per version, segment, column and bin, from which every window and statistic follows."""
        days = days_of(context)
        night = platform.night(monitor, context.run_id)
        for _ in profile_days(night, set(damaged_profiles(night)) - set(days)):
            pass  # other days whose file is damaged, which this run's windows may hold
        for day, found in profile_days(night, days):
            context.add_asset_metadata(
                {
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
        return dg.MaterializeResult()

    return profile
