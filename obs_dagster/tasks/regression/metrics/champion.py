"""Versions beside their champion."""

from __future__ import annotations

from obs_dagster.metrics.champion import beside
from obs_dagster.tasks.regression.compared import COMPARED
from obs_dagster.tasks.regression.metrics import size

_ROOTS = "the difference of the roots of the mean squared errors over all days, whose own are"
METRICS = beside(size.METRICS, COMPARED, {"rmse": _ROOTS})
