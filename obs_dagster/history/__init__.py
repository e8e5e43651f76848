"""The SQL store of metrics, nights, alerts and their notifications (SQLite or PostgreSQL)."""

from obs_dagster.history.current import Changes
from obs_dagster.history.nights import NightRecord
from obs_dagster.history.store import History

__all__ = ["Changes", "History", "NightRecord"]
