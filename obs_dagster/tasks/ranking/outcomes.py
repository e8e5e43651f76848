"""Rankings with what was relevant, as sums over requests and counts per item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.ranking import Ranking
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.profile import merge_rows
from obs_dagster.tasks.judged import Judged
from obs_dagster.tasks.outcomes import Cell
from obs_dagster.tasks.ranking.compared import COMPARED, VALUED, labelled_requests
from obs_dagster.tasks.ranking.counts import Cutoff, Items, Place, Rankings, Requests, Values
from obs_dagster.tasks.ranking.items import reduce_items, sampled
from obs_dagster.tasks.ranking.judged import EXPLAINS
from obs_dagster.tasks.ranking.places import reduce_places
from obs_dagster.tasks.ranking.requests import reduce_requests
from obs_dagster.tasks.ranking.table import ADDED, KEYS, SCHEMA


class RankingOutcomes:
    """Sums over requests and counts per item."""

    schema = SCHEMA
    keys = KEYS
    added = ADDED
    compared = COMPARED
    explains = EXPLAINS

    def reduce(self, rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, by: Sequence[str]) -> pa.Table:
        """The outcomes of `SCHEMA` with the text columns `by` before them, sorted."""
        tables = [
            *reduce_requests(rows, monitor, grids, by),
            reduce_places(rows, monitor, by),
            reduce_items(rows, monitor, by),
        ]
        return merge_rows(pa.concat_tables(tables), [*by, *KEYS], ADDED)

    def in_cell(self, whole: pa.Table) -> pa.Table:
        """The sums over requests; places and items are counted over all rows alone."""
        return whole.filter(pc.invert(pc.is_in(whole["kind"], pa.array(["place", "item"]))))

    def settings(self, monitor: Monitor) -> str:
        """The cut-offs, and what labels mean; not what a request without relevant items is worth."""
        return repr(monitor.ranking.model_dump(exclude={"without_relevant"}))

    def inputs(self, cell: Cell, monitor: Monitor, segment: str, seed: int) -> Iterator[tuple[str, Any]]:  # noqa: ARG002  as every task's
        """The rankings of a cell, and what they are down to each cut-off (`top10`)."""
        summed = _Summed.of(cell, monitor.ranking)
        cutoffs = {k: _cutoff(summed, cell, k, segment) for k in monitor.ranking.at}
        yield "", _rankings(summed, cutoffs[monitor.ranking.at[0]])
        for k, cutoff in cutoffs.items():
            yield f"top{k}", cutoff

    def counted(self, cell: Cell, monitor: Monitor, segment: str) -> FloatArray:
        """Requests, and sums of their values and of the squares of these, of each metric in turn."""
        del segment
        summed, leading = _Summed.of(cell, monitor.ranking), monitor.ranking.at[0]
        values = [summed.values(of.kind, of.down_to(leading)) for of in VALUED.values()]
        return np.array([number for each in values for number in (each.n, each.total, each.total_sq)], float)

    def judged(self, cell: Cell, monitor: Monitor, segment: str) -> Judged:
        """What requests come to; nothing tells them apart."""
        return Judged(np.zeros(1, dtype=np.int64), self.counted(cell, monitor, segment)[None])

    def labelled(self, rows: nw.LazyFrame[Any], monitor: Monitor) -> nw.LazyFrame[Any]:
        """The values of each request."""
        return labelled_requests(rows, monitor)


OUTCOMES = RankingOutcomes()

_NOTHING = (0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class _Summed:
    """The sums of a cell but for those of items.

    Attributes:
        sums: n, total and total_sq by kind and cut-off.
        requests: the counts of requests.
        zero: whether a request without relevant items is worth 0, or nothing.
    """

    sums: Mapping[tuple[str, int], tuple[int, float, float]]
    requests: Requests
    zero: bool

    @classmethod
    def of(cls, cell: Cell, ranking: Ranking) -> _Summed:
        """The sums of a cell; without its rows, none."""
        rows = np.flatnonzero(cell["kind"] != "item")
        names = ("kind", "cutoff", "n", "total", "total_sq")
        listed = zip(*(cell[name][rows].tolist() for name in names), strict=True)
        sums = {(kind, cutoff): (n, total, total_sq) for kind, cutoff, n, total, total_sq in listed}
        kinds = ("requests", "evaluated", "relevant", "ordered")
        counts = Requests(*(sums.get((kind, 0), _NOTHING)[0] for kind in kinds))
        return cls(sums, counts, zero=ranking.without_relevant == "zero")

    def values(self, kind: str, k: int = 0) -> Values:
        """The values of requests."""
        found, total, total_sq = self.sums.get((kind, k), _NOTHING)
        worth = self.requests.ordered if kind == "ndcg" else self.requests.evaluated
        n = worth if self.zero else found
        if n:
            return Values(n, total, total_sq, "")
        if not self.requests.evaluated:
            return Values(0, 0.0, 0.0, "no labels")
        return Values(0, 0.0, 0.0, "no relevant items" if worth else "no request of two rows")


def _rankings(summed: _Summed, leading: Cutoff) -> Rankings:
    labelled = int(summed.sums.get(("rows", 0), _NOTHING)[1])
    places = sorted(
        Place(place, n, int(relevant))
        for (kind, place), (n, relevant, _) in summed.sums.items()
        if kind == "place"
    )
    value = summed.values("mrr")
    return Rankings(labelled, leading.predictions, summed.requests, value, leading, places)


def _cutoff(summed: _Summed, cell: Cell, k: int, segment: str) -> Cutoff:
    return Cutoff(
        k=k,
        requests=summed.requests,
        ndcg=summed.values("ndcg", k),
        average_precision=summed.values("map", k),
        hit=summed.values("hit", k),
        precision=summed.values("precision", k),
        recall=summed.values("recall", k),
        items=_items(cell, k) if segment == WHOLE else None,
        predictions=summed.sums.get(("rows", 0), _NOTHING)[0],
    )


def _items(cell: Cell, k: int) -> Items:
    """The items on the highest level that one of the merged days was sampled on."""
    rows = np.flatnonzero(cell["kind"] == "item")
    level = int(cell["level"][rows].max(initial=0))
    rows = rows[sampled(cell["item"][rows].astype(np.int64), level)]
    names, place = np.unique(cell["item"][rows], return_inverse=True)
    cutoffs = cell["cutoff"][rows]

    def counted(cutoff: int, column: str) -> IntArray:
        counts = np.zeros(len(names), dtype=np.int64)
        here = cutoffs == cutoff
        np.add.at(counts, place[here], cell[column][rows][here].astype(np.int64))
        return counts

    return Items(counted(0, "n"), counted(0, "total"), counted(k, "n"), counted(k, "total"), level)
