"""The sign of values turned, or lost."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from obs_dagster.changes.cause import Cause
from obs_dagster.changes.figures import of_rows
from obs_dagster.changes.pair import Numbers, Pair
from obs_dagster.changes.spread import Spread


class Sign:
    """The sign of values turned, or lost."""

    name = "sign"

    def look(self, pair: Pair) -> Cause | None:
        """What became of the sign."""
        if not isinstance(pair, Numbers):
            return None
        found = []
        for told, changed, parts in _turned(pair.was):
            fit = pair.explained(changed, parts=parts)
            if fit is not None:
                found.append(Cause(self.name, f"{of_rows(fit.share)}{told}?", fit.share, fit.left))
        return min(found, key=lambda cause: cause.left, default=None)


def _turned(was: Spread) -> Iterator[tuple[str, Spread, bool]]:
    """What the baseline would be; whether a part of the rows may be concerned."""
    yield "with the opposite sign", was.mapped(np.negative), True
    if (was.low < 0).any():
        low = np.where(was.low >= 0, was.low, np.where(was.high <= 0, -was.high, 0.0))
        high = np.maximum(np.abs(was.low), np.abs(was.high))
        yield "without their sign", Spread(low, high, was.mass, was.rows), False


CAUSE = Sign()
