"""An alert rule as an asset check: what was measured, and against which threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dagster as dg

from assets.changes import changes_metadata
from assets.partitions import span
from assets.tables import table
from obs_dagster.alerts import RuleSummary, Subject, SubjectStatus
from obs_dagster.alerts.rules.judging import threshold
from obs_dagster.alerts.rules.observation import Observation
from obs_dagster.changes.change import Change
from obs_dagster.changes.words import line
from obs_dagster.figures import given, told_apart
from obs_dagster.monitor import Rule
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.verdict.wording import UNKNOWN, about, limit, measured, period

_SEVERITIES = {"info": dg.AssetCheckSeverity.WARN, "warning": dg.AssetCheckSeverity.WARN}

_MOST = 50
"""Subjects that are listed."""


def check_result(
    summary: RuleSummary, changes: Sequence[Change] = (), links: Mapping[str, dg.MetadataValue] | None = None
) -> dg.AssetCheckResult:
    """The check of one rule, with every subject that fires, the gravest first.

    It has no numbers, which Dagster would draw over its executions: these are not in the order of days where
    days run again. What is drawn over days is metadata of the partitions.

    Args:
        summary: what became of the rule.
        changes: how the values moved that it is about, the worst first.
        links: where else to look.
    """
    rule, worst = summary.rule, summary.worst
    count = len(summary.subjects[summary.status])
    metadata: dict[str, dg.MetadataValue | str] = {
        "status": f"{summary.status}: {count} subject{'s' * (count != 1)}",
        **(links or {}),
    }
    told = "No night could be judged yet."
    if worst is not None and worst.night is not None:
        told = _sentence(rule, worst.subject, worst.night)
        if summary.status == "unknown":
            told = f"The last night could not be judged. {told}"
        lasts = summary.status in ("firing", "pending")
        # Dagster sorts metadata by name; the columns of a table stay in order
        metadata[summary.status if lasts else "at worst"] = _measurements(
            rule, summary.gravest[: _MOST if lasts else 1]
        )
        if lasts and count > 1:
            told += f" It is the gravest of {count} that are {summary.status}."
    if summary.handled:
        metadata["what people do"] = table(
            (
                {"subject": each.subject.told(rule.metric), "it is": each.handled}
                for each in summary.handled[:_MOST]
            ),
            ["subject", "it is"],
        )
        told += f" {_handled(summary.handled)}"
    if changes:
        metadata |= changes_metadata(changes)
        told += f" {line(changes[0], worst.subject.segment if worst else WHOLE)}."
    return dg.AssetCheckResult(
        check_name=rule.name,
        passed=summary.status != "firing",
        severity=_SEVERITIES.get(rule.severity, dg.AssetCheckSeverity.ERROR),
        metadata=metadata,
        description=told,
    )


def _sentence(rule: Rule, subject: Subject, night: Observation) -> str:
    """What was measured, in words; the rule's summary stands above it as the check's description."""
    rule = night.part or rule
    held = threshold(rule, night)
    origin = f", {rule.threshold.origin}" if rule.threshold.origin else ""
    return (
        f"Version {subject.version}: {about(rule.metric, subject.column, subject.segment)} "
        f"{measured(rule.metric, night.value, night.low, night.high, threshold=held)} "
        f"{period(rule.window, night.day)} "
        f"(in breach {rule.direction} {_limit(rule, held)}{origin})."
    )


def _handled(subjects: Sequence[SubjectStatus]) -> str:
    """What people do about a rule's alerts, as a sentence; that of the first if they do several things."""
    first = subjects[0]
    one = f"version {first.subject.version}{f', {first.subject.column}' if first.subject.column else ''}"
    more = f", and {len(subjects) - 1} more are looked after" if len(subjects) > 1 else ""
    return f"The alert of {one} is {first.handled}{more}."


def _measurements(rule: Rule, subjects: Sequence[SubjectStatus]) -> dg.TableMetadataValue:
    rows = [_measurement(rule, each.subject, each.night) for each in subjects if each.night is not None]
    return table(rows, list(rows[0]))


def _measurement(rule: Rule, subject: Subject, night: Observation) -> dict[str, str | int | None]:
    rule = night.part or rule
    held = threshold(rule, night)
    return {
        "version": subject.version,
        "column": subject.column or UNKNOWN,
        "segment": subject.segment,
        "value": _figure(night.value, held),
        "threshold": f"{rule.direction} {UNKNOWN if held is None else given(held)}",
        "95% low": _figure(night.low, held),
        "95% high": _figure(night.high, held),
        "rows": night.n,
        "window": span(night.day, rule.window),
    }


def _limit(rule: Rule, held: float | None) -> str:
    return "a value that is not known" if held is None else limit(rule.metric, held)


def _figure(value: float | None, held: float | None) -> str | None:
    """Four significant digits, or as many as tell the value from the threshold."""
    if value is None:
        return None
    return f"{value:.4g}" if held is None else told_apart(value, held, f"{value:.4g}")
