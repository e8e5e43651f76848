"""The page of a rule that is replayed over past nights."""

from obs_dagster.reports.replay.page import render_replay

__all__ = ["render_replay"]
