"""Stage: what ML engineers read."""

import dagster as dg

from assets.exports import send_samples
from assets.partitions import days_of
from assets.progress import Progress
from assets.resources import Platform
from assets.retention import purge_over
from assets.stage import LAST, stage
from assets.tables import table
from obs_dagster.mlflow_reach.experiment import links_to_traces
from obs_dagster.monitor import Monitor
from obs_dagster.reports.catch_up import publish_nights


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""

    # not after `explanations`, which may fail, but in its turn behind it: what it kept is published too
    @stage(monitor, "mlflow_report", after=["alerts"], kinds=["mlflow", "evidently"], priority=LAST)
    def mlflow_report(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
        """The night in MLflow: a trend run per version, a run per night with its reports below it."""
        with platform.history() as history:
            try:
                done = publish_nights(
                    platform.night(monitor, context.run_id),
                    days_of(context),
                    history,
                    platform.tracking_uri,
                    pages=platform.settings.reports if platform.settings.reports_url else None,
                    links=links_to_traces(platform.settings),
                    progress=Progress(context),
                )
            except Exception:
                # it is the last stage: what was found is told though it could not be published
                send_samples(platform, history)
                raise
            sent = send_samples(platform, history)
            over = purge_over(monitor, platform, history)
        return dg.MaterializeResult(
            metadata={
                "verdicts": table(
                    (
                        {"version": each.version, "status": each.status, "why": each.sentence}
                        for each in done.verdicts
                    ),
                    ["version", "status", "why"],
                ),
                "in this run": f"{len(done.days)} nights written",
                "runs": table(
                    (
                        {"version": each.version, "trend run": each.trend, "nights": len(each.nights)}
                        for each in done.published
                    ),
                    ["version", "trend run", "nights"],
                ),
                **{
                    f"removed (retention.{each.kind})": f"{each.number:,} {each.noun} before {each.before}"
                    for each in over
                },
                **({"exports": table(sent, ["place", "samples", "days", "error"])} if sent else {}),
            }
        )

    return mlflow_report
