"""Random projections of vectors: a sketch of where they point that is the same on every day.

Projected on random directions, distributions in many dimensions differ if they do at all (Cramér and Wold),
and each projection is a number that is counted as any other, so sketches of days add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obs_dagster.content.products import norms, product, rows_of
from obs_dagster.content.protocol import Function

PROJECTIONS = 16
NAMES = tuple(f"p{place:02}" for place in range(PROJECTIONS))
"""What the projections are called."""
_DEFINITION = 1
"""Changes with the directions; with others, days would not add up."""
_GIVES = f"STRUCT({', '.join(f'{name} FLOAT' for name in ('norm', *NAMES))})"


@cache
def directions(dimension: int) -> NDArray[np.float32]:
    """The directions, shape (`PROJECTIONS`, dimension): orthogonal as far as there is room for it.

    They are so long that projections of vectors of length 1 that point anywhere have the variance 1.
    """
    # the one generator whose numbers NumPy keeps the same for ever
    drawn = np.random.RandomState([_DEFINITION, dimension])
    rows: list[NDArray[np.float64]] = []
    while len(rows) < PROJECTIONS:
        # signs make the decomposition unique, whoever computes it
        q, r = np.linalg.qr(drawn.standard_normal((dimension, min(dimension, PROJECTIONS))))
        rows += list((q * np.sign(np.diag(r))).T)
    found: NDArray[np.float32] = (np.array(rows[:PROJECTIONS]) * np.sqrt(dimension)).astype(np.float32)
    return found


def pointing(dimension: int) -> Function:
    """The function of SQL that gives a vector's norm and its direction's projections, as a struct."""
    name = f"obs_pointing_{dimension}"
    return Function(name, (f"FLOAT[{dimension}]",), _GIVES, _Pointing(dimension).of_each)


@dataclass(frozen=True, slots=True)
class _Pointing:
    """Norms and projections of vectors of one dimension."""

    dimension: int

    def of_each(self, vectors: Any) -> pa.Array:
        """Those of a column; null for null, and no direction of a vector of zeros."""
        rows, there = rows_of(vectors, self.dimension)
        lengths = norms(rows)
        found = product(rows, np.ascontiguousarray(directions(self.dimension).T))
        nowhere = ~there | (lengths == 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            found /= lengths[:, None]
        columns = [pa.array(lengths, mask=~there)]
        columns += [pa.array(column, mask=nowhere) for column in np.ascontiguousarray(found.T)]
        return pa.StructArray.from_arrays(columns, ["norm", *NAMES])
