"""Counts of many days as those of one."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from obs_dagster.profile.coding import coded, one_coding
from obs_dagster.profile.profile import SCHEMA, TEXTS, merge_rows

#: Counts of some days that are added up together.
_MERGED_ROWS = 1_000_000


def added_up(tables: Iterable[pa.Table], *, at_least: int = _MERGED_ROWS) -> pa.Table:
    """Add up counts of profiles, a few profiles at a time.

    Args:
        tables: rows of `SCHEMA`; each is let go of once it is added.
        at_least: counts that are held before they are added; never fewer than the sum has.
    """
    waiting: list[pa.Table] = []
    summed = 0
    for table in tables:
        waiting.append(coded(table, TEXTS))
        if sum(map(len, waiting)) - summed >= max(summed, at_least):
            waiting = [merge_rows(one_coding(pa.concat_tables(waiting)))]
            summed = len(waiting[0])
    return merge_rows(one_coding(pa.concat_tables(waiting))) if waiting else SCHEMA.empty_table()
