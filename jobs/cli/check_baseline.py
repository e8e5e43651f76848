"""What a look at a monitor's baseline says: which versions, which columns, which days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from jobs.cli.findings import Finding
from jobs.cli.next_step import next_step
from obs_dagster.errors import ObsError

if TYPE_CHECKING:
    from obs_dagster.monitor import Monitor
    from obs_dagster.monitor.data import TrainingBaseline

_MOST_NAMED = 5
_ROWS = 10_000


def look_at_baseline(monitor: Monitor, versions: Sequence[str] | None) -> Iterator[Finding]:
    """Look at what the versions are compared with.

    Args:
        monitor: declares the baseline.
        versions: those in the log, as far as they were seen.
    """
    baseline = monitor.baseline
    if baseline.kind == "training":
        yield from _training(monitor, baseline, versions or ())
    elif baseline.kind == "rolling":
        ends = f"ending {baseline.gap_days} days before each night"
        yield Finding(monitor.model, "baseline", "ok", f"rolling, {baseline.days} days {ends}")
    elif monitor.logs.source == "ibis":
        detail = f"{baseline.first} to {baseline.last} of the table, looked at when its night runs"
        yield Finding(monitor.model, "baseline", "ok", detail)
    else:
        yield _of_days(monitor, baseline.first, baseline.last)


def _of_days(monitor: Monitor, first: dt.date, last: dt.date) -> Finding:
    from obs_dagster.baselines.rows import days_with_files

    try:
        days = [day for day in days_with_files(monitor)[0] if first <= day <= last]
    except ObsError as error:
        return Finding(monitor.model, "baseline", "fail", str(error))
    detail = f"{len(days)} of the {(last - first).days + 1} days {first} to {last} have files"
    return Finding(monitor.model, "baseline", "ok" if days else "warn", detail)


def _training(monitor: Monitor, baseline: TrainingBaseline, versions: Sequence[str]) -> Iterator[Finding]:
    from obs_dagster.baselines.rows import training_files
    from obs_dagster.monitor.task import outputs
    from obs_dagster.sources.files import connect
    from obs_dagster.sources.training_faults import training_faults

    try:
        sources = training_files(monitor, baseline)
        if not sources:
            pattern = monitor.resolve_path(baseline.path, version="VERSION").replace("VERSION", "*")
            yield Finding(
                monitor.model, "baseline", "warn", f"no files yet ({next_step(pattern)}): {pattern}"
            )
            return
        latest = list(sources)[-1]
        with connect() as connection:
            parts = sources[latest].parts(connection, most=0)
            faults = training_faults(connection, monitor, sources[latest], most=_ROWS)
    except ObsError as error:
        yield Finding(monitor.model, "baseline", "fail", str(error))
        return
    present = {name for part in parts for name in part.found}
    needed = [*monitor.features, *(each.column for each in outputs(monitor) if each.required)]
    if missing := [name for name in needed if name not in present]:
        detail = f"the training rows of version {latest} have no column {', '.join(missing)}"
        yield Finding(monitor.model, "baseline", "warn", f"{detail}: these are compared with nothing")
    else:
        yield Finding(monitor.model, "baseline", "ok", f"training rows of versions {_listed(list(sources))}")
    yield from (Finding(monitor.model, "baseline", "warn", fault) for fault in faults[:_MOST_NAMED])
    if without := [version for version in versions if version not in sources]:
        detail = f"the log has versions without training rows: {_listed(without)}"
        if any("/" in version for version in without):
            detail += ". A version with `/` in its name has no file of that name; rename it, or use days"
        yield Finding(monitor.model, "baseline", "warn", detail)


def _listed(names: Sequence[str]) -> str:
    shown = [name if len(name) <= 40 else f"{name[:40]}…" for name in names[:_MOST_NAMED]]  # noqa: PLR2004  readable
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(shown)}{more}"
