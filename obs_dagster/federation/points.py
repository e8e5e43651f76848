"""Counts along a line, with those of few rows put together with their neighbours."""

from __future__ import annotations

import numpy as np

from obs_dagster.profile.distribution import IntArray


def grouped(counts: IntArray, least: int) -> IntArray:
    """The number of the group of each count, such that every group has `least` rows or all rows.

    Neighbours are joined from the left until there are enough; what is left over at the end joins the group
    before it. So sums up to the end of a group are exact.

    Args:
        counts: in order, shape (k,).
        least: rows that a group has at least.

    Returns:
        Ascending from 0, shape (k,).

    >>> grouped(np.array([5, 1, 1, 1, 9, 1]), 3)
    array([0, 1, 1, 1, 2, 2])
    """
    group = np.zeros(len(counts), dtype=np.int64)
    number, held = 0, 0
    for place, count in enumerate(counts):
        group[place] = number
        held += int(count)
        if held >= least:
            number, held = number + 1, 0
    if held and number:
        group[group == number] = number - 1
    return group
