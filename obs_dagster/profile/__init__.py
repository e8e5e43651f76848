"""Rows reduced to mergeable counts."""

import sys

from obs_dagster.asked import Asked

sys.modules[__name__].__class__ = Asked
