"""What components did in requests: used, slow, or failed; what quality is told apart by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from obs_dagster.monitor.system import FAILED, SLOW, USED
from obs_dagster.profile.distribution import IntArray
from obs_dagster.spans.loops import Flags
from obs_dagster.spans.pairs import Pairs
from obs_dagster.spans.table import PARTS, WHOLE_REQUEST

_SLOWEST = 0.9


class Noted:
    """What is noted of every request while spans are counted; told when the day is known.

    Args:
        names: the components, that of the request itself first.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self._requests: list[IntArray] = []
        self._pairs: list[tuple[IntArray, IntArray, IntArray, Flags]] = []

    def add(self, pairs: Pairs, requests: IntArray, own: IntArray, failed: Flags, used: Flags) -> None:
        """Note some requests.

        Args:
            pairs: their components.
            requests: the key of the trace of every request, meant or not; shape (requests,).
            own: the bin of each component's own time, shape (pairs,).
            failed: whether a call of it failed, shape (pairs,).
            used: whether it was called at all, shape (pairs,).
        """
        called = used & (pairs.component > 0)
        self._requests.append(requests[np.unique(pairs.request)])
        self._pairs.append(
            (
                requests[pairs.request[called]],
                pairs.component[called].astype(np.int16),
                own[called].astype(np.int32),
                failed[called],
            )
        )

    def parts(self) -> pa.Table:
        """The rows of `PARTS`."""
        if not self._requests:
            return PARTS.empty_table()
        whole = np.concatenate(self._requests)
        request, component, own, failed = (np.concatenate(each) for each in zip(*self._pairs, strict=True))
        slow = np.zeros(len(request), dtype=np.bool_)
        for each in np.unique(component):
            mine = component == each
            slow[mine] = own[mine] > np.quantile(own[mine], _SLOWEST, method="inverted_cdf")
        states = pa.array(np.where(failed, 2, np.where(slow, 1, 0)), pa.int8())
        named = pa.array(component, pa.int16())
        table = pa.table(
            {
                "request": np.concatenate([whole, request]),
                "component": pa.chunked_array(
                    [pa.array([WHOLE_REQUEST] * len(whole), pa.string()), pa.array(self.names).take(named)]
                ),
                "part": pa.chunked_array(
                    [pa.array([USED] * len(whole), pa.string()), pa.array([USED, SLOW, FAILED]).take(states)]
                ),
            }
        )
        return table.cast(PARTS).sort_by([("component", "ascending"), ("request", "ascending")])
