"""Structured logs."""

from obs_dagster.telemetry.logs.setup import configure, hide_secrets, quieten

__all__ = ["configure", "hide_secrets", "quieten"]
