"""What the end of a night tells the systems that people already watch."""

import datetime as dt

from assets.resources import Platform
from obs_dagster.history import History
from obs_dagster.secrets import scrub
from obs_dagster.telemetry.event import Event

_FAILED = Event(
    "obs_dagster.exports",
    "exports failed",
    "warning",
    "Nothing was exported after the night.",
    {"error": "why"},
)


def send_samples(platform: Platform, history: History) -> list[dict[str, object]]:
    """Send models' health to the places of OBS_EXPORTS; nothing of it stops the night.

    Returns:
        A row for each place that was told, or that failed.
    """
    settings = platform.settings
    if not settings.exports:
        return []
    from obs_dagster.exports.send import send_due

    try:
        sent = send_due(settings, history, platform.now(), again=dt.timedelta())
    except Exception as error:  # noqa: BLE001  whatever is wrong with exports, the night is done
        why = scrub(f"{type(error).__name__}: {error}")
        _FAILED(error=why)
        return [{"place": "all", "samples": 0, "days": 0, "error": why}]
    return [
        {"place": each.label, "samples": each.samples, "days": each.days, "error": each.error}
        for each in sent
    ]
