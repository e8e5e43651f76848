"""Versions beside their champion."""

from __future__ import annotations

from obs_dagster.metrics.champion import beside
from obs_dagster.tasks.ranking.compared import COMPARED
from obs_dagster.tasks.ranking.metrics import found, order

METRICS = beside([*order.METRICS, *found.METRICS], COMPARED)
