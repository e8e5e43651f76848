"""MLflow's charts of the trend runs, set up for a reader: the headline metrics, over days.

By default MLflow draws all metrics over the step, which is the number of days since 1970. What its button
*Share* stores is a tag of the experiment; the same tag, written here, gives a link to charts over dates. An
MLflow that does not know it shows its own default.
"""

from __future__ import annotations

import json

from obs_dagster.links import experiment_fragment
from obs_dagster.metrics.registry import shown_in
from obs_dagster.reports.mlflow.tracking import Tracking

_NAME = "obs-trends"
_TAG = f"mlflow.sharedViewState.{_NAME}"


def offer_trend_view(tracking: Tracking, experiment: str, task: str, window: int) -> None:
    """Make `trend_view_link` lead to charts of the headline metrics and of the drift, over a window."""
    charted = shown_in("trend", task)
    whole = "|".join(each.name for each in charted if each.needs_labels)
    moved = "|".join(each.name for each in charted if each.about == "column")
    state = {
        "searchFilter": "tags.`obs.kind` = 'trend'",
        "chartsSearchFilter": f"/{window}d/(({whole})$|({moved})/)",
        "globalLineChartConfig": {"xAxisKey": "time", "lineSmoothness": 0, "selectedXAxisMetricKey": ""},
    }
    tracking.set_experiment_tag(experiment, _TAG, json.dumps(state))


def trend_view_link(experiment: str, text: str) -> str:
    """A link within MLflow's UI to the charts of all versions."""
    return f"[{text}]({experiment_fragment(experiment)}&compareRunsMode=CHART&viewStateShareKey={_NAME})"
