"""Versions beside their champion."""

from __future__ import annotations

from obs_dagster.metrics.champion import beside
from obs_dagster.tasks.multiclass.compared import COMPARED
from obs_dagster.tasks.multiclass.metrics import accuracy

METRICS = beside(accuracy.METRICS, COMPARED)
