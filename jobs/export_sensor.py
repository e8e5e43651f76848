"""What tells the systems that people already watch of how models are, between nights too."""

import datetime as dt

import dagster as dg

from obs_dagster.history import History
from obs_dagster.settings import Settings

_SECONDS = 60


def build() -> dg.SensorDefinition:
    """The sensor of all models together."""

    @dg.sensor(
        name="exports",
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends models' health to the places of OBS_EXPORTS: what has changed, and again and "
        "again what they would forget.",
    )
    def exports(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        settings = Settings()
        if not settings.exports:
            return dg.SkipReason("OBS_EXPORTS is not set: nothing is sent")
        from obs_dagster.exports.send import send_due

        with History.open(settings.history_url) as history:
            sent = send_due(settings, history, dt.datetime.now(dt.UTC))
        failed = [each for each in sent if each.error]
        for each in failed:
            context.log.warning("%s did not take the samples: %s", each.label, each.error)
        return dg.SkipReason(f"{len(sent) - len(failed)} places told, {len(failed)} failed")

    return exports
