"""`obs doctor`: what is configured, reachable, stale and undelivered."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli import reach
from jobs.cli.doctor_capacity import capacity
from jobs.cli.doctor_exports import exports
from jobs.cli.doctor_log import books, changed_log, ids
from jobs.cli.doctor_sending import sending
from jobs.cli.doctor_textfile import write_textfile
from jobs.cli.failure import FAILED
from jobs.cli.findings import Finding, Status, print_findings
from jobs.cli.records import Format, FormatOption
from jobs.cli.routes import routes
from obs_dagster.errors import ObsError
from obs_dagster.places import Place, places

if TYPE_CHECKING:
    from obs_dagster.alerts import FailedRun
    from obs_dagster.history import NightRecord
    from obs_dagster.monitor import Monitor
    from obs_dagster.settings import Settings

STALE = dt.timedelta(hours=36)
"""A model that is alive has had a night within this time: a day, and half a one for a late start."""

_LITTLE_DISK = 2**30
_SHORT = {"home folder": "home", "folder for temporary files": "temporary"}
_TRIED = 2**16
"""Bytes that are written to see whether it can be done."""
_MOST_NAMED = 5


def doctor(
    exit_code: Annotated[
        bool,
        typer.Option("--exit-code", help="Print only what is wrong: cron sends a mail of what is printed."),
    ] = False,
    textfile: Annotated[
        Path | None,
        typer.Option(
            help="Also write gauges there, for the textfile collector of Prometheus' node exporter."
        ),
    ] = None,
    chosen: FormatOption = Format.TABLE,
) -> None:
    """Say what is configured and reachable, whether nights ran, what was not delivered; 1 if one is wrong."""
    from obs_dagster.settings import Settings

    settings, now = Settings(), dt.datetime.now(dt.UTC)
    found = list(_examine(settings, now))
    if textfile is not None:
        write_textfile(textfile, found, settings, now)
    shown = [each for each in found if each.status == "fail"] if exit_code else found
    if (shown or not exit_code) and print_findings(shown, chosen):
        raise typer.Exit(FAILED)


def _examine(settings: Settings, now: dt.datetime) -> Iterator[Finding]:
    from obs_dagster.alerts import last_failure
    from obs_dagster.catalogue import readable_monitors
    from obs_dagster.history import History

    for place in places(settings):
        yield _writable(place)
        if place.is_local:
            yield _disk(place)
    store = reach.history(settings)
    yield store
    yield reach.mlflow(settings)
    yield from exports(settings, now)
    try:
        found = readable_monitors(settings.monitors)
    except ObsError as error:
        yield Finding("monitors", "files", "fail", str(error))
        return
    monitors = found.monitors
    yield Finding("monitors", "files", "ok", f"{len(monitors)} in {settings.monitors.absolute()}")
    for faulty in found.faulty:
        yield Finding(faulty.model, "monitor", "fail", f"{faulty.why} `obs check` has every mistake.")
    for monitor in monitors.values():
        yield from routes(monitor)
    if store.status != "ok":
        return
    with History.open(settings.history_url) as history:
        for monitor in monitors.values():
            yield from nights(
                monitor, history.nights(monitor.model), now, last_failure(history, monitor.model)
            )
            yield from changed_log(monitor, settings, now)
            yield from books(monitor, history)
            yield from ids(monitor, settings, history)
            yield from labels(monitor, settings)
            yield from capacity(monitor, history)
        yield from sending(history, settings, now)


def nights(
    monitor: Monitor, ran: list[NightRecord], now: dt.datetime, failed: FailedRun | None = None
) -> Iterator[Finding]:
    """The model's last night, whether it is stale, the days between that have no night, and the last failure.

    Args:
        monitor: the monitor.
        ran: the nights that there were, by day.
        now: the present (UTC).
        failed: the run that failed last; it is told unless a night was evaluated since.
    """
    if failed and all(night.finished_at < failed.at for night in ran):
        told = f"{failed.partition} FAILED {failed.at:%Y-%m-%d %H:%M} UTC: {failed.error}"
        yield Finding(
            monitor.model, "last run", "fail", told if ran else f"{told} No night has finished yet."
        )
        if not ran:
            return
    if not ran:
        yield Finding(monitor.model, "nights", "warn", f"none has run; the first day is {monitor.start}")
        return
    from obs_dagster.monitor.due import due_day, scheduled_after
    from obs_dagster.quality.refusal import in_one_line

    last, newest = ran[-1], max(night.finished_at for night in ran)
    stale = monitor.end is None and now - newest > STALE and _has_been_due(monitor, newest, now)
    told = f"{last.day}, finished {newest:%Y-%m-%d %H:%M} UTC"
    if stale:
        yield Finding(monitor.model, "last night", "fail", f"{told}: stale. Is the daemon running?")
    elif not last.evaluated:
        yield Finding(
            monitor.model, "last night", "warn", f"{told}: NOT EVALUATED: {in_one_line(last.reason)}"
        )
    else:
        yield Finding(monitor.model, "last night", "ok", told)
    due = max(last.day, due_day(monitor, now) or last.day)
    known = {night.day for night in ran}
    missing = [str(day) for day in scheduled_after(monitor, ran[0].day, due) if day not in known]
    if missing:
        more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        again = f"obs backfill {monitor.model} --from {missing[0]} --to {missing[-1]}"
        detail = f"{', '.join(missing[:_MOST_NAMED])}{more} did not run; use `{again}`"
        yield Finding(monitor.model, "missing days", "fail", detail)


def _has_been_due(monitor: Monitor, newest: dt.datetime, now: dt.datetime) -> bool:
    """Whether the schedule had a night since the newest one that ran, and half a day ago at the latest."""
    from obs_dagster.monitor.cron import runs_on

    begin, end = (moment.astimezone(monitor.zone).date() for moment in (newest, now - dt.timedelta(hours=12)))
    days = (begin + dt.timedelta(days=number) for number in range(1, (end - begin).days + 1))
    return any(runs_on(monitor.schedule, day) for day in days)


def labels(monitor: Monitor, settings: Settings) -> Iterator[Finding]:
    """How the labels stood when they were read last; nothing for a model that has none."""
    from obs_dagster.lake.lake import Lake
    from obs_dagster.sources.labels import label_book

    if monitor.labels is None:
        return
    book = label_book(monitor, Lake(settings.lake_root))
    if book.meaning or book.wrong:
        notes = list(book.notes())
        told = [f"{book.matched:,} have found their prediction", *notes]
        status: Status = "fail" if book.wrong else "warn" if book.serious else "ok"
        yield Finding(monitor.model, "labels", status, "; ".join(told))


def _writable(place: Place) -> Finding:
    """Whether a place can be written. It is tried, there or in the nearest folder above that is there."""
    from obs_dagster.storage_fault import storage_fault

    about = _SHORT.get(place.name, place.name)
    if not place.is_local:
        return _object_storage(about, place)
    if not place.near.is_dir():
        return Finding(about, "folder", "fail", f"{place} cannot be used: {place.near} is no folder")
    try:
        # it has no name, so nothing is left whatever happens
        with tempfile.TemporaryFile(dir=place.near) as file:
            file.write(bytes(_TRIED))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        # without the name of the file that was tried
        nameless = OSError(error.errno, error.strerror)
        fault = storage_fault(nameless, place.folder) or f"{place} cannot be used: {error.strerror}"
        return Finding(about, "folder", "fail", str(fault))
    there = place.near == place.folder
    return Finding(about, "folder", "ok", f"{place.folder}{'' if there else ', made by the first night'}")


def _object_storage(about: str, place: Place) -> Finding:
    """Whether objects can be written, refused to who comes second, and removed: that is tried."""
    from obs_dagster.store.probe import probe

    try:
        probe(place.folder)
    except ObsError as error:
        return Finding(about, "objects", "fail", f"{place} cannot be used: {error}")
    return Finding(about, "objects", "ok", f"{place.folder}, written, read and removed")


def _disk(place: Place) -> Finding:
    about = _SHORT.get(place.name, place.name)
    status: Status = "ok" if place.free > _LITTLE_DISK else "fail"
    return Finding(about, "disk", status, f"{place.free / 2**30:.1f} GiB free")
