"""Rows reduced to mergeable counts."""
