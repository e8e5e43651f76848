"""What notebooks ask for: `import obs_dagster as obs`, and then `obs.metrics("flight_delay")`."""

from obs_dagster.notebook.distributions import compare, profile
from obs_dagster.notebook.records import alerts, metrics
from obs_dagster.notebook.rows import quarantine

__all__ = ["alerts", "compare", "metrics", "profile", "quarantine"]
