"""Noise of differential privacy: what one row adds to counts is hidden in it.

The discrete Laplace mechanism (Ghosh, Roughgarden and Sundararajan, "Universally utility-maximizing privacy
mechanisms", 2009) adds X to each count of a histogram, with P(X = k) = (1 - a) / (1 + a) * a^|k| and
a = exp(-epsilon). A row is in one bin, so with it or without it whatever comes out is at most exp(epsilon)
times as likely. OpenDP draws it, from the randomness of the system and without floats that would tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from obs_dagster.errors import ObsError
from obs_dagster.profile.distribution import IntArray

Draw = Callable[[IntArray, "Noise"], IntArray]
"""Adds noise to counts."""


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of one histogram.

    Attributes:
        epsilon: of the histogram, above 0.
    """

    epsilon: float

    @property
    def scale(self) -> float:
        """The scale of the distribution, in rows."""
        return 1.0 / self.epsilon

    @property
    def variance(self) -> float:
        """The variance of what is added to a count: 2a / (1 - a)^2.

        >>> round(Noise(1.0).variance, 4)
        1.8413
        """
        a = math.exp(-self.epsilon)
        return 2.0 * a / (1.0 - a) ** 2

    def within(self, share: float = 0.95) -> int:
        """By how many rows at most a count is off, before anything is done to it, in a share of all cases.

        P(|X| <= k) = 1 - 2 a^(k + 1) / (1 + a).

        >>> Noise(1.0).within(0.95), Noise(0.1).within(0.95)
        (3, 30)
        """
        a = math.exp(-self.epsilon)
        beyond = (1.0 - share) * (1.0 + a) / 2.0
        return max(0, math.ceil(math.log(beyond) / math.log(a) - 1.0 - 1e-12))


def drawn_noise(counts: IntArray, noise: Noise) -> IntArray:
    """Counts with noise, shape as they are.

    Raises:
        ObsError: OpenDP is not installed.
    """
    if find_spec("opendp") is None:
        raise ObsError(
            "Noise of differential privacy is asked for, and OpenDP is not installed.",
            remedy="Install the extra: `pip install 'obs-dagster[privacy]'`.",
        )
    import opendp.prelude as dp

    # its discrete Laplace mechanism is proven, and counts among what has to be asked for
    dp.enable_features("contrib")
    domain, metric = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
    mechanism = dp.m.make_laplace(domain, metric, scale=noise.scale)
    return np.array(mechanism([int(each) for each in counts]), dtype=np.int64)


def consistent(noised: IntArray, total: int) -> IntArray:
    """The counts of none or more rows that add up to a total, and are nearest to those with noise.

    That is the Euclidean projection onto the simplex (Duchi et al., "Efficient projections onto the l1-ball
    for learning in high dimensions", 2008), to whole numbers by the largest remainders. What is made of what
    has noise alone tells no more than that.

    >>> consistent(np.array([7, -2, 3]), 9).tolist(), consistent(np.array([1, 1]), 0).tolist()
    ([7, 0, 2], [0, 0])
    """
    if total <= 0 or not len(noised):
        return np.zeros(len(noised), dtype=np.int64)
    ordered = np.sort(noised.astype(np.float64))[::-1]
    above = (np.cumsum(ordered) - total) / np.arange(1, len(ordered) + 1)
    taken = above[np.flatnonzero(ordered > above)[-1]]
    exact = np.maximum(noised - taken, 0.0)
    found: IntArray = np.floor(exact + 1e-9).astype(np.int64)
    short = total - int(found.sum())
    # of equal remainders the first ones
    found[np.argsort(-(exact - found), kind="stable")[:short]] += 1
    return found
