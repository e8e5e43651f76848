"""A day's rows against their contract, by Great Expectations."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from bench.clock import Clock, run


def validate(monitor: str, lake: str, day: str) -> None:
    """Validate an ingested day."""
    clock = Clock()
    with clock.importing():
        import great_expectations  # noqa: F401  for its effect

        from obs_dagster.catalogue import monitor_of
        from obs_dagster.lake.lake import Lake
        from obs_dagster.quality.day import validate_day

        described = monitor_of(Path(monitor))
    with clock.phase("validate"):
        found = validate_day(described, dt.date.fromisoformat(day), Lake(Path(lake)))
    clock.report(rows=found.rows, quarantined=found.quarantined, expectations=len(found.results))


if __name__ == "__main__":
    run(validate)
