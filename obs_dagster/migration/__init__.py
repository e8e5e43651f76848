"""Monitors from the configurations of other tools, and what of these could not be carried over."""

from obs_dagster.migration.convert import convert

__all__ = ["convert"]
