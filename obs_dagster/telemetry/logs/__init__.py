"""Structured logs."""

from obs_dagster.telemetry.logs.record import hide_secrets
from obs_dagster.telemetry.logs.setup import (
    begin_night,
    configure,
    configure_unless_done,
    deliver_lines,
    quiet_terminal,
    quieten,
    tell_all,
)
from obs_dagster.telemetry.logs.through import Through, lead

__all__ = [
    "Through",
    "begin_night",
    "configure",
    "configure_unless_done",
    "deliver_lines",
    "hide_secrets",
    "lead",
    "quiet_terminal",
    "quieten",
    "tell_all",
]
