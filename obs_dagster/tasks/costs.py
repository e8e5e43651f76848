"""What the errors of classifiers cost per row, and how sure that is."""

from __future__ import annotations

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import combined_interval, wilson
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray, IntArray

COST = "cost_per_row"

NO_PRICES = "none of its errors has a price"


def cost_definition(task: str, formula: str, interval: str) -> Definition:
    """The definition of the cost per row of a task's models.

    Args:
        task: the task.
        formula: what is added up.
        interval: how the interval is made.
    """
    return Definition(
        name=COST,
        id=f"cost_per_row/{task.replace('_', '-')}/1",
        family="performance",
        title="Cost of errors per row",
        meaning="What the errors cost on average over the labelled rows, by the prices of the monitor.",
        formula=formula,
        reference="`sklearn.metrics.confusion_matrix` or the error, times the prices; the expected cost of "
        "Elkan, The foundations of cost-sensitive learning (IJCAI 2001).",
        interval=interval,
        unit="currency of `costs`",
        better="lower",
        tasks=(task,),
        needs=("labels", "costs"),
        noun="cost of errors per row",
        shown=frozenset({"trend", "summary"}),
        rank=30,
    )


COMBINED = (
    "Wilson's of the share of errors of each price, combined with their correlation by variance estimates "
    "recovered (Zou and Donner 2008)"
)
"""How the interval of `cost_of_errors` is made."""


def cost_of_errors(errors: IntArray, prices: FloatArray, n: int) -> Estimate:
    """What errors cost per row.

    The kinds exclude each other in a row, so their shares are those of a multinomial distribution, which are
    negatively correlated.

    Args:
        errors: rows of each kind of error, shape (k,).
        prices: of a row of each kind, shape (k,).
        n: labelled rows.
    """
    if n == 0:
        return Estimate.missing("no labels")
    priced = prices > 0
    if not priced.any():
        return Estimate.missing(NO_PRICES, n)
    # kinds of one price are one kind: a share of the rows, however few each of them has
    prices, kind = np.unique(prices[priced], return_inverse=True)
    counts = np.bincount(kind, weights=errors[priced])
    shares = counts / n
    ends = np.array([wilson(float(count), n) for count in counts])
    # a kind of which there is none has a room that those of the others do not share
    odds = np.sqrt(shares / np.maximum(1 - shares, 1 / n))
    correlation = -np.outer(odds, odds)
    np.fill_diagonal(correlation, 1.0)
    low, high = combined_interval(shares, ends, prices, np.clip(correlation, -1.0, 1.0))
    value = float(prices @ shares)
    return Estimate(value, max(0.0, min(low, value)), max(high, value), n)
