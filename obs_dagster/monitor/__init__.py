"""The monitor file: its typed model, and the JSON Schema for editors."""

from obs_dagster.monitor.alerting import Rule
from obs_dagster.monitor.contract import Feature, FeatureType
from obs_dagster.monitor.data import (
    LabelColumns,
    Labels,
    LogColumns,
    Logs,
    Registry,
    SourceKind,
)
from obs_dagster.monitor.editor_schema import json_schema
from obs_dagster.monitor.escalation import Severity
from obs_dagster.monitor.explanations import Explanations
from obs_dagster.monitor.model import Monitor, Quality, Reports
from obs_dagster.monitor.problem import MonitorError, Problem
from obs_dagster.monitor.route import Route

__all__ = [
    "Explanations",
    "Feature",
    "FeatureType",
    "LabelColumns",
    "Labels",
    "LogColumns",
    "Logs",
    "Monitor",
    "MonitorError",
    "Problem",
    "Quality",
    "Registry",
    "Reports",
    "Route",
    "Rule",
    "Severity",
    "SourceKind",
    "json_schema",
]
