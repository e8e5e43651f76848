"""Rows, a model of them and draws around a row, for LIME and for what is held against it."""

import numpy as np

SAMPLES = 400


def draws(features=6):
    """Which features of rows that were drawn have the row's own value, and what a model said of them."""
    draw = np.random.default_rng(21)
    same = (draw.random((SAMPLES, features)) < 0.4).astype(float)
    same[0] = 1.0
    weights = np.array([2.0, -1.0, 0.5, 0.0, 0.25, -0.1])[:features]
    return same, same @ weights + 0.3 * same[:, 0] * same[:, 1] + draw.normal(0, 0.05, SAMPLES)


def table():
    """Rows of the baseline: two numbers, and names as codes."""
    draw = np.random.default_rng(22)
    return np.column_stack(
        [draw.normal(size=800), draw.exponential(size=800), draw.integers(0, 4, 800).astype(float)]
    )


def says(rows):
    """A probability that depends on quarters and names alone: where within a quarter is all the same."""
    known = table()
    first, second = (np.searchsorted(np.percentile(known[:, at], [25, 50, 75]), rows[:, at]) for at in (0, 1))
    score = 0.5 + 0.1 * (first - 1.5) - 0.05 * (second == 3) + 0.08 * (rows[:, 2] == 1)
    return np.clip(score, 0, 1)


EXPLAINED = [3, 40, 77, 123, 500]
"""Rows of the table that are explained."""
