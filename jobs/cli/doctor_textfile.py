"""What `obs doctor` finds as a file that Prometheus' node exporter reads (its textfile collector)."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.cli.failure import UsageError
from jobs.cli.findings import Finding
from obs_dagster.permissions import as_started

if TYPE_CHECKING:
    from obs_dagster.settings import Settings

_HELP = {
    "obs_doctor_timestamp_seconds": "When obs doctor looked last.",
    "obs_doctor_findings": "What obs doctor found, by status.",
    "obs_last_night_timestamp_seconds": "When the night of the latest day of a model ended.",
    "obs_last_night_evaluated": "Whether that night evaluated its day.",
    "obs_undelivered_notifications": "Notifications that a channel has not taken yet.",
}


def write_textfile(place: Path, findings: Sequence[Finding], settings: Settings, now: dt.datetime) -> None:
    """Write the file, all of it at once, readable for the exporter.

    Raises:
        UsageError: it cannot be written.
    """
    samples = [*_of_findings(findings, now), *_of_store(settings)]
    aside = place.with_name(f"{place.name}.{os.getpid()}")
    try:
        with as_started():
            aside.write_text("".join(_lines(samples)), encoding="utf-8")
            aside.replace(place)
    except OSError as error:
        raise UsageError(
            f"{place} cannot be written ({error.strerror}).", remedy="Name a file in a folder that is there."
        ) from error


Sample = tuple[str, dict[str, str], float]


def _of_findings(findings: Sequence[Finding], now: dt.datetime) -> Iterator[Sample]:
    yield "obs_doctor_timestamp_seconds", {}, now.timestamp()
    for status in ("ok", "warn", "fail"):
        count = sum(each.status == status for each in findings)
        yield "obs_doctor_findings", {"status": status}, count


def _of_store(settings: Settings) -> Iterator[Sample]:
    """Nothing where the store cannot be used: the findings say so, and the samples are missed."""
    from obs_dagster.alerts import undelivered
    from obs_dagster.catalogue import readable_monitors
    from obs_dagster.errors import ObsError
    from obs_dagster.history import History

    try:
        with History.open(settings.history_url) as history:
            models = sorted(readable_monitors(settings.monitors).monitors)
            last = {model: nights[-1] for model in models if (nights := history.nights(model))}
            waiting = [each.model for each in undelivered(history)]
    except ObsError:
        return
    for model, night in last.items():
        yield "obs_last_night_timestamp_seconds", {"model": model}, night.finished_at.timestamp()
    for model, night in last.items():
        yield "obs_last_night_evaluated", {"model": model}, night.evaluated
    for model in models:
        yield "obs_undelivered_notifications", {"model": model}, waiting.count(model)


def _lines(samples: Sequence[Sample]) -> Iterator[str]:
    told = ""
    for name, labels, value in samples:
        if name != told:
            told = name
            yield f"# HELP {name} {_HELP[name]}\n# TYPE {name} gauge\n"
        # names of models need no escaping
        about = ",".join(f'{label}="{text}"' for label, text in labels.items())
        yield f"{name}{f'{{{about}}}' if about else ''} {float(value)!r}\n"
