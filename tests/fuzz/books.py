"""What must hold of a day's log, whatever is in its files: it is read or refused, and no row is lost."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import narwhals as nw

from obs_dagster.engine.protocol import engine_of
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.books import books_of
from obs_dagster.quality.day import validate_day
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.unreadable_log import ingest_day

DAY = dt.date(2024, 3, 4)
NOW = dt.datetime(2024, 3, 5, tzinfo=dt.UTC)


def monitor_at(folder: Path, source: str, suffix: str) -> Monitor:
    """A monitor of a log in a folder."""
    return Monitor.model_validate(
        {
            "model": "small",
            "start": str(DAY),
            "logs": {
                "source": source,
                "path": f"logs/{{day}}{suffix}",
                "columns": {"prediction_id": "id", "time": "at", "version": "model", "score": "score"},
            },
            "labels": {
                "source": "parquet",
                "path": "labels/*",
                "columns": {"prediction_id": "id", "label": "late", "known_at": "known_at"},
            },
            "features": {
                "temp": {"type": "number"},
                "hour": {"type": "integer"},
                "carrier": {"type": "category"},
                "sunny": {"type": "boolean"},
            },
            "baseline": {"kind": "training", "path": "training/{version}.parquet"},
        },
        context=folder / "small.yaml",
    )


def rows_read(file: Path, source: str) -> int | None:
    """How many rows of the file, a log, were read, all of which are in the lake; None if it was refused."""
    monitor, lake = _with_log(file, source), Lake(file.parent / "lake")
    found, unread = ingest_day(monitor, DAY, lake, NOW)
    if unread is not None:
        assert unread.error
        return None
    manifest = lake.table(monitor.model, LOGS).manifest(DAY)
    assert manifest is not None
    assert manifest["source_rows"] == found.rows + found.duplicates + manifest["other_days"]
    return int(manifest["source_rows"])


def books_balance(file: Path, source: str) -> int | None:
    """The same, and each of them is judged: sound, or in quarantine."""
    read = rows_read(file, source)
    if read is None:
        return None
    monitor, lake = monitor_at(file.parent, source, file.suffix), Lake(file.parent / "lake")
    quality = validate_day(monitor, DAY, lake)
    counted = 0
    if quality.evaluated:
        with engine_of(monitor).clean_rows(monitor, [DAY], lake) as rows:
            counted = nw.from_native(rows).lazy().select(nw.len()).collect().item()
    books = books_of(monitor, DAY, lake, counted)
    assert books is not None
    assert books.unaccounted == 0, str(books)
    return read


def _with_log(file: Path, source: str) -> Monitor:
    monitor = monitor_at(file.parent, source, file.suffix)
    log = file.parent / "logs" / f"{DAY}{file.suffix}"
    log.parent.mkdir()
    shutil.copyfile(file, log)
    return monitor
