"""How the files of each format are read: one module each, which turns files into parts of like columns.

A module of this package that has a `read` is a format of its name.
"""

from __future__ import annotations

from collections.abc import Mapping

from obs_dagster.sources.formats import csv, jsonl, parquet
from obs_dagster.sources.formats.part import Reader

READERS: Mapping[str, Reader] = {"parquet": parquet.read, "csv": csv.read, "jsonl": jsonl.read}

__all__ = ["READERS"]
