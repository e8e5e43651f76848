"""Where to look beside Dagster, as metadata that can be clicked."""

from __future__ import annotations

import datetime as dt

import dagster as dg

from obs_dagster.mlflow_reach.experiment import links_to_traces
from obs_dagster.settings import Settings
from obs_dagster.telemetry.traces import trace_id


def day_links(model: str, day: dt.date) -> dict[str, dg.MetadataValue]:
    """The health page of a day and the model's experiment; those whose places the settings name."""
    links = links_to_traces(Settings())
    found = {
        "health page": links.report(model, day),
        "MLflow": links.experiment_of(model),
        "trace": links.night_trace(trace_id(), model),
    }
    return {name: dg.MetadataValue.url(url) for name, url in found.items() if url}
