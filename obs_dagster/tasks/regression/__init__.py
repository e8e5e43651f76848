"""Regression: a number against a number."""
