"""Each service that channels speak HTTP to, as its documentation has it."""

from __future__ import annotations

from tests.unit.alerts.channels.conftest import Answer
from tests.unit.alerts.channels.jira import Jira
from tests.unit.alerts.channels.slack import Slack

SECRET = "xoxb-planted-0123456789abcdef"
#: Of each channel over HTTP a URL, what the service answers, and the keys of what has arrived there.
SERVICES = {
    "alertmanager": ("alertmanager+http://night:${SECRET}@${PLACE}", lambda: lambda _: Answer()),
    "jira_issues": ("jira-issues+http://night:${SECRET}@${PLACE}/FL", Jira),
    "jsm_alerts": (
        "jsm-alerts://${SECRET}#api=http://${PLACE}",
        lambda: lambda _: Answer(202, {"requestId": "r"}),
    ),
    "opsgenie_alerts": (
        "opsgenie-alerts://${SECRET}#api=http://${PLACE}",
        lambda: lambda _: Answer(202, {"requestId": "r"}),
    ),
    "pagerduty_events": (
        "pagerduty-events://${SECRET}#api=http://${PLACE}",
        lambda: lambda _: Answer(202, {"status": "success"}),
    ),
    "sentry": ("sentry+http://${SECRET}@${PLACE}/42", lambda: lambda _: Answer(200, {"id": "1"})),
    "slack_bot": ("slack-bot://${SECRET}/C0123#api=http://${PLACE}/api", Slack),
    "slack_webhook": (
        "slack-webhook+http://${PLACE}/services/${SECRET}",
        lambda: lambda _: Answer(200, b"ok"),
    ),
    "teams": ("teams+http://${PLACE}/workflows/x?sig=${SECRET}", lambda: lambda _: Answer(202)),
    "webhook": ("webhook+http://${PLACE}/in?token=${SECRET}#secret=${SECRET}", lambda: lambda _: Answer()),
}
