"""Stage: what each version is compared with."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence

import dagster as dg

from assets.resources import Platform
from assets.stage import stage
from assets.tables import table
from obs_dagster.evaluation.baseline import prepare_baseline
from obs_dagster.evaluation.baseline_days import BaselineDay
from obs_dagster.monitor import Monitor


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""
    # what this run ingests of the log need not be read from its source again
    before = [] if monitor.baseline.kind == "training" else ["data_quality"]

    @stage(
        monitor, "baseline", after=["training_data", *before], kinds=["duckdb", "parquet"], partitioned=False
    )
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
                "days": table(_origins(found.days), ["counts are from", "days", "which"]),
            },
        )

    return baseline


def _origins(days: Sequence[BaselineDay]) -> Iterator[dict[str, str | int]]:
    """How many days of the baseline, and which, are from what."""
    for origin in sorted({each.origin for each in days}):
        chosen = [each.day for each in days if each.origin == origin]
        yield {"counts are from": origin, "days": len(chosen), "which": ", ".join(_spans(chosen))}


def _spans(days: Sequence[dt.date]) -> Iterator[str]:
    """Ascending days in words, those in a row together.

    >>> list(_spans([dt.date(2024, 3, 4), dt.date(2024, 3, 5), dt.date(2024, 3, 7)]))
    ['2024-03-04 to 2024-03-05', '2024-03-07']
    """
    first = 0
    for place, day in enumerate(days, start=1):
        if place == len(days) or days[place] - day > dt.timedelta(days=1):
            yield str(day) if days[first] == day else f"{days[first]} to {day}"
            first = place
