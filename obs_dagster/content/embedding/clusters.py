"""Where a baseline's vectors are: the cluster that a vector is nearest to, and how far it is from its centre.

A centre is drawn towards the vectors that it is the mean of. So vectors are in two halves, by their digits,
and each is told by the centres of the other half, whether these were learned from its day or not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obs_dagster.content.embedding.products import norms, product, rows_of
from obs_dagster.content.protocol import Function, Told, asked
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
    vector = f"CASE WHEN {_sound('{0}', dimension)} THEN TRY_CAST({{0}} AS FLOAT[{dimension}]) END"
    key = _known(learned["centres"], dimension)
    return Told(
        (vector, f"{NEAREST.name}(CAST({{1}} AS FLOAT[]), {_half('{0}')}, '{key}')"),
        {"cluster": "{2}.cluster", "distance": "{2}.distance"},
    )


@dataclass(frozen=True, slots=True)
class _Centres:
    """The centres of both halves.

    Attributes:
        of: as a matrix of shape (dimension, clusters of both).
        squares: of how long each is.
        ends: where those of each half end.
    """

    of: NDArray[np.float32]
    squares: NDArray[np.float32]
    ends: tuple[int, int]


#: Of the baselines that vectors are being told by: thousands of numbers are no arguments for every row.
_BASELINES: dict[str, _Centres] = {}
_MOST_BASELINES = 256


def _known(centres: Sequence[Any], dimension: int) -> str:
    """What `NEAREST` knows the centres of a baseline by."""
    each = [np.array(half, np.float32).reshape(-1, dimension) for half in centres]
    both = np.concatenate(each)
    key = hashlib.sha256(both.tobytes() + bytes(str(each[0].shape), "ascii")).hexdigest()[:32]
    while len(_BASELINES) >= _MOST_BASELINES and key not in _BASELINES:
        _BASELINES.pop(next(iter(_BASELINES)))
    squares = np.einsum("cd,cd->c", both, both)
    _BASELINES[key] = _Centres(np.ascontiguousarray(both.T), squares, (len(each[0]), len(both)))
    return key


def _nearest(vectors: Any, halves: Any, keys: Any) -> pa.Array:
    """For each vector the nearest centre of the other half, and how far it is; null where there is none."""
    first = keys[0].as_py() if len(keys) else None
    if first is None:
        return pa.nulls(len(vectors), _GIVES)
    centres = _BASELINES[first]
    rows, there = rows_of(vectors, len(centres.of))
    lengths = norms(rows)
    there = there & (lengths > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = 1 + centres.squares - 2 * product(rows, centres.of) / lengths[:, None]
    half = halves.fill_null(0).to_numpy(zero_copy_only=False)
    start, end = centres.ends
    first_half, second_half = squares[:, :start], squares[:, start:end]
    place = np.where(half == 0, second_half.argmin(axis=1), first_half.argmin(axis=1))
    least = np.where(half == 0, second_half.min(axis=1), first_half.min(axis=1))
    names = pa.array([f"{letter}{number}" for letter in "ab" for number in range(1, _CLUSTERS + 1)])
    cluster = pa.array(place + _CLUSTERS * half, pa.int64(), mask=~there)
    distance = pa.array(np.sqrt(np.maximum(least, 0)), pa.float32(), mask=~there)
    return pa.StructArray.from_arrays([names.take(cluster), distance], fields=[*_GIVES])


_GIVES = pa.struct([("cluster", pa.string()), ("distance", pa.float32())])
NEAREST = Function(
    "obs_nearest", ("FLOAT[]", "INTEGER", "VARCHAR"), "STRUCT(cluster VARCHAR, distance FLOAT)", _nearest
)
"""The function of SQL that finds the nearest of a baseline's centres."""


def _sound(vector: str, dimension: int) -> str:
    """SQL for whether a vector has as many numbers, all finite: training rows are not held to a contract."""
    whole = f"len({vector}) = {dimension} AND list_count({vector}) = {dimension}"
    return f"({whole} AND isfinite(list_sum({vector})))"


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
