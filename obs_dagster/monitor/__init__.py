"""The monitor file: its typed model, loading with every mistake at once, and the JSON Schema for editors."""

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
from obs_dagster.monitor.engine import DuckDBEngine, Engine, SparkEngine
from obs_dagster.monitor.loading import load_monitor, load_monitors
from obs_dagster.monitor.model import Explanations, Monitor, Quality, Reports
from obs_dagster.monitor.problem import MonitorError, Problem
from obs_dagster.monitor.schema import json_schema

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
    "load_monitor",
    "load_monitors",
]
