"""Nights that are unlike those before: the metrics of anomalies, from the records of all others."""

from obs_dagster.anomalies.nights import record_anomalies

__all__ = ["record_anomalies"]
