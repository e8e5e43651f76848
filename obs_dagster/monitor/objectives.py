"""Service objectives: which share of requests is to be good, and over how long."""

from __future__ import annotations

from pydantic import Field

from obs_dagster.monitor.contract import Strict


class LatencyObjective(Strict):
    """How many requests are to be fast enough."""

    under_ms: float = Field(gt=0, description="A request is fast enough if it takes less, in milliseconds.")
    target: float = Field(gt=0, lt=1, description="The share of requests that are to be: `0.99`.")


class Objectives(Strict):
    """What the service promises, per version; all requests of the log count, quarantined ones too."""

    availability: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="The share of requests that are to succeed, `0.999`: those whose `status` is one of "
        "`ok_statuses`.",
    )
    latency: LatencyObjective | None = Field(
        default=None, description="How many requests are to be fast enough."
    )
    window: int = Field(
        default=28, ge=1, le=90, description="Days over which the promise holds and its error budget lasts."
    )
