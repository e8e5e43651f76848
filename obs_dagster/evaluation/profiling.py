"""A day's clean rows reduced and stored: column profiles, and outcomes once labels are there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.reducing import reduced_outcomes, reduced_profiles
from obs_dagster.monitor.elsewhere import at_sites
from obs_dagster.monitor.task import outputs
from obs_dagster.profile.profile import COUNTS, Profile
from obs_dagster.quality.refusal import fact
from obs_dagster.quality.validated import DayQuality, day_quality, validated
from obs_dagster.sites.stored import merged_outcomes, merged_profile, outcomes_digest
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.labels import GROUND_TRUTH
from obs_dagster.sources.purged import purged_on
from obs_dagster.tasks.outcomes import OutcomeProfile, settings_of
from obs_dagster.tasks.protocol import task_of
from obs_dagster.telemetry.traces import Span, span

#: Rows that share a query; more days than these are taken in turns, so that memory stays bounded.
_BATCH_ROWS = 1_000_000


def profile_days(night: Night, days: Iterable[dt.date]) -> Iterator[tuple[dt.date, Profile]]:
    """Reduce the clean rows of days and replace their profiles; a day that is not evaluated has no counts.

    Raises:
        LakeError: the baseline has not been prepared, or a day not been validated.
    """
    monitor, lake, grids = night.monitor, night.lake, night.grids
    for batch in batches(night, days):
        evaluated = [day for day, quality in batch if quality.evaluated]
        profiles = {}
        if evaluated and at_sites(monitor):
            profiles = {str(day): merged_profile(monitor, day, lake, grids) for day in evaluated}
        elif evaluated:
            with _scan("profile", night, batch):
                profiles = reduced_profiles(monitor, evaluated, lake)
        for day, quality in batch:
            profile = profiles.get(day.isoformat(), Profile.empty(grids))
            fingerprint = f"{quality.fingerprint}-{grids.id}"
            refused = fact(quality.reason) if quality.refused else ""
            night.profiles.write(
                day,
                profile.table,
                {
                    "grids": grids.id,
                    "columns": grids.ids,
                    "fingerprint": fingerprint,
                    "refused": refused,
                },
                counts=COUNTS,
            )
            yield day, profile


def _scan(
    name: str, night: Night, batch: Sequence[tuple[dt.date, DayQuality]]
) -> AbstractContextManager[Span]:
    """The span of reading the rows of some days."""
    first, last = str(batch[0][0]), str(batch[-1][0])
    return span(
        f"scan {name}",
        engine=night.monitor.engine.kind,
        rows=sum(quality.rows for _, quality in batch),
        days=len(batch),
        first=first,
        last=last,
        day=first if first == last else None,
    )


def damaged_profiles(night: Night) -> list[dt.date]:
    """The validated days whose profile cannot be read, and can be made again."""
    days = night.profiles.damaged()
    return [day for day in days if day_quality(night.monitor, day, night.lake) is not None]


def batches(night: Night, days: Iterable[dt.date]) -> Iterator[list[tuple[dt.date, DayQuality]]]:
    """Days that can share a query: the same columns, and not too many rows together."""
    batch: list[tuple[dt.date, DayQuality]] = []
    for day, quality in validated(night.monitor, days, night.lake).items():
        rows = sum(each.rows for _, each in batch) + quality.rows
        if batch and (rows > _BATCH_ROWS or batch[0][1].missing_columns != quality.missing_columns):
            yield batch
            batch = []
        batch.append((day, quality))
    if batch:
        yield batch


def stale_outcomes(night: Night, days: Sequence[dt.date]) -> set[dt.date]:
    """Days whose stored outcomes no longer follow from their rows and labels.

    Compares contents and asks nobody what changed, so a killed run or a repaired file is seen as well.
    """
    logs = night.lake.table(night.monitor.model, LOGS)
    return {
        day
        for day in days
        if (night.outcomes.readable(day) or {}).get("fingerprint") != _inputs(night, day)
        # what was counted of rows that were removed since is what is known of them
        and not purged_on(logs.readable(day))
    }


def reduce_outcomes_of(night: Night, days: Iterable[dt.date]) -> Iterator[tuple[dt.date, OutcomeProfile]]:
    """Join the clean rows of days with their labels, reduce them and replace the days' outcomes.

    Raises:
        LakeError: the baseline has not been prepared, or a day not been validated.
    """
    monitor, lake = night.monitor, night.lake
    kind = task_of(monitor).outcomes
    if kind is None:
        return
    for batch in batches(night, days):
        inputs = {day: _inputs(night, day) for day, _ in batch}
        evaluated = [day for day, quality in batch if quality.evaluated]
        found = {}
        if evaluated and at_sites(monitor):
            found = {str(day): merged_outcomes(monitor, day, lake, kind) for day in evaluated}
        elif evaluated:
            with _scan("outcomes", night, batch):
                found = reduced_outcomes(monitor, evaluated, lake)
        for day, _ in batch:
            outcomes = found.get(day.isoformat(), OutcomeProfile.empty(kind))
            night.outcomes.write(day, outcomes.table, {"fingerprint": inputs[day]})
            yield day, outcomes


def _inputs(night: Night, day: dt.date) -> str:
    """The fingerprint of everything that the day's outcomes follow from."""
    monitor = night.monitor
    quality = day_quality(monitor, day, night.lake)
    if at_sites(monitor):
        labels = outcomes_digest(monitor, day, night.lake)
    else:
        truth = night.lake.table(monitor.model, GROUND_TRUTH).manifest(day) or {}
        labels = truth.get("fingerprint", "")
    rows = quality.fingerprint if quality is not None else ""
    roles = monitor.logs.columns
    read = f"{roles.prediction_id}|{roles.version}|{monitor.task}|{outputs(monitor)}"
    kind = task_of(monitor).outcomes
    counted = f"{settings_of(kind, monitor)}|{kind.schema}" if kind else ""
    return f"{rows}|{labels}|{monitor.outcome_cuts}|{read}{counted}|{night.grids.id}"
