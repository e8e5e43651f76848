"""What `obs doctor` finds, beside all that is exported, as a file for Prometheus' node exporter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.cli.failure import UsageError
from jobs.cli.findings import Finding

if TYPE_CHECKING:
    from obs_dagster.exports.sample import Sample
    from obs_dagster.settings import Settings


def write_textfile(place: Path, findings: Sequence[Finding], settings: Settings, now: dt.datetime) -> None:
    """Write the file, all of it at once, readable for the exporter.

    Raises:
        UsageError: it cannot be written.
    """
    from obs_dagster.exports.textfile import write

    try:
        write(place, [*_of_findings(findings, now), *_of_store(settings, now)])
    except OSError as error:
        raise UsageError(
            f"{place} cannot be written ({error.strerror}).", remedy="Name a file in a folder that is there."
        ) from error


def _of_findings(findings: Sequence[Finding], now: dt.datetime) -> Iterator[Sample]:
    from obs_dagster.exports.doctor import FINDINGS, LOOKED

    yield LOOKED.of(now.timestamp())
    for status in ("ok", "warn", "fail"):
        yield FINDINGS.of(sum(each.status == status for each in findings), status=status)


def _of_store(settings: Settings, now: dt.datetime) -> list[Sample]:
    """Nothing where the store cannot be used: the findings say so, and the samples are missed."""
    from obs_dagster.errors import ObsError
    from obs_dagster.exports.present import present
    from obs_dagster.history import History

    try:
        with History.open(settings.history_url) as history:
            return present(settings, history, now)
    except ObsError:
        return []
