"""How long what a monitor's nights write is kept."""

from __future__ import annotations

from pydantic import Field

from obs_dagster.monitor.contract import Strict

_LONGEST = 36_500
"""Days: a century."""


class Retention(Strict):
    """Days that things are kept, counted back from today; what is left out is kept for ever."""

    logs: int | None = Field(
        default=None,
        ge=1,
        le=_LONGEST,
        description="Rows of the lake's copy of the log. A day without them stays as it was evaluated, and "
        "is not evaluated again.",
    )
    labels: int | None = Field(
        default=None,
        ge=1,
        le=_LONGEST,
        description="Labels of predictions, joined or waiting. At least as long as `logs`, so that a day "
        "which can be evaluated again has its labels.",
    )
    quarantine: int | None = Field(
        default=None,
        ge=1,
        le=_LONGEST,
        description="What rows in quarantine say; how many there were, and which rules they broke, stays.",
    )
    explanations: int | None = Field(
        default=None,
        ge=1,
        le=_LONGEST,
        description="SHAP values of single rows, and their plots; the metrics stay.",
    )
    profiles: int | None = Field(
        default=None,
        ge=1,
        le=_LONGEST,
        description="Counts of days. Longer than `logs` by the longest window, so that a day which can be "
        "evaluated again has all days of its windows; and than a rolling baseline is.",
    )
    history: int | None = Field(
        default=None,
        ge=1,
        le=_LONGEST,
        description="Records that later evaluations replaced, and what nights took; current metrics, "
        "verdicts, alerts and incidents stay.",
    )
    reports: int | None = Field(
        default=None,
        ge=1,
        le=_LONGEST,
        description="Health pages in the folder `reports`; MLflow keeps its own.",
    )
