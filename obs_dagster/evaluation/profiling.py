"""A day's clean rows reduced and stored: column profiles, and outcomes once labels are there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from obs_dagster.engine.engine import engine_of
from obs_dagster.evaluation.windows import OUTCOMES, PROFILES
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.baseline import grown_grids, load_grids
from obs_dagster.profile.columns import DAY
from obs_dagster.profile.outcomes import SCHEMA, OutcomeProfile
from obs_dagster.profile.profile import Profile
from obs_dagster.profile.reduction import reduce_days, reduce_outcome_days
from obs_dagster.quality.day import DayQuality, day_quality, validated
from obs_dagster.quality.refusal import fact
from obs_dagster.sources.labels import GROUND_TRUTH

#: Rows that share a query; more days than these are taken in turns, so that memory stays bounded.
_BATCH_ROWS = 1_000_000


def profile_days(monitor: Monitor, days: Iterable[dt.date], lake: Lake) -> Iterator[tuple[dt.date, Profile]]:
    """Reduce the clean rows of days and replace their profiles; a day that is not evaluated has no counts.

    Raises:
        LakeError: the baseline has not been prepared, or a day not been validated.
    """
    grids = load_grids(monitor, lake)
    table = lake.table(monitor.model, PROFILES)
    for batch in _batches(monitor, days, lake):
        evaluated = [day for day, quality in batch if quality.evaluated]
        profiles = {}
        if evaluated:
            with engine_of(monitor).clean_rows(monitor, evaluated, lake) as rows:
                profiles = reduce_days(rows, monitor, grown_grids(monitor, rows, lake), DAY)
        for day, quality in batch:
            profile = profiles.get(day.isoformat(), Profile.empty(grids))
            fingerprint = f"{quality.fingerprint}-{grids.id}"
            refused = fact(quality.reason) if quality.refused else ""
            table.write(
                day,
                profile.table,
                {
                    "grids": grids.id,
                    "columns": grids.ids,
                    "fingerprint": fingerprint,
                    "refused": refused,
                },
            )
            yield day, profile


def damaged_profiles(monitor: Monitor, lake: Lake) -> list[dt.date]:
    """The validated days whose profile cannot be read, and can be made again."""
    days = lake.table(monitor.model, PROFILES).damaged()
    return [day for day in days if day_quality(monitor, day, lake) is not None]


def _batches(
    monitor: Monitor, days: Iterable[dt.date], lake: Lake
) -> Iterator[list[tuple[dt.date, DayQuality]]]:
    """Days that can share a query: the same columns, and not too many rows together."""
    batch: list[tuple[dt.date, DayQuality]] = []
    for day, quality in validated(monitor, days, lake).items():
        rows = sum(each.rows for _, each in batch) + quality.rows
        if batch and (rows > _BATCH_ROWS or batch[0][1].missing_columns != quality.missing_columns):
            yield batch
            batch = []
        batch.append((day, quality))
    if batch:
        yield batch


def stale_outcomes(monitor: Monitor, lake: Lake, days: Sequence[dt.date]) -> set[dt.date]:
    """Days whose stored outcomes no longer follow from their rows and labels.

    Compares contents and asks nobody what changed, so a killed run or a repaired file is seen as well.
    """
    outcomes = lake.table(monitor.model, OUTCOMES)
    return {
        day
        for day in days
        if (outcomes.readable(day) or {}).get("fingerprint") != _inputs(monitor, day, lake)
    }


def reduce_outcomes_of(
    monitor: Monitor, days: Iterable[dt.date], lake: Lake
) -> Iterator[tuple[dt.date, OutcomeProfile]]:
    """Join the clean rows of days with their labels, reduce them and replace the days' outcomes.

    Raises:
        LakeError: the baseline has not been prepared, or a day not been validated.
    """
    table = lake.table(monitor.model, OUTCOMES)
    for batch in _batches(monitor, days, lake):
        inputs = {day: _inputs(monitor, day, lake) for day, _ in batch}
        evaluated = [day for day, quality in batch if quality.evaluated]
        found = {}
        if evaluated:
            with engine_of(monitor).labelled_rows(monitor, evaluated, lake) as rows:
                found = reduce_outcome_days(rows, monitor, grown_grids(monitor, rows, lake), DAY)
        for day, _ in batch:
            outcomes = found.get(day.isoformat(), OutcomeProfile(SCHEMA.empty_table()))
            table.write(day, outcomes.table, {"fingerprint": inputs[day]})
            yield day, outcomes


def _inputs(monitor: Monitor, day: dt.date, lake: Lake) -> str:
    """The fingerprint of everything that the day's outcomes follow from."""
    quality = day_quality(monitor, day, lake)
    truth = lake.table(monitor.model, GROUND_TRUTH).manifest(day) or {}
    rows = quality.fingerprint if quality is not None else ""
    roles, grids = monitor.logs.columns, load_grids(monitor, lake)
    read = f"{roles.prediction_id}|{roles.version}|{roles.score}|{roles.prediction}|{monitor.logs.threshold}"
    return f"{rows}|{truth.get('fingerprint', '')}|{monitor.cuts}|{read}|{grids.id}"
