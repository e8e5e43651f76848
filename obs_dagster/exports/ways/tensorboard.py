"""`tensorboard:///FOLDER`: event files of trends, a run for each version, a step for each day.

Every day is a file of its own that is written whole, so a day that was corrected has one value.
"""

from __future__ import annotations

import datetime as dt
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from obs_dagster.exports.address import Address
from obs_dagster.exports.paths import part
from obs_dagster.exports.sample import Sample
from obs_dagster.exports.way import ExportError
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.permissions import open_as_started

_WRITTEN = "tensorboard:///FOLDER"
_EPOCH = dt.date(1970, 1, 1)
_REMEDY = "Install obs-dagster[tensorboard]."


class TensorBoard:
    """Writes scalars of all rows, for every version and window."""

    name = "tensorboard"
    forgets = False

    def schemes(self) -> frozenset[str]:
        """`tensorboard://` only."""
        return frozenset({"tensorboard"})

    def send(self, url: str, samples: Sequence[Sample], now: dt.datetime) -> None:
        """Nothing: trends are of days."""
        del url, samples, now

    def send_day(self, url: str, samples: Sequence[Sample], day: dt.date) -> None:
        """One file for each version; segment cells are left out, for they would be hundreds of charts."""
        runs: dict[Path, list[Sample]] = defaultdict(list)
        for each in samples:
            if each.labels.get("segment", WHOLE) == WHOLE and each.at is not None:
                version = each.labels.get("version", WHOLE)
                name = "all" if version == WHOLE else f"version {part(version)}"
                runs[Path(Address.of(url).path) / part(each.labels["model"]) / name].append(each)
        for folder, those in runs.items():
            try:
                _make(folder)
                write(folder / f"events.out.tfevents.{_seconds(day):011d}.{day}", those, day)
            except OSError as error:
                raise ExportError(f"{folder} cannot be written ({error.strerror}).") from error

    def problem(self, url: str) -> str:
        """It is a folder, and the library is there."""
        found = Address.of(url)
        if found.host or not found.path.strip("/"):
            return f"It is written {_WRITTEN}."
        try:
            import tensorboard.compat.proto  # noqa: F401
        except ImportError:
            return _REMEDY
        return ""


def _make(folder: Path) -> None:
    """Make a folder and those above it; TensorBoard may be run by another user."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(exist_ok=True)
        open_as_started(folder)


def _seconds(day: dt.date) -> int:
    return (day - _EPOCH).days * 86_400


def write(place: Path, samples: Sequence[Sample], day: dt.date) -> None:
    """Write an event file, all of it at once."""
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ImportError as error:
        raise ExportError("TensorBoard's library is not installed.", remedy=_REMEDY) from error
    # it must not look like an event file before it is whole
    aside = place.with_name(f".{place.name.rpartition('.')[2]}.{os.getpid()}")
    with aside.open("wb") as file:
        records = RecordWriter(file)
        records.write(Event(wall_time=_seconds(day), file_version="brain.Event:2").SerializeToString())
        for each in samples:
            event = Event(wall_time=each.at.timestamp() if each.at else 0, step=(day - _EPOCH).days)
            event.summary.value.add(tag=tag(each), simple_value=each.value)
            records.write(event.SerializeToString())
        records.flush()
    open_as_started(aside)
    aside.replace(place)


def tag(sample: Sample) -> str:
    """The name of a chart: what stands before the slash is TensorBoard's group of charts."""
    labels = sample.about
    window = f"{labels['window']} days" if labels.get("window", "1") != "1" else ""
    about = " ".join(filter(None, [labels.get("column", ""), window])) or "day"
    return f"{sample.name.removeprefix('obs_model_')}/{about}"


WAY = TensorBoard()
