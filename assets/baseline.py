"""Stage: what each version is compared with."""

import hashlib
from collections.abc import Iterator, Sequence

import dagster as dg

from assets.resources import Platform
from assets.stage import stage
from assets.tables import table
from obs_dagster.baselines.days import BaselineDay
from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.monitor import Monitor
from obs_dagster.telemetry.event import Event
from obs_dagster.verdict.wording import day_spans

_LOST = Event(
    "obs_dagster.baselines",
    "baseline day lost",
    "warning",
    "A day is not in the baseline any more: its counts are damaged, or on other grids.",
    {"lost": "the day", "reason": "why"},
)

_FAULT = Event(
    "obs_dagster.baselines",
    "training rows at fault",
    "warning",
    "Rows that versions are compared with are not as the monitor declares.",
    {"fault": "what is wrong"},
)


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""
    # what this run ingests of the log need not be read from its source again
    before = ["data_quality"] if baseline_of(monitor).of_log else []

    @stage(
        monitor,
        "baseline",
        after=["training_data", *before],
        kinds=[monitor.engine.kind, "parquet"],
        partitioned=False,
    )
    def baseline(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
        """The baseline profile of every version, and the grids that all profiles of the model share."""
        found = prepare_baseline(monitor, platform.lake)
        for day, why in found.lost.items():
            context.log.warning("%s is not in the baseline any more: %s", day, why)
            _LOST(lost=str(day), reason=why)
        for fault in found.faults:
            context.log.warning(fault)
            _FAULT(fault=fault)
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
                "faults of training rows": "; ".join(found.faults) or "none in what was prepared now",
                "days": table(_origins(found.days), ["counts are from", "days", "which"]),
                "days lost": table(
                    ({"day": day, "why": why} for day, why in found.lost.items()), ["day", "why"]
                ),
            },
        )

    return baseline


def _origins(days: Sequence[BaselineDay]) -> Iterator[dict[str, str | int]]:
    """How many days of the baseline, and which, are from what."""
    for origin in sorted({each.origin for each in days}):
        chosen = [each.day for each in days if each.origin == origin]
        yield {"counts are from": origin, "days": len(chosen), "which": ", ".join(day_spans(chosen))}
