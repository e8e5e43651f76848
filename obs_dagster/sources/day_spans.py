"""Days that follow each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

_ONE = dt.timedelta(days=1)


def spans(days: Sequence[dt.date]) -> list[tuple[dt.date, dt.date]]:
    """Days that follow each other, as first and last day of each span.

    >>> [f"{first:%d} to {last:%d}" for first, last in spans([dt.date(2024, 3, day) for day in (5, 1, 2)])]
    ['01 to 02', '05 to 05']
    """
    ordered = sorted(set(days))
    breaks = [place for place, (one, other) in enumerate(pairwise(ordered), 1) if other - one > _ONE]
    edges = [0, *breaks, len(ordered)]
    return [(ordered[begin], ordered[end - 1]) for begin, end in pairwise(edges) if end > begin]
