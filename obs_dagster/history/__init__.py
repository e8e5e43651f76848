"""The SQL store of metrics, nights, alerts and their notifications (SQLite or PostgreSQL)."""

from obs_dagster.history.current import Changes
from obs_dagster.history.nights import NightRecord
from obs_dagster.history.store import History
from obs_dagster.history.upstream import UpstreamEvent
from obs_dagster.history.verdicts import VerdictRecord

__all__ = ["Changes", "History", "NightRecord", "UpstreamEvent", "VerdictRecord"]
