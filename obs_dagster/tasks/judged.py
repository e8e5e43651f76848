"""What a task's labelled rows come to, by how they were predicted: what changes are explained by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.tasks.comparison import Comparison

PARTS = 20
"""So many kinds of predictions are told apart: finer ones would take chance for what became of them."""


@dataclass(frozen=True, eq=False)
class Judged:
    """The labelled rows, or requests, of a cell.

    Attributes:
        keys: what tells predictions apart, such as a bin of the score; ascending, shape (p,).
        numbers: what their rows come to, see `Comparison`; shape (p, v). They add up over cells and days.
    """

    keys: IntArray
    numbers: FloatArray

    def __add__(self, other: Judged) -> Judged:
        """Both together."""
        keys = np.union1d(self.keys, other.keys)
        numbers = np.zeros((len(keys), self.numbers.shape[1]))
        for each in (self, other):
            numbers[np.searchsorted(keys, each.keys)] += each.numbers
        return Judged(keys, numbers)

    @property
    def total(self) -> FloatArray:
        """What all rows come to, shape (v,)."""
        found: FloatArray = self.numbers.sum(axis=0)
        return found


@dataclass(frozen=True, eq=False)
class Difference:
    """A metric that is one ratio minus another, as an uplift is."""

    plus: Comparison
    minus: Comparison


@dataclass(frozen=True, eq=False)
class Loss:
    """How bad the rows of a segment are, on average: what segments are searched by.

    Attributes:
        mean: the mean over rows; of right and wrong, the share of wrong ones.
        counts: whether rows are right or wrong, and nothing else.
        best: what a row is worth at best, where more is better; None: less is better.
    """

    mean: Comparison
    counts: bool = False
    best: float | None = None


@dataclass(frozen=True, eq=False)
class Explains:
    """How changes of a task's metrics are explained.

    Attributes:
        metrics: those that are ratios of sums, the ones that people ask for first in front.
        means: what the parts of a change are, in a few words: `mix`, `score` and `outcome`, or without the
            second where nothing tells predictions apart.
        losses: by metric, how segments are searched for that are worst; `` for the others, if any are.
        binned: whether keys are numbers of bins, of which about `PARTS` are made.
    """

    metrics: Mapping[str, Comparison | Difference]
    means: Mapping[str, str]
    losses: Mapping[str, Loss] = field(default_factory=dict)
    binned: bool = False

    def loss(self, metric: str) -> Loss | None:
        """How segments are searched for that are worst by a metric; None if none can be."""
        return self.losses.get(metric, self.losses.get(""))
