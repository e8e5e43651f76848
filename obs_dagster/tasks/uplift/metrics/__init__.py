"""Metrics of uplift models."""
