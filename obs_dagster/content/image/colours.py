"""Colours that a baseline's images do not have: how far an image's mean colour is from all of theirs.

A channel by itself may have the values that it always had, in images none of which is of that colour: blue
skies whose channels were swapped are no redder than flowers, and no flower is of their red.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.content.nearest import MOST_POINTS, centres_of, digits_of, half_of, nearest_of
from obs_dagster.content.protocol import Told, asked
from obs_dagster.lake.quoting import identifier
from obs_dagster.monitor.content import named

if TYPE_CHECKING:
    import duckdb

#: Clusters of a half: photos have many colours, in a space of three dimensions.
_CLUSTERS = 64
_CHANNELS = ("red", "green", "blue")


def learn_colours(rows: duckdb.DuckDBPyRelation, column: str) -> Mapping[str, Any]:
    """The colours of the baseline's images in clusters, of each half; empty if there are too few images."""
    channels = [identifier(named(column, each)) for each in _CHANNELS]
    if not {named(column, each) for each in _CHANNELS} <= {*rows.columns}:
        return {}
    sound = " AND ".join(f"isfinite({each})" for each in channels)
    number = max(1, int(asked(rows, f"SELECT count(*) FROM log WHERE {sound}").fetchall()[0][0]))
    drawn = asked(
        rows,
        f"SELECT {', '.join(channels)}, {half_of(*channels)} AS half FROM log WHERE {sound} "
        f"AND {digits_of(*channels)} // 2 % {-(-number // MOST_POINTS)} = 0",
    ).to_arrow_table()
    points = np.column_stack([drawn[place].to_numpy() for place in range(len(channels))]).astype(np.float32)
    found = centres_of(points, drawn["half"].to_numpy(), _CLUSTERS)
    return {**found, "column": column} if found else {}


def colour_distance(learned: Mapping[str, Any]) -> Told:
    """How far an image's colour is from the nearest of them."""
    channels = [identifier(named(learned["column"], each)) for each in _CHANNELS]
    sound = " AND ".join(f"isfinite({each})" for each in channels)
    point = f"CASE WHEN {sound} THEN [{', '.join(channels)}] END"
    found = nearest_of(learned, "{1}", half_of(*channels), len(channels))
    return Told((point, found), {"colour_distance": "{2}.distance"})
