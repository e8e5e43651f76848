"""Stage: labels, which come when they come."""

import dagster as dg

from assets.resources import Platform
from assets.stage import stage
from assets.tables import table
from obs_dagster.monitor import Monitor
from obs_dagster.sources.labels import ingest_labels


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""

    @stage(monitor, "ground_truth", after=["raw_labels", "inference_logs"], kinds=["duckdb", "parquet"])
    def ground_truth(platform: Platform) -> dg.MaterializeResult[None]:
        """Labels that arrived since the last night, sorted to the days of the predictions they belong to."""
        found = ingest_labels(monitor, platform.lake)
        return dg.MaterializeResult(
            metadata={
                "files read": found.files,
                "labels read": found.labels,
                "rows without id or label": found.rejected,
                "waiting for their prediction": found.waiting,
                "days touched": table(
                    ({"day": str(day), "labels": count} for day, count in sorted(found.touched.items())),
                    ["day", "labels"],
                ),
            }
        )

    return ground_truth
