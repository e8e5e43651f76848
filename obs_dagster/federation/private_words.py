"""What is said of noise: in the file that has it, and to who sends it."""

from __future__ import annotations

from typing import Any

from obs_dagster.federation.buckets import unnamed_columns
from obs_dagster.federation.private import Shares, sendable
from obs_dagster.monitor.model import Monitor

_OPEN = (
    "that the day has a night, which versions it has, which columns the log lacks, and whether the site "
    "evaluates it"
)


def privacy_of(shares: Shares) -> dict[str, Any]:
    """What the file says of its noise."""
    noise = shares.noise
    return {
        "min_cell": 0,
        "epsilon": shares.epsilon,
        "neighbours": "one row more or less",
        "mechanism": "discrete Laplace",
        "histograms": shares.histograms,
        "scale": noise.scale,
        "variance": noise.variance,
        "within_95": noise.within(),
        "not_protected": _OPEN,
    }


def told_of_noise(monitor: Monitor, shares: Shares) -> list[str]:
    """What the noise means, and what is left out; sentences without a full stop."""
    told = [
        (
            f"each count has noise: the epsilon of {shares.epsilon:g} for each day is shared by "
            f"{shares.histograms} histograms, and 95 % of counts are off by {shares.noise.within():,} rows "
            "at most"
        ),
        f"noise does not hide {_OPEN}",
        "segment cells, requests by the hour, books of rows and broken rules are not sent",
    ]
    if unnamed := unnamed_columns(monitor):
        told.append(
            f"values of {', '.join(unnamed)} are counted together, for the monitor names none in `allowed`"
        )
    if sendable(monitor) is None and monitor.labels is not None:
        told.append(f"outcomes of {monitor.task} are not sent with noise: they are no bins of a score")
    return told
