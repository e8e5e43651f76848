"""From estimates to metric records: what they are about, who computed them, when."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from obs_dagster.metrics.record import Estimate, MetricRecord
from obs_dagster.metrics.registry import definition
from obs_dagster.monitor.whole import WHOLE


@dataclass(frozen=True, slots=True)
class Recorder:
    """Makes the records of one run.

    Attributes:
        model: the model's name.
        run_id: the run that computes.
        now: the moment that the records carry (UTC).
        task: the kind of model, which decides what a name means where tasks share it.
    """

    model: str
    run_id: str
    now: dt.datetime
    task: str = ""

    def records(
        self,
        estimates: Mapping[str, Estimate],
        *,
        version: str,
        day: dt.date,
        window: int,
        segment: str = WHOLE,
        column: str = "",
    ) -> Iterator[MetricRecord]:
        """One record per estimate, all about the same subject."""
        for metric, estimate in estimates.items():
            yield MetricRecord(
                model=self.model,
                version=version,
                segment=segment,
                column=column,
                metric=metric,
                definition=definition(metric, self.task).id,
                day=day,
                window=window,
                value=estimate.value,
                low=estimate.low,
                high=estimate.high,
                n=estimate.n,
                error=estimate.error,
                reason=estimate.reason,
                computed_at=self.now,
                run_id=self.run_id,
            )


def seed(*subject: object) -> int:
    """A seed that is the same whenever the same subject is evaluated, so that nights are repeatable.

    >>> seed("flight_delay", "1", "temp") == seed("flight_delay", "1", "temp")
    True
    """
    return zlib.crc32("\0".join(map(str, subject)).encode())
