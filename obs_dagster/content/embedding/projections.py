"""Random projections of vectors: a sketch of where they point that is the same on every day.

Projected on random directions, distributions in many dimensions differ if they do at all (Cramér and Wold),
and each projection is a number that is counted as any other, so sketches of days add up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PROJECTIONS = 16
_DEFINITION = 1
"""Changes with the directions; with others, days would not add up."""


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


def constant(vector: NDArray[np.float32]) -> str:
    """SQL for a vector: a text, as hundreds of numbers each by itself take long to plan."""
    return f"'[{', '.join(f'{value:.7g}' for value in vector.tolist())}]'::FLOAT[{len(vector)}]"
