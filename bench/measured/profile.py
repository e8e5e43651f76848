"""A day's rows reduced to a profile, and the drift of its columns, as a night finds it."""

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
    clock = Clock()
    with clock.importing():
        from bench.measured import ours

        described = ours.load(monitor)
    grids = ours.fit(reference, described)
    with tempfile.TemporaryDirectory() as folder:
        # kept as a night keeps it, which never holds both profiles at once
        night = ours.night(described, Path(folder), grids)
        if drift:
            ours.keep_baseline(night, reference)
        with clock.phase("profile"):
            profile = ours.profile(current, described, grids)
        counts = profile.table.num_rows
        file = ours.keep_profile(night, profile)
        del profile
        if drift:
            with clock.phase("drift"):
                ours.drift_of_night(night)
        clock.report(counts=counts, bytes=file.stat().st_size)


if __name__ == "__main__":
    run(reduce)
