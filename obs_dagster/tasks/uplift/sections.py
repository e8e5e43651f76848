"""What people see of an uplift model: the Qini curve, and the uplift of each tenth of the score."""

from __future__ import annotations

import numpy as np

from obs_dagster.tasks.sections import Curve, CurvePoint, Section
from obs_dagster.tasks.uplift.counts import Treated
from obs_dagster.tasks.uplift.curves import highest, qini_curve
from obs_dagster.tasks.uplift.metrics.effect import difference

_POINTS, _TENTHS = 40, 10


def sections(given: Treated) -> tuple[Section, ...]:
    """The sections of one version."""
    return qini(given), by_tenth(given)


def qini(given: Treated) -> Curve:
    """What treating the rows with the highest scores gains, in positives per hundred rows of all."""
    title, x, y = "Qini curve", "share of rows, highest score first", "positives gained, % of treated rows"
    if given.obstacle:
        return Curve(title, x, y, (), empty=f"Not known: {given.obstacle}.")
    rows, value = qini_curve(given.counts.astype(np.float64))
    spread = np.unique(np.searchsorted(rows, np.linspace(0, rows[-1], _POINTS + 1)))
    points = [
        CurvePoint(float(rows[at] / rows[-1]), float(100 * value[at] / given.treated), n=float(rows[at]))
        for at in spread
    ]
    note = "a score that says nothing goes straight from the first point to the last"
    return Curve(title, x, y, points, note=note)


def by_tenth(given: Treated) -> Curve:
    """The uplift of each tenth of the rows by score, beside the score that promised it."""
    title, x, y = "Uplift by tenth of the score", "mean score", "uplift"
    if given.obstacle:
        return Curve(title, x, y, (), empty=f"Not known: {given.obstacle}.")
    counts, points = given.counts.astype(np.float64), []
    for tenth in range(_TENTHS, 0, -1):
        part = highest(counts, tenth / _TENTHS) - highest(counts, (tenth - 1) / _TENTHS)
        own = counts * part[:, None, None]
        rows = own.sum(axis=0)
        found = difference(rows, round(float(rows.sum())))
        if found.value is not None:
            mean = float(given.score @ own.sum(axis=(1, 2)) / rows.sum())
            points.append(CurvePoint(mean, found.value, found.low, found.high, found.n))
    return Curve(title, x, y, points, diagonal=True, note="on the dashed line the score is the uplift")
