"""obs-dagster: observability for models in production, run as nightly batch jobs."""

__version__ = "0.1.0"
