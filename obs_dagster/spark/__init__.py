"""Spark: its session, whether its master answers, and where it finds the lake's files."""
