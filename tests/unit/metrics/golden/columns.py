"""Columns on which drift statistics are held against those of other tools; the same in every environment."""

from __future__ import annotations

import numpy as np

SHAPES = {
    "normal": lambda g, n, moved: g.normal(0.3 * moved, 1 + 0.1 * moved, n),
    "lognormal": lambda g, n, moved: g.lognormal(0.2 * moved, 0.8, n),
    "uniform": lambda g, n, moved: g.uniform(0.05 * moved, 1 + 0.1 * moved, n),
    "few levels": lambda g, n, moved: g.poisson(3 + moved, n).astype(float),
    "cents": lambda g, n, moved: np.round(g.gamma(2 + 0.3 * moved, 20, n), 0),
}
ROWS = {"few": (2_000, 500), "many": (20_000, 3_000)}
CATEGORIES = {
    "usual": ({"a": 600, "b": 300, "c": 100}, {"a": 50, "b": 40, "c": 10}),
    "new value": ({"a": 600, "b": 400}, {"a": 50, "b": 40, "d": 10}),
    "lost value": ({"a": 600, "b": 300, "c": 100}, {"a": 60, "b": 40}),
    "rare value": ({"a": 60_000, "b": 40_000, "c": 3}, {"a": 500, "b": 500}),
}


def column(shape: str, size: str) -> tuple[np.ndarray, np.ndarray]:
    """The reference, and a window that has moved."""
    generator = np.random.default_rng([list(SHAPES).index(shape), list(ROWS).index(size)])
    reference, current = ROWS[size]
    return SHAPES[shape](generator, reference, 0), SHAPES[shape](generator, current, 1)
