"""How values are distributed on a day, and how two days differ; from profiles, without reading rows."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import Recorder, seed
from obs_dagster.evaluation.windows import compared_with, day_profile
from obs_dagster.lake.lake import Lake
from obs_dagster.metrics.drift.comparison import Comparison
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.quantile import quantile
from obs_dagster.metrics.registry import common
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.notebook.frames import Frame, framed
from obs_dagster.notebook.known import Names, listed, monitor_named, night_of
from obs_dagster.profile.columns import profiled_columns
from obs_dagster.profile.distribution import Counts, NumericCounts
from obs_dagster.profile.profile import Profile
from obs_dagster.settings import Settings

_QUANTILES = {"p5": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}
#: The columns of a summary that both sides of a comparison have.
_COMPARED = ("rows", "missing", "mean", "median", "top", "top_share")
_SUBJECT = pa.schema([(name, pa.string()) for name in ("version", "segment", "column", "kind")])
_SUMMARY = pa.schema(
    [
        ("rows", pa.int64()),
        ("missing", pa.int64()),
        *((name, pa.float64()) for name in ("mean", "std", "min", *_QUANTILES, "max")),
        ("distinct", pa.int64()),
        ("top", pa.string()),
        ("top_share", pa.float64()),
    ]
)

BASELINE = "baseline"
"""What stands for a version's baseline, in the place of a day."""


def profile(
    model: str,
    day: str | dt.date,
    *,
    version: Names = None,
    segment: str = WHOLE,
    column: Names = None,
    frame: Frame = "pandas",
) -> Any:
    """How the values of each column were distributed on a day, per version.

    Args:
        model: the model, as its monitor names it.
        day: a day that was run, as a date or YYYY-MM-DD.
        version: only this version; one or several.
        segment: the segment cell, as `origin=JFK`; the whole is `*`.
        column: only this column; one or several.
        frame: what to return: "pandas", "polars" or "arrow".

    Returns:
        A row per version and column: rows, missing (null, NaN or infinite); of numbers mean, standard
        deviation, extremes and quantiles (of the profile's bins, so good to half a percent); of categories
        how many there are, and the most frequent with its share.

    Raises:
        UnknownNameError: there is no such model, version, segment or column; it says what there is.
        ObsError: the day was not run; it says which were.
    """
    asked = _Asked(model)
    found = asked.day(day)
    rows = [
        subject | _summary(counts)
        for subject, counts in asked.columns(found, version=version, segment=segment, column=column)
    ]
    return framed(_table(rows, pa.unify_schemas([_SUBJECT, _SUMMARY])), frame)


def compare(
    model: str,
    before: str | dt.date,
    after: str | dt.date,
    *,
    version: Names = None,
    segment: str = WHOLE,
    column: Names = None,
    frame: Frame = "pandas",
) -> Any:
    """How the values of each column differ between two days, or between the baseline and a day.

    Args:
        model: the model, as its monitor names it.
        before: a day that was run, or "baseline" for what `after` was compared with.
        after: a day that was run.
        version: as for `profile`.
        segment: as for `profile`.
        column: as for `profile`.
        frame: as for `profile`.

    Returns:
        A row per version and column: rows, missing, mean and median, or the most frequent value and its
        share, each `_before` and `_after`, and every drift statistic, by the names of docs/metrics.md.

    Raises:
        UnknownNameError: there is no such model, version, segment or column; it says what there is.
        ObsError: a day was not run; it says which were.
    """
    asked = _Asked(model)
    later = asked.day(after)
    day = night_of(model, after)
    rows = []
    earlier = None if before == BASELINE else asked.day(before)
    for subject, counts in asked.columns(later, version=version, segment=segment, column=column):
        of = compared_with(asked.night, subject["version"], day).profile if earlier is None else earlier
        reference = of.counts(subject["version"], segment, subject["column"]) if of is not None else None
        given = Comparison(reference, counts, seed(model, *subject.values(), before, after))
        found = evaluate("drift", given, only=common("drift"))
        statistics = {name: estimate.value for name, estimate in found.items()}
        old, new = _summary(reference) if reference is not None else {}, _summary(counts)
        sides = {f"{name}_before": old.get(name) for name in _COMPARED}
        sides |= {f"{name}_after": new.get(name) for name in _COMPARED}
        rows.append(subject | {name: sides[name] for name in _sided()} | statistics)
    schema = [*_SUBJECT, *(pa.field(name, _SUMMARY.field(_bare(name)).type) for name in _sided())]
    schema += [pa.field(name, pa.float64()) for name in common("drift")]
    return framed(_table(rows, pa.schema(schema)), frame)


def _sided() -> list[str]:
    return [f"{name}_{side}" for name in _COMPARED for side in ("before", "after")]


def _bare(name: str) -> str:
    return name.rsplit("_", 1)[0]


class _Asked:
    """What somebody asks of a model's profiles."""

    def __init__(self, model: str) -> None:
        monitor = monitor_named(model)
        recorder = Recorder(model, "", dt.datetime.now(dt.UTC), monitor.task)
        self.night = Night(monitor, Lake(Settings().lake_root), recorder)

    def day(self, written: str | dt.date) -> Profile:
        return day_profile(self.night, night_of(self.night.monitor.model, written))

    def columns(
        self, found: Profile, *, version: Names, segment: str, column: Names
    ) -> Iterator[tuple[dict[str, str], Counts]]:
        """The counts of each version and column, with what they are about."""
        known = {each.name: each for each in profiled_columns(self.night.monitor)}
        versions = listed(version, found.versions(), "version of the day") or found.versions()
        names = listed(column, known, "column") or list(known)
        listed(segment, {each for name in versions for each in found.segments(name)}, "segment of the day")
        for each in versions:
            for name in names:
                counts = found.counts(each, segment, name)
                if counts is not None:
                    kind = "number" if isinstance(counts, NumericCounts) else "category"
                    yield {"version": each, "segment": segment, "column": name, "kind": kind}, counts


def _summary(counts: Counts) -> dict[str, Any]:
    found: dict[str, Any] = {"rows": counts.rows, "missing": counts.missing}
    if not isinstance(counts, NumericCounts):
        top = max(counts.counts, key=lambda value: (counts.counts[value], value), default=None)
        share = None if top is None else counts.counts[top] / counts.n
        return found | {"distinct": len(counts.counts), "top": top, "top_share": share}
    if not counts.n:
        return found
    mean = counts.total / counts.n
    spread = math.sqrt(max(counts.total_sq / counts.n - mean * mean, 0.0))
    ends = {"min": counts.minimum, "max": counts.maximum}
    levels = {name: quantile(counts, level).value for name, level in _QUANTILES.items()}
    return found | {"mean": mean, "std": spread} | ends | levels


def _table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.table({field.name: [row.get(field.name) for row in rows] for field in schema}, schema=schema)
