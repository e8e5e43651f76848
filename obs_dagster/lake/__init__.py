"""Partitions on disk: atomic writes, one file a day and table."""
