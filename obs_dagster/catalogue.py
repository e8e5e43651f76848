"""Monitors as this installation knows them: with every metric that is registered, a third party's too."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from obs_dagster.metrics.default_rules import default_rules
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor.loading import Readable, load_monitor, load_monitors, load_readable
from obs_dagster.monitor.model import Monitor


def monitor_of(file: Path, *, environ: Mapping[str, str] | None = None) -> Monitor:
    """The monitor that a file describes; its rules may watch every registered metric.

    Args:
        file: the YAML file.
        environ: the environment variables; left out: the process's.

    Raises:
        MonitorError: with every mistake in the file.
    """
    return load_monitor(file, metrics=definitions(), environ=environ, defaults=default_rules)


def monitors_of(
    folder: Path, *, environ: Mapping[str, str] | None = None, models: Collection[str] | None = None
) -> dict[str, Monitor]:
    """The monitors of every file of a folder, by model, in the order of the names.

    Args:
        folder: the folder of the monitor files.
        environ: as for `monitor_of`.
        models: whose monitors are wanted, where it is not all; files of others are not looked at. If one
            of them has no monitor, all are loaded.

    Raises:
        MonitorError: with every mistake in every file; also where two files describe the same model.
    """

    def load(wanted: Collection[str] | None) -> dict[str, Monitor]:
        return load_monitors(
            folder, metrics=definitions(), environ=environ, defaults=default_rules, models=wanted
        )

    found = load(models)
    return found if models is None or found.keys() >= set(models) else load(None)


def readable_monitors(folder: Path, *, models: Collection[str] | None = None) -> Readable:
    """The monitors of a folder as far as they can be used, and the files that cannot.

    Args:
        folder: the folder of the monitor files.
        models: as for `monitors_of`.

    Raises:
        MonitorError: the folder itself cannot be read.
    """

    def load(wanted: Collection[str] | None) -> Readable:
        return load_readable(folder, metrics=definitions(), defaults=default_rules, models=wanted)

    found = load(models)
    known = {*found.monitors, *(each.model for each in found.faulty)}
    return found if models is None or known >= set(models) else load(None)
