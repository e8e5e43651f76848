"""Dashboards of Grafana, made from the registered metrics: `python -m obs_dagster.dashboards`."""
