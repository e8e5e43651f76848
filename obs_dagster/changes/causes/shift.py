"""All values higher, or lower, by one amount."""

from __future__ import annotations

import numpy as np

from obs_dagster.changes.cause import Cause
from obs_dagster.changes.figures import signed
from obs_dagster.changes.pair import LEVELS, Numbers, Pair, likeliest


class Shift:
    """All values higher, or lower, by one amount."""

    name = "shift"

    def look(self, pair: Pair) -> Cause | None:
        """The amount that explains the window best, among the differences of quantiles and of means."""
        if not isinstance(pair, Numbers) or not pair.shaped:
            return None
        was, now = pair.was.quantiles(LEVELS), pair.now.quantiles(LEVELS)
        mean = pair.after.total / pair.after.n - pair.before.total / pair.before.n
        amounts = np.append(now - was, mean)
        found = []
        for by in likeliest(amounts, amounts[:, None] + was, now):
            changed = pair.was.moved(by)
            fit = pair.explained(changed, parts=False, close=True)
            if by and fit is not None and pair.proven(changed, 1.0, by):
                told = f"all values {signed(by, float(now[-1] - now[0]))}"
                found.append(Cause(self.name, told, 1.0, fit.left, fitted=1, numbers={"offset": by}))
        return min(found, key=lambda cause: cause.left, default=None)


CAUSE = Shift()
