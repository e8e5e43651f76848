"""Monitors from their files to what Dagster needs to know of them: all, and the one of a run."""

from __future__ import annotations

from pathlib import Path

from bench.clock import Clock, run


def load(folder: str) -> None:
    """Load the monitors of a folder, and then one of them as a run's process does.

    Args:
        folder: of the monitor files.
    """
    clock = Clock()
    with clock.importing():
        from jobs.composition import compose
        from obs_dagster.catalogue import monitor_of, monitors_of

        # everything that is looked up or built at first use
        compose({"first": monitor_of(next(iter(sorted(Path(folder).glob("*.yaml")))))})
    with clock.phase("monitors"):
        monitors = monitors_of(Path(folder))
    with clock.phase("definitions"):
        compose(monitors)
    with clock.phase("one"):
        compose(monitors_of(Path(folder), models=[next(iter(monitors))]))
    clock.report(monitors=len(monitors))


if __name__ == "__main__":
    run(load)
