"""A day's rows reduced to a profile, and the drift of its columns."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.clock import Clock, run


def reduce(reference: str, current: str, monitor: str, *, drift: bool = False) -> None:
    """Reduce the current rows; the reference's grids and profile are there before the clock starts.

    Args:
        reference: the rows that grids are fitted to; with `drift` also what is compared with.
        current: the day's rows.
        monitor: the monitor's file.
        drift: whether drift is computed too.
    """
    import pyarrow.parquet as pq

    clock = Clock()
    with clock.importing():
        from bench.measured import ours

        described = ours.load(monitor)
    grids = ours.fit(reference, described)
    baseline = ours.profile(reference, described, grids) if drift else None
    with clock.phase("profile"):
        profile = ours.profile(current, described, grids)
    if baseline is not None:
        with clock.phase("drift"):
            ours.drift(described, baseline, profile)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "profile.parquet"
        pq.write_table(profile.table, file, compression="zstd")
        clock.report(counts=profile.table.num_rows, bytes=file.stat().st_size)


if __name__ == "__main__":
    run(reduce)
