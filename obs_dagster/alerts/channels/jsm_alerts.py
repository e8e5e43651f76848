"""`jsm-alerts://`: alerts of Jira Service Management, whose interface is that of Opsgenie."""

from __future__ import annotations

from typing import ClassVar

from obs_dagster.alerts.channels.form import Form
from obs_dagster.alerts.channels.opsgenie_alerts import OpsgenieAlerts


class JsmAlerts(OpsgenieAlerts):
    """Creates alerts, acknowledges and closes them, by an API integration of a team."""

    form: ClassVar = Form(
        "jsm-alerts",
        "jsm-alerts://API_KEY",
        words=("the key of an API integration",),
        api="https://api.atlassian.com/jsm/ops/integration/v2",
    )


CHANNEL = JsmAlerts()
