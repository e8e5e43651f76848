"""All values multiplied by one number that is no known change of unit."""

from __future__ import annotations

import numpy as np

from obs_dagster.changes.cause import Cause
from obs_dagster.changes.figures import factor
from obs_dagster.changes.pair import LEVELS, Numbers, Pair, likeliest

_NARROW = 0.2
"""Values whose spread is a smaller part of their size seem shifted by whatever they are multiplied by."""


class Scale:
    """All values multiplied by one number."""

    name = "scale"

    def look(self, pair: Pair) -> Cause | None:
        """The factor that explains the window best, among the quotients of quantiles and of means."""
        if not isinstance(pair, Numbers) or not pair.shaped:
            return None
        was, now = pair.was.quantiles(LEVELS), pair.now.quantiles(LEVELS)
        same = np.sign(was) * np.sign(now) > 0
        factors = now[same] / was[same]
        if pair.before.total * pair.after.total > 0:
            factors = np.append(factors, pair.after.total / pair.after.n * pair.before.n / pair.before.total)
        # a shift is the simpler way to say the same of narrow values
        fitted = 2 if was[-1] - was[0] < _NARROW * float(np.abs(was).max()) else 1
        found = []
        for by in likeliest(factors, factors[:, None] * was, now):
            changed = pair.was.multiplied(by)
            fit = pair.explained(changed, parts=False, close=True)
            if fit is not None and pair.proven(changed, by):
                told = f"all values {factor(by)}"
                found.append(Cause(self.name, told, 1.0, fit.left, fitted=fitted, numbers={"factor": by}))
        return min(found, key=lambda cause: cause.left, default=None)


CAUSE = Scale()
