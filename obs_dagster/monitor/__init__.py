"""The monitor file: its typed model, and the JSON Schema for editors."""

from obs_dagster.monitor.alerting import Route, Rule, Severity
from obs_dagster.monitor.contract import Feature, FeatureType
from obs_dagster.monitor.data import (
    Baseline,
    DaysBaseline,
    LabelColumns,
    Labels,
    LogColumns,
    Logs,
    Registry,
    RollingBaseline,
    SourceKind,
    TrainingBaseline,
)
from obs_dagster.monitor.editor_schema import json_schema
from obs_dagster.monitor.engine import DuckDBEngine, Engine, SparkEngine
from obs_dagster.monitor.model import Explanations, Monitor, Quality, Reports
from obs_dagster.monitor.problem import MonitorError, Problem

__all__ = [
    "Baseline",
    "DaysBaseline",
    "DuckDBEngine",
    "Engine",
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
    "RollingBaseline",
    "Route",
    "Rule",
    "Severity",
    "SourceKind",
    "SparkEngine",
    "TrainingBaseline",
    "json_schema",
]
