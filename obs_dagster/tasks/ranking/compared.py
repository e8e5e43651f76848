"""By what versions that rank are compared: means of what the order of a request is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from obs_dagster.lake.columns import DAY
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.cells import VERSION
from obs_dagster.tasks.comparison import Comparison, mean
from obs_dagster.tasks.outcomes import adds
from obs_dagster.tasks.ranking.placed_rows import REQUEST
from obs_dagster.tasks.ranking.requests import valued_requests


@dataclass(frozen=True, slots=True)
class Valued:
    """What of a request a metric is the mean of.

    Attributes:
        kind: of the value, as the table of outcomes calls it.
        cut: whether it is down to a cut-off.
        worth: which requests have a value at all, if one without relevant items counts 0.
    """

    kind: str
    cut: bool = True
    worth: str = "evaluated"

    def down_to(self, leading: int) -> int:
        """The cut-off; 0 without one."""
        return leading if self.cut else 0


VALUED: Mapping[str, Valued] = {
    "ndcg": Valued("ndcg", worth="ordered"),
    "hit_rate": Valued("hit"),
    "mrr": Valued("mrr", cut=False),
    "map": Valued("map"),
}
COMPARED: Mapping[str, Comparison] = {
    name: mean(3 * len(VALUED), rows=3 * place, total=3 * place + 1, total_sq=3 * place + 2, bounded=True)
    for place, name in enumerate(VALUED)
}
"""Of requests, and sums of their values and of the squares of these, of each metric in turn."""


def labelled_requests(rows: nw.LazyFrame[Any], monitor: Monitor) -> nw.LazyFrame[Any]:
    """The values of each request down to the first cut-off; null where it has none."""
    dated = rows.with_columns(**{DAY: nw.col(DAY).cast(nw.String)})
    requests = valued_requests(dated, monitor, [DAY])
    parts, zero = {}, monitor.ranking.without_relevant == "zero"
    for name, of in VALUED.items():
        value = nw.col(f"{of.kind}_{monitor.ranking.at[0]}" if of.cut else of.kind)
        if zero:
            value = nw.when(~value.is_null()).then(value).when(nw.col(of.worth) == 1).then(nw.lit(0.0))
        above, below = adds(name)
        parts[above] = value
        parts[below] = nw.when(~value.is_null()).then(nw.lit(1.0))
    return requests.select(id=nw.col(REQUEST), day=nw.col(DAY), version=nw.col(VERSION), **parts)
