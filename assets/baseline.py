"""Stage: what each version is compared with."""

import hashlib

import dagster as dg

from assets.resources import Platform
from assets.stage import stage
from assets.tables import table
from obs_dagster.monitor import Monitor
from obs_dagster.profile.baseline import prepare_baseline


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""

    @stage(monitor, "baseline", after=["training_data"], kinds=["duckdb", "parquet"], partitioned=False)
    def baseline(platform: Platform) -> dg.MaterializeResult[None]:
        """The baseline profile of every version, and the grids that all profiles of the model share."""
        found = prepare_baseline(monitor, platform.lake)
        content = [found.grids.id, *(f"{each.version}: {each.fingerprint}" for each in found.versions)]
        return dg.MaterializeResult(
            # the same baseline again leaves what was computed from it up to date
            data_version=dg.DataVersion(hashlib.sha256("\n".join(content).encode()).hexdigest()[:16]),
            metadata={
                "kind": monitor.baseline.kind,
                "grids": found.grids.id,
                "columns": len(found.grids.columns),
                "versions": table(
                    (
                        {"version": each.version, "rows": each.rows, "source": each.source}
                        for each in found.versions
                    ),
                    ["version", "rows", "source"],
                ),
            },
        )

    return baseline
