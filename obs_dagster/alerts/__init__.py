"""Alert rules: from metric records to states, and from changes of state to people."""

import sys

from obs_dagster.alerts.evaluate import evaluate_nights, evaluate_rules
from obs_dagster.alerts.heartbeats.beat import beat, unheard
from obs_dagster.alerts.outbox.dead import report_dead_channels
from obs_dagster.alerts.outbox.deliver import DeliveryReport, Failure, deliver
from obs_dagster.alerts.outbox.entries import Undelivered, undelivered
from obs_dagster.alerts.outbox.failure import FailedRun, last_failure, last_failures, report_failure
from obs_dagster.alerts.outbox.mended import report_mended
from obs_dagster.alerts.outbox.missed import report_missed
from obs_dagster.alerts.outbox.unusable import report_unusable
from obs_dagster.alerts.rules.alert import Alert, FiringCount, find_alert, firing_counts, list_alerts
from obs_dagster.alerts.rules.fold import State
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.alerts.rules.summary import AlertSummary, RuleSummary, Status, SubjectStatus
from obs_dagster.asked import Asked

__all__ = [
    "Alert",
    "AlertSummary",
    "DeliveryReport",
    "FailedRun",
    "Failure",
    "FiringCount",
    "RuleSummary",
    "State",
    "Status",
    "Subject",
    "SubjectStatus",
    "Undelivered",
    "beat",
    "deliver",
    "evaluate_nights",
    "evaluate_rules",
    "find_alert",
    "firing_counts",
    "last_failure",
    "last_failures",
    "list_alerts",
    "report_dead_channels",
    "report_failure",
    "report_mended",
    "report_missed",
    "report_unusable",
    "undelivered",
    "unheard",
]

sys.modules[__name__].__class__ = Asked
