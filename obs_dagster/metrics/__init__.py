"""Metrics: plain functions from counts to numbers with intervals."""

import sys

from obs_dagster.asked import Asked

sys.modules[__name__].__class__ = Asked
