"""All samples of the present, bounded per model."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from obs_dagster import __version__
from obs_dagster.errors import HistoryError
from obs_dagster.exports.reading import READINGS
from obs_dagster.exports.sample import Gauge, Sample
from obs_dagster.exports.seen import Seen
from obs_dagster.history import History
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.loading import Faulty
from obs_dagster.secrets import scrub
from obs_dagster.telemetry.event import Event

_INFO = Gauge("obs_build_info", "The version of this program; the value is 1.", ("release",))
_MADE = Gauge("obs_export_timestamp_seconds", "When these samples were made.", (), "seconds", by_time=True)
_LEFT_OUT = Gauge(
    "obs_export_samples_left_out",
    "Samples of a model beyond OBS_EXPORTS_SERIES, which are in the history store only.",
    ("model",),
)
_BROKEN = Gauge(
    "obs_export_reading_failed",
    "1 for a kind of samples that could not be made; the others are there.",
    ("reading",),
)
OWN = (_INFO, _MADE, _LEFT_OUT, _BROKEN)


_FAILED = Event(
    "obs_dagster.exports",
    "reading failed",
    "error",
    "Some of the samples of models' health could not be made; the others are exported.",
    {"reading": "which", "error": "why"},
)


def collect(
    history: History,
    monitors: Mapping[str, Monitor],
    now: dt.datetime,
    *,
    faulty: Collection[Faulty] = (),
    series: int,
) -> list[Sample]:
    """Every sample of the present, by name; of each model no more than `series`, the least detailed first.

    What fails in one reading is told by a sample, and by the log, and does not keep back the others.

    Raises:
        HistoryError: the store cannot be read.
    """
    found: list[Sample] = [_INFO.of(1, release=__version__), _MADE.of(now.timestamp())]
    with history.reading() as connection:
        seen = Seen(history, connection, monitors, now, faulty)
        for name, reading in READINGS.all().items():
            broken = False
            try:
                found += list(reading.samples(seen))
            except HistoryError:
                raise
            except Exception as error:  # noqa: BLE001  one reading must not keep back the others
                broken = True
                why = scrub(f"{type(error).__name__}: {error}")
                _FAILED(reading=name, error=why)
            found.append(_BROKEN.of(broken, reading=name))
    return sorted(bounded(found, series), key=lambda each: each.name)


def bounded(samples: Collection[Sample], series: int) -> Iterator[Sample]:
    """The samples, of each model so many at most; and for each model how many were left out."""
    given: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for each in sorted(samples, key=lambda each: each.detail):
        model = each.labels.get("model", "")
        if model:
            left[model] += 0
            if given[model] >= series:
                left[model] += 1
                continue
            given[model] += 1
        yield each
    for model, number in sorted(left.items()):
        yield _LEFT_OUT.of(number, model=model)
