"""What follows for a day from how many of its rows broke which rule, wherever these were counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.contract import UNCAST_RULE
from obs_dagster.quality.day_rows import Uncast
from obs_dagster.quality.expectations import ExpectationResult
from obs_dagster.quality.refusal import reason_of
from obs_dagster.quality.rules_by_column import rules_by_column
from obs_dagster.quality.validated import DayQuality


def concluded(
    monitor: Monitor,
    day: dt.date,
    manifest: Mapping[str, Any],
    *,
    quarantined: int,
    broken: Mapping[str, int],
    released: Mapping[str, int],
    results: Iterable[ExpectationResult],
    uncast: Sequence[Uncast],
    digest: str,
    examples: Mapping[str, str] | None = None,
) -> DayQuality:
    """The quality of a day.

    Args:
        monitor: says what is sound enough to be evaluated.
        day: the day.
        manifest: of its ingested rows.
        quarantined: rows that broke a rule.
        broken: by rule, how many rows broke it.
        released: by rule, how many rows would have, and were released.
        results: what became of each expectation.
        uncast: values of columns that are not of the declared type.
        digest: changes with which rows were quarantined.
        examples: by rule, a value that broke it; left out: no values are known.
    """
    shown = dict(examples or {})
    rules = dict(sorted(broken.items(), key=lambda item: (-item[1], item[0])))
    reason = reason_of(
        monitor,
        day,
        manifest,
        quarantined=quarantined,
        rules=rules_by_column(monitor, rules, uncast),
        examples=shown | {each.rule: each.example for each in uncast if each.example},
    )
    return DayQuality(
        evaluated=not reason,
        reason=reason,
        rows=manifest["rows"],
        quarantined=quarantined,
        duplicates=manifest["duplicates"],
        versions=manifest["versions"],
        schema_changes=manifest["schema_changes"],
        broken_rules=rules,
        results=[asdict(result) for result in results],
        fingerprint=f"{manifest['fingerprint']}-{digest}{'-refused' if reason else ''}",
        examples=shown | ({UNCAST_RULE: uncast[0].told} if examples is not None and uncast else {}),
        released=dict(released),
        conflicts=manifest.get("conflicts", 0),
        conflicting=manifest.get("conflicting", []),
        # there are no values, whatever becomes of the rows
        purged=examples is None,
    )
