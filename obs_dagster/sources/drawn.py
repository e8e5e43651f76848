"""Which rows of a day are drawn for a sample: those whose ids have the lowest hashes, always the same."""

from __future__ import annotations

from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.protocol import CountsInPlace, source_of

_DIGITS = 16
"""Hexadecimal digits of a digest that are as many bits as DuckDB's own hash has."""


def drawn_by(monitor: Monitor, key: str) -> str:
    """DuckDB's SQL for the number that decides whether a row is drawn, evenly from 0 to 2^64.

    Of rows that may stay in a warehouse it is made of MD5, which every database has, so that rows which are
    drawn there are those which are drawn here. Of others it is DuckDB's own hash, in a tenth of the time.

    Args:
        monitor: names the source.
        key: SQL for the id.
    """
    if isinstance(source_of(monitor.logs), CountsInPlace):
        return f"CAST('0x' || left(md5(CAST({key} AS VARCHAR)), {_DIGITS}) AS UBIGINT)"
    return f"hash({key})"
