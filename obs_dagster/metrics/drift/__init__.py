"""Drift: how far a column's distribution has moved from the baseline's."""
