"""Dashboards, one file for each subject."""
