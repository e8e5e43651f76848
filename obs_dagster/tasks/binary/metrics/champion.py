"""Versions beside their champion."""

from __future__ import annotations

from obs_dagster.metrics.champion import beside
from obs_dagster.tasks.binary.compared import COMPARED
from obs_dagster.tasks.binary.metrics import confusion

METRICS = beside(confusion.METRICS, COMPARED)
