"""Parquet files without the rows of some ids, each replaced at once; what a file says about itself stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from obs_dagster.lake.lake import manifest_in, manifest_metadata, replacing, rows_format
from obs_dagster.lake.quoting import identifier, literal, literals
from obs_dagster.sources.files import connect
from obs_dagster.store import in_parts

_ARROW = b"ARROW:schema"
Said = Callable[[dict[str, Any], int], dict[str, Any]]
"""What a file's manifest says once so many rows are gone."""


def remove_rows(
    path: Path,
    column: str,
    ids: Collection[str],
    *,
    source: str = "",
    said: Said = lambda manifest, _: manifest,
    dry_run: bool = False,
) -> int:
    """Remove the rows of ids from a file; returns how many there were.

    Args:
        path: the file.
        column: has the ids; a file without it has no such rows.
        ids: the ids, in every form that they may have in the file.
        source: SQL for the rows, where they are not in the file itself.
        said: what the manifest says afterwards; also asked where no row is gone.
        dry_run: only count.
    """
    schema = pq.read_schema(in_parts(path))
    manifest = manifest_in(schema)
    found = source or f"SELECT * FROM read_parquet({literal(str(path))}, hive_partitioning = false)"
    number = 0
    with connect() as connection:
        there = connection.sql(found).columns
        gone = "false"
        if column in there:
            value = f"CAST({identifier(column)} AS VARCHAR)"
            gone = f"coalesce(list_contains({literals(sorted(ids))}, {value}), false)"
            number = int(connection.sql(f"SELECT count(*) FROM ({found}) WHERE {gone}").fetchall()[0][0])
        now = said(manifest, number)
        if dry_run or (not number and now == manifest):
            return number
        metadata = _metadata(schema.metadata or {}, now)
        pairs = ", ".join(f"{literal(key)}: {literal(value)}" for key, value in metadata.items())
        described = f", KV_METADATA {{{pairs}}}" if pairs else ""
        with replacing(path) as aside:
            connection.execute(
                f"COPY (SELECT * FROM ({found}) WHERE NOT {gone}) TO {literal(str(aside))} "
                f"({rows_format(len(there))}{described})"
            )
    return number


def _metadata(found: Mapping[bytes, bytes], manifest: dict[str, Any]) -> dict[str, str]:
    kept = {key.decode(): value.decode() for key, value in found.items() if key != _ARROW}
    own = manifest_metadata(manifest)
    return {key: own.get(key, value) for key, value in kept.items() if key in own or _is_text(value)}


def _is_text(value: str) -> bool:
    # what pandas says of its columns is about columns that may be other ones now
    try:
        return "pandas_version" not in json.loads(value)
    except ValueError:
        return True
