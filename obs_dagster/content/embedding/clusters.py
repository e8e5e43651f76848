"""Clusters of a baseline's vectors, by where they point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.content.nearest import MOST_POINTS, centres_of, digits_of, half_of, nearest_of
from obs_dagster.content.protocol import Told, asked
from obs_dagster.lake.quoting import identifier

if TYPE_CHECKING:
    import duckdb

#: Clusters of a half.
_CLUSTERS = 16


def learn_clusters(rows: duckdb.DuckDBPyRelation, column: str, dimension: int) -> Mapping[str, Any]:
    """The centres of each half, of directions; empty if there are too few vectors."""
    vector = identifier(column)
    sound = _sound(vector, dimension)
    number = max(1, int(asked(rows, f"SELECT count(*) FROM log WHERE {sound}").fetchall()[0][0]))
    drawn = asked(
        rows,
        f"SELECT {vector} AS vector, {half_of(*_ends(vector))} AS half FROM log WHERE {sound} "
        f"AND {digits_of(*_ends(vector))} // 2 % {-(-number // MOST_POINTS)} = 0",
    ).to_arrow_table()
    halves = drawn["half"].to_numpy()
    flat = drawn["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    vectors = flat.reshape(-1, dimension).astype(np.float32)
    lengths = np.linalg.norm(vectors, axis=1)
    some = lengths > 0
    return centres_of(vectors[some] / lengths[some, None], halves[some], _CLUSTERS)


def nearest(learned: Mapping[str, Any], dimension: int) -> Told:
    """The cluster of a vector, and the distance of its direction from that cluster's centre."""
    vector = f"CASE WHEN {_sound('{0}', dimension)} THEN TRY_CAST({{0}} AS FLOAT[{dimension}]) END"
    found = nearest_of(learned, "{1}", half_of(*_ends("{0}")), dimension, directions=True)
    return Told((vector, found), {"cluster": "{2}.cluster", "distance": "{2}.distance"})


def _sound(vector: str, dimension: int) -> str:
    """SQL for whether a vector has as many numbers, all finite: training rows are not held to a contract."""
    whole = f"len({vector}) = {dimension} AND list_count({vector}) = {dimension}"
    return f"({whole} AND isfinite(list_sum({vector})))"


def _ends(vector: str) -> tuple[str, str, str]:
    return f"{vector}[1]", f"{vector}[2]", f"{vector}[-1]"
