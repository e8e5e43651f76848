"""The labels line of `obs check`: a sample of the newest labels, and what each value would be read as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from jobs.cli.findings import Finding
from obs_dagster.errors import ObsError

if TYPE_CHECKING:
    from obs_dagster.monitor import Labels, Monitor
    from obs_dagster.sources.label_rows import LabelRows

_ROWS = 10_000


def labels(monitor: Monitor, found: Finding) -> Finding:
    """What a sample says of labels, where there are any: of the newest file, or the newest part of a table.

    Args:
        monitor: names the labels.
        found: what was found of their files, or of their table.
    """
    from obs_dagster.sources.protocol import source_of

    section = monitor.labels
    if section is None or found.status != "ok":
        return found
    try:
        newest = list(source_of(section).label_stamps(monitor, section))[-1:]
        sampled = _sample(monitor, section, newest, monitor.quality.max_quarantined_share)
    except ObsError as error:
        return replace(found, status="fail", detail=str(error))
    return found if sampled is None else _judged(monitor, found, *sampled)


def _sample(
    monitor: Monitor, section: Labels, newest: Sequence[str], tolerated: float
) -> tuple[LabelRows, tuple[int, list[str]]] | None:
    """The first rows of what is newest, which tonight's will look like, and ids that have two labels."""
    from obs_dagster.scratch import scratch
    from obs_dagster.sources.files import connect
    from obs_dagster.sources.label_keys import telling
    from obs_dagster.sources.label_rows import LabelRows
    from obs_dagster.sources.label_values import label_reader
    from obs_dagster.sources.protocol import source_of

    with (
        TemporaryDirectory(prefix="labels-", dir=scratch()) as folder,
        connect() as connection,
        source_of(section).labels(monitor, section, newest, Path(folder)) as sources,
    ):
        if not sources:
            return None
        reader = label_reader(monitor, section)
        rows = LabelRows(connection, section, reader, monitor.time_zone, tell=telling(monitor))
        rows.load(sources[0], limit=_ROWS)
        rows.settle((0, 0), tolerated)
        conflicts = rows.resolve(retract=False)
    return rows, conflicts


def _judged(monitor: Monitor, found: Finding, rows: LabelRows, conflicts: tuple[int, list[str]]) -> Finding:
    from obs_dagster.sources.label_book import LabelBook, named
    from obs_dagster.sources.protocol import source_of

    sample = rows.files[0]
    table = monitor.labels is not None and not source_of(monitor.labels).of_files
    newest = "the newest part" if table else "the newest file"
    read = f"of {sample.rows:,} labels of {newest}" if sample.rows == _ROWS else f"in {newest}"
    two = rows.reader.two_classes
    known = (
        f"{sample.positive:,} positive, {sample.negative:,} negative"
        if two
        else f"{sample.positive:,} usable"
    )
    told = [
        f"{found.detail}; {read} {known}",
        f"{sample.unusable_rows:,} of neither class"
        if two
        else f"{sample.unusable_rows:,} unusable"
        + (f": {named(sample.unusable)}" if sample.unusable else ""),
        f"{sample.unknown:,} not known yet",
    ]
    told += [f"negative is the only other value, {word!r}" for word in _told(monitor, rows)]
    detail = ", ".join(told)
    book = LabelBook(
        files={newest: sample},
        conflicts=conflicts[0],
        conflicting=conflicts[1],
        kind=rows.reader.sql_type,
    )
    notes = " ".join(book.notes())
    status = found.status
    if notes:
        status = "fail" if sample.held or not sample.usable else "warn"
    elif two and sample.rows and not sample.positive:
        status = "warn"
        notes = f"No label reads {monitor.labels.positive!r}, the positive value." if monitor.labels else ""
    return replace(found, status=status, detail=f"{detail}. {notes}".strip())


def _told(monitor: Monitor, rows: LabelRows) -> frozenset[str]:
    """The word of the negative class, if the monitor leaves it to the labels to say."""
    from obs_dagster.sources.classes import Classes

    labels = monitor.labels
    if labels is None or not isinstance(rows.reader, Classes):
        return frozenset()
    declared = Classes.of(labels.positive, labels.negatives).complete()
    return frozenset() if declared else rows.reader.negative
