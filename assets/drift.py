"""Stage: what moved."""

from collections.abc import Callable

import dagster as dg

from assets.breaches import without_breaches
from assets.changes import changes_metadata, of_shortest_window
from assets.links import day_links
from assets.numbers import drawn_numbers
from assets.partitions import days_of, hours
from assets.plots import bars
from assets.progress import tracked
from assets.resources import Platform
from assets.stage import stage
from assets.tables import table
from obs_dagster.changes.change import Changes
from obs_dagster.evaluation.drift import DayDrift, drift_of_day, keep_changes
from obs_dagster.evaluation.parallel import Learn, each_day
from obs_dagster.evaluation.windows import later_days
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.verdict.wording import telling

_WORST = 10


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""

    @stage(monitor, "drift", after=["profile", "baseline"], kinds=["python", "numpy"])
    def drift(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
        """Every feature, score and decision against its version's baseline, with intervals."""
        days = days_of(context)
        night = platform.night(monitor, context.run_id)
        # a day that is run again changes the windows of later days too
        affected = later_days(night.profiles, monitor, set(days)) | set(days)
        with platform.history() as history:
            night, learn = without_breaches(night, "drift", affected, history)
            evaluated = each_day(drift_of_day, night, affected, learn=_of_records(learn))
            for day, found in tracked(context, evaluated, len(affected)):
                keep_changes(monitor.model, night.lake, day, found.changes)
                history.replace_metrics(
                    found.records,
                    model=monitor.model,
                    days=[day],
                    metrics={**family("drift"), **family("multivariate")},
                )
                if day in days:
                    shown = day_metadata(found.records) | changes_metadata(
                        of_shortest_window(Changes(found.changes).all)
                    )
                    shown |= {"day": hours(monitor, day), **drawn_numbers(monitor, "drift", found.records)}
                    context.add_asset_metadata(
                        shown | day_links(monitor.model, day), partition_key=day.isoformat()
                    )
        return dg.MaterializeResult(metadata={"in this run": f"{len(affected)} days evaluated"})

    return drift


def _of_records(learn: Learn | None) -> Callable[[DayDrift], None] | None:
    """What learns the records of a day."""
    return None if learn is None else lambda found: learn(found.records)


def day_metadata(records: list[MetricRecord]) -> dict[str, dg.MetadataValue | float | str]:
    """What a day's partition tells: the columns that moved most.

    Args:
        records: all drift records of the day.
    """
    psi = [
        record
        for record in records
        if record.metric == "psi"
        and record.window == 1
        and record.segment == WHOLE
        and record.value is not None
    ]
    psi.sort(key=lambda record: -(record.value or 0.0))
    rows = (
        {
            "version": record.version,
            "column": record.column,
            "psi": record.value,
            "95% low": record.low,
            "95% high": record.high,
            "± binning": record.error if telling(record.error, record.low, record.high) else None,
            "rows": record.n,
        }
        for record in psi[:_WORST]
    )
    found: dict[str, dg.MetadataValue | float | str] = {
        "records": f"{len(records):,}",
        "worst columns": table(
            rows, ["version", "column", "psi", "95% low", "95% high", "± binning", "rows"]
        ),
    }
    if psi:
        labels = [f"{record.column} · v{record.version}" for record in psi[:_WORST]]
        found["psi"] = bars(f"PSI of {psi[0].day}", labels, [record.value or 0.0 for record in psi[:_WORST]])
    return found
