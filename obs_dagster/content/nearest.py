"""Where a baseline's points are: the cluster that a point is nearest to, and how far it is from its centre.

A centre is drawn towards the points that it is the mean of. So points are in two halves, by their digits,
and each is told by the centres of the other half, whether these were learned from its day or not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obs_dagster.content.products import norms, product, rows_of
from obs_dagster.content.protocol import Function

MOST_POINTS = 16_000
"""Points that are learned from."""
#: Points that each cluster of a half has to have on average.
_FEWEST = 50


def centres_of(points: NDArray[np.float32], halves: NDArray[Any], most: int) -> Mapping[str, Any]:
    """The centres of each half as plain data; empty if there are too few points.

    Args:
        points: shape (rows, dimension).
        halves: the half of each, 0 or 1.
        most: clusters of a half.
    """
    from sklearn.cluster import KMeans

    centres = []
    for half in (0, 1):
        chosen = points[halves == half]
        clusters = min(most, len(chosen) // _FEWEST, len(np.unique(chosen, axis=0)))
        if not clusters:
            return {}
        found = KMeans(clusters, n_init=1, random_state=0, max_iter=50).fit(chosen).cluster_centers_
        centres.append([[float(f"{value:.6g}") for value in centre] for centre in found])
    return {"centres": centres}


def half_of(*numbers: str) -> str:
    """SQL for the half of a point, some of whose numbers these are."""
    return f"CAST({digits_of(*numbers)} % 2 AS INTEGER)"


def digits_of(*numbers: str) -> str:
    """SQL for a whole number that looks random and follows from a point's numbers alone."""
    ends = " + ".join(
        f"{number}::DOUBLE * {factor}"
        for number, factor in zip(numbers, (12.9898, 78.233, 37.719), strict=True)
    )
    # training rows are not held to a contract, and may have numbers that are none
    return f"TRY_CAST(abs({ends}) * 4375854.53 % 1000000000 AS BIGINT)"


def nearest_of(
    learned: Mapping[str, Any], point: str, half: str, dimension: int, *, directions: bool = False
) -> str:
    """SQL for the nearest centre of a point, as a struct of `cluster` and `distance`; null for null.

    Args:
        learned: as `centres_of` gives it.
        point: SQL for it: a list of so many numbers.
        half: SQL for the half that it is in.
        dimension: how many numbers it has.
        directions: whether points are taken for where they point, and centres are of such.
    """
    key = _known(learned["centres"], dimension, directions=directions)
    return f"{NEAREST.name}(CAST({point} AS FLOAT[]), {half}, '{key}')"


@dataclass(frozen=True, slots=True)
class _Centres:
    """The centres of both halves.

    Attributes:
        of: as a matrix of shape (dimension, clusters of both).
        squares: of how long each is.
        first: how many are of the first half.
        directions: whether they are of directions.
    """

    of: NDArray[np.float32]
    squares: NDArray[np.float32]
    first: int
    directions: bool


#: Of the baselines that points are being told by: thousands of numbers are no arguments for every row.
_BASELINES: dict[str, _Centres] = {}
_MOST_BASELINES = 256


def _known(centres: Sequence[Any], dimension: int, *, directions: bool) -> str:
    """What `NEAREST` knows the centres of a baseline by."""
    each = [np.array(half, np.float32).reshape(-1, dimension) for half in centres]
    both = np.concatenate(each)
    about = f"{each[0].shape} {directions}"
    key = hashlib.sha256(both.tobytes() + about.encode()).hexdigest()[:32]
    while len(_BASELINES) >= _MOST_BASELINES and key not in _BASELINES:
        _BASELINES.pop(next(iter(_BASELINES)))
    squares = np.einsum("cd,cd->c", both, both)
    _BASELINES[key] = _Centres(np.ascontiguousarray(both.T), squares, len(each[0]), directions)
    return key


def _nearest(points: Any, halves: Any, keys: Any) -> pa.Array:
    """For each point the nearest centre of the other half, and how far it is; null where there is none."""
    if not len(keys):
        return pa.nulls(0, _GIVES)
    centres = _BASELINES[keys[0].as_py()]
    rows, there = rows_of(points, len(centres.of))
    lengths, products = norms(rows)[:, None], product(rows, centres.of)
    if centres.directions:
        there = there & (lengths[:, 0] > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            products, lengths = products / lengths, np.ones_like(lengths)
    squares = np.square(lengths) + centres.squares - 2 * products
    half = halves.fill_null(0).to_numpy(zero_copy_only=False)
    # each half is told by the centres of the other one
    first, second = squares[:, : centres.first], squares[:, centres.first :]
    place = np.where(half == 0, second.argmin(axis=1), first.argmin(axis=1))
    least = np.where(half == 0, second.min(axis=1), first.min(axis=1))
    most = squares.shape[1]
    names = pa.array([f"{letter}{number}" for letter in "ab" for number in range(1, most + 1)])
    cluster = pa.array(place + most * half, pa.int64(), mask=~there)
    distance = pa.array(np.sqrt(np.maximum(least, 0)), pa.float32(), mask=~there)
    return pa.StructArray.from_arrays([names.take(cluster), distance], fields=[*_GIVES])


_GIVES = pa.struct([("cluster", pa.string()), ("distance", pa.float32())])
NEAREST = Function(
    "obs_nearest", ("FLOAT[]", "INTEGER", "VARCHAR"), "STRUCT(cluster VARCHAR, distance FLOAT)", _nearest
)
"""The function of SQL that finds the nearest of a baseline's centres."""
