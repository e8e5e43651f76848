"""Where a baseline's vectors are: the cluster that a vector is nearest to, and how far it is from its centre.

A centre is drawn towards the vectors that it is the mean of. So vectors are in two halves, by their digits,
and each is told by the centres of the other half, whether these were learned from its day or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from obs_dagster.content.embedding.projections import constant
from obs_dagster.content.protocol import Told, asked
from obs_dagster.lake.quoting import identifier

if TYPE_CHECKING:
    import duckdb

#: Vectors that are learned from, clusters of a half, and vectors that each has to have on average.
_VECTORS, _CLUSTERS, _FEWEST = 16_000, 16, 50


def learn_clusters(rows: duckdb.DuckDBPyRelation, column: str, dimension: int) -> Mapping[str, Any]:
    """The centres of each half, of directions; empty if there are too few vectors."""
    vector = identifier(column)
    sound = _sound(vector, dimension)
    number = max(1, int(asked(rows, f"SELECT count(*) FROM log WHERE {sound}").fetchall()[0][0]))
    drawn = asked(
        rows,
        f"SELECT {vector} AS vector, {_half(vector)} AS half FROM log WHERE {sound} "
        f"AND {_digits(vector)} // 2 % {-(-number // _VECTORS)} = 0",
    ).to_arrow_table()
    halves = drawn["half"].to_numpy()
    flat = drawn["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    vectors = flat.reshape(-1, dimension).astype(np.float32)
    lengths = np.linalg.norm(vectors, axis=1)
    centres = []
    for half in (0, 1):
        chosen = (halves == half) & (lengths > 0)
        clusters = min(_CLUSTERS, int(chosen.sum()) // _FEWEST)
        if not clusters:
            return {}
        found = _centres(vectors[chosen] / lengths[chosen, None], clusters)
        centres.append([[float(f"{value:.6g}") for value in centre] for centre in found])
    return {"centres": centres}


def nearest(learned: Mapping[str, Any], dimension: int) -> Told:
    """The cluster of a vector, and the distance of its direction from that cluster's centre."""
    squares = [_squares(centres) for centres in learned["centres"]]
    half = _half("{0}")
    return Told(
        (
            f"CASE WHEN {_sound('{0}', dimension)} THEN TRY_CAST({{0}} AS FLOAT[{dimension}]) END",
            "nullif(sqrt(array_inner_product({1}, {1})), 0)",
            f"CASE WHEN {{2}} IS NULL THEN NULL WHEN {half} = 0 THEN {squares[1]} ELSE {squares[0]} END",
        ),
        {
            "cluster": f"CASE {half} WHEN 0 THEN 'a' ELSE 'b' END || list_position({{3}}, list_min({{3}}))",
            "distance": "sqrt(greatest(list_min({3}), 0))",
        },
    )


def _sound(vector: str, dimension: int) -> str:
    """SQL for whether a vector has as many numbers, all finite: training rows are not held to a contract."""
    whole = f"len({vector}) = {dimension} AND list_count({vector}) = {dimension}"
    return f"({whole} AND isfinite(list_sum({vector})))"


def _squares(centres: Sequence[Sequence[float]]) -> str:
    """SQL for the squared distances of a direction from centres."""
    each = [np.array(centre, np.float32) for centre in centres]
    of_each = (
        f"{1 + float(centre @ centre)!r} - 2 * array_inner_product({{1}}, {constant(centre)}) / {{2}}"
        for centre in each
    )
    return f"[{', '.join(of_each)}]"


def _centres(directions: NDArray[np.float32], clusters: int) -> NDArray[np.float32]:
    from sklearn.cluster import KMeans

    found = KMeans(clusters, n_init=1, random_state=0, max_iter=50).fit(directions)
    centres: NDArray[np.float32] = found.cluster_centers_
    return centres


def _half(vector: str) -> str:
    return f"CAST({_digits(vector)} % 2 AS INTEGER)"


def _digits(vector: str) -> str:
    """SQL for a whole number that looks random and follows from some of a vector's numbers alone."""
    ends = f"{vector}[1]::DOUBLE * 12.9898 + {vector}[2]::DOUBLE * 78.233 + {vector}[-1]::DOUBLE * 37.719"
    # training rows are not held to a contract, and may have numbers that are none
    return f"TRY_CAST(abs({ends}) * 4375854.53 % 1000000000 AS BIGINT)"
