"""What a look at a monitor's baseline says: which versions, which columns, which days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from jobs.cli.findings import Finding
from jobs.cli.next_step import next_step

if TYPE_CHECKING:
    from obs_dagster.monitor import Monitor


def look_at_baseline(monitor: Monitor, versions: Sequence[str] | None) -> Iterator[Finding]:
    """Look at what the versions are compared with.

    Args:
        monitor: declares the baseline.
        versions: those in the log, as far as they were seen.
    """
    from obs_dagster.baselines.protocol import baseline_of

    for remark in baseline_of(monitor).look(monitor, versions or ()):
        detail = remark.detail
        if remark.nothing_at:
            detail += f" ({next_step(remark.nothing_at)}): {remark.nothing_at}"
        yield Finding(monitor.model, "baseline", remark.status, detail)
