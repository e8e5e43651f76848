"""Metrics: plain functions from counts to numbers with intervals."""
