"""What the last night of every model took of the machine, and whether nights still fit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from obs_dagster.capacity import Forecast, forecast, night_window
from obs_dagster.capacity.forecast import DAYS
from obs_dagster.exports.sample import Gauge, Sample
from obs_dagster.exports.seen import Seen
from obs_dagster.history.usage import NightUsage, StageUsage, read, read_programs

_STAGE = ("model", "stage")
_SECONDS = Gauge("obs_stage_duration_seconds", "How long a stage of the last night took.", _STAGE, "seconds")
_CPU = Gauge(
    "obs_stage_cpu_seconds",
    "Processor time of a stage of the last night, of all cores, with what ran beside it.",
    _STAGE,
    "seconds",
)
_MEMORY = Gauge(
    "obs_stage_memory_peak_bytes",
    "Memory that the processes of a stage of the last night held together at most.",
    _STAGE,
    "bytes",
)
_READ = Gauge("obs_stage_disk_read_bytes", "What a stage of the last night read from disk.", _STAGE, "bytes")
_WRITTEN = Gauge(
    "obs_stage_disk_written_bytes", "What a stage of the last night wrote to disk.", _STAGE, "bytes"
)
_WAITED = Gauge(
    "obs_stage_disk_wait_seconds",
    "How long a stage of the last night waited for disks, where the kernel counts it.",
    _STAGE,
    "seconds",
)
_BUSY = Gauge("obs_stage_cores_busy", "Cores that a stage of the last night kept busy on average.", _STAGE)
_GPU = Gauge(
    "obs_stage_gpu_busy_ratio",
    "How busy graphics processors were on average in a stage of the last night.",
    _STAGE,
    "ratio",
)
_GPU_MEMORY = Gauge(
    "obs_stage_gpu_memory_bytes",
    "Memory of graphics processors that a stage of the last night used at most.",
    _STAGE,
    "bytes",
)
_NIGHT = Gauge(
    "obs_night_duration_seconds",
    "How long the last night took, from its first stage to its last.",
    ("model",),
    "seconds",
)
_PER_ROWS = Gauge(
    "obs_night_seconds_per_million_rows",
    "Seconds that the last night took for each million rows of its day.",
    ("model",),
)
_BYTES_PER_ROWS = Gauge(
    "obs_night_written_bytes_per_million_rows",
    "Bytes that the last night wrote to disk for each million rows of its day.",
    ("model",),
)
_CORES = Gauge(
    "obs_night_saturation_ratio",
    "The share of the machine's cores that the last night kept busy on average.",
    ("model",),
    "ratio",
)
_FREE = Gauge(
    "obs_night_disk_free_bytes",
    "Bytes that were free at the end of the last night on the disk of the program's files.",
    ("model",),
    "bytes",
)
_SHARE = Gauge(
    "obs_night_window_ratio",
    "The share of the time between nights that one takes, by the trend; above 1 they no longer fit.",
    ("model",),
    "ratio",
)
_LEFT = Gauge(
    "obs_night_window_left_seconds",
    "Time until a night takes longer than there is until the next; left out while nights do not surely grow.",
    ("model",),
    "seconds",
)
_PROGRAM = Gauge(
    "obs_program_info",
    "The version of a program that the last night ran with, as a label; the value is 1.",
    ("model", "program", "version"),
)
_PER = 1_000_000


class Resources:
    """Of every model that had a night, stage by stage."""

    name = "resources"

    def gauges(self) -> Iterable[Gauge]:
        """Of stages, of nights and of what is to come."""
        return (
            *(_SECONDS, _CPU, _MEMORY, _READ, _WRITTEN, _WAITED, _BUSY, _GPU, _GPU_MEMORY),
            *(_NIGHT, _PER_ROWS, _BYTES_PER_ROWS, _CORES, _FREE, _SHARE, _LEFT, _PROGRAM),
        )

    def samples(self, seen: Seen) -> Iterator[Sample]:
        """Those that are known."""
        for model, night in seen.last.items():
            nights = read(seen.connection, model, night.day - dt.timedelta(days=DAYS), night.day)
            if nights and nights[-1].day == night.day:
                yield from _of_night(nights[-1], night.rows)
            if (monitor := seen.monitors.get(model)) is not None:
                found = forecast(nights, night_window(monitor))
                if isinstance(found, Forecast):
                    yield _SHARE.of(found.share, detail=8, model=model)
                    if found.days_left is not None:
                        yield _LEFT.of(86_400 * found.days_left, detail=8, model=model)
            for programs in read_programs(seen.connection, model, night.day, night.day).values():
                for program, version in programs.items():
                    yield _PROGRAM.of(1, detail=9, model=model, program=program, version=version)


def _of_night(night: NightUsage, rows: int) -> Iterator[Sample]:
    usage, model = night.usage, night.model
    yield _NIGHT.of(usage.seconds, detail=8, model=model)
    yield _CORES.of(usage.saturation, detail=8, model=model)
    if rows:
        yield _PER_ROWS.of(_PER * usage.seconds / rows, detail=8, model=model)
        if usage.written_bytes is not None:
            yield _BYTES_PER_ROWS.of(_PER * usage.written_bytes / rows, detail=8, model=model)
    if usage.disk_free is not None:
        yield _FREE.of(usage.disk_free, detail=8, model=model)
    for stage in night.stages:
        yield from _of_stage(stage)


def _of_stage(stage: StageUsage) -> Iterator[Sample]:
    usage = stage.usage
    known = (
        (_SECONDS, usage.seconds),
        (_CPU, usage.cpu_seconds),
        (_MEMORY, usage.peak_memory),
        (_READ, usage.read_bytes),
        (_WRITTEN, usage.written_bytes),
        (_WAITED, usage.io_wait_seconds),
        (_BUSY, usage.cores_busy),
        (_GPU, usage.gpu_share),
        (_GPU_MEMORY, usage.gpu_memory),
    )
    for gauge, value in known:
        if value is not None:
            yield gauge.of(value, detail=8, model=stage.model, stage=stage.stage)


READING = Resources()
