"""An alert rule as an asset check: what was measured, and against which threshold."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from assets.changes import changes_metadata
from assets.tables import rounded, table
from obs_dagster.alerts import RuleSummary, Subject
from obs_dagster.alerts.rules.fold import Observation, threshold
from obs_dagster.changes.change import Change
from obs_dagster.changes.words import line
from obs_dagster.figures import given, told_apart
from obs_dagster.monitor import Rule
from obs_dagster.verdict.wording import UNKNOWN, about, limit, measured, period

_SEVERITIES = {"info": dg.AssetCheckSeverity.WARN, "warning": dg.AssetCheckSeverity.WARN}


def check_result(summary: RuleSummary, changes: Sequence[Change] = ()) -> dg.AssetCheckResult:
    """The check of one rule, with the subject in the gravest status whose value is worst.

    Args:
        summary: what became of the rule.
        changes: how the values moved that it is about, the worst first.
    """
    rule, worst = summary.rule, summary.worst
    metadata: dict[str, dg.MetadataValue | str | int | float] = {
        "status": summary.status,
        "subjects firing": len(summary.subjects["firing"]),
    }
    told = "No night could be judged yet."
    if worst is not None and worst.night is not None:
        told = _sentence(rule, worst.subject, worst.night)
        if summary.status == "unknown":
            told = f"The last night could not be judged. {told}"
        # Dagster sorts metadata by name; the columns of a table stay in order
        metadata["at worst"] = _measurement(rule, worst.subject, worst.night)
        if worst.night.value is not None:
            # by itself too, because Dagster draws numbers over the nights
            metadata["value"] = rounded(worst.night.value)
    if changes:
        metadata |= changes_metadata(changes)
        told += f" {line(changes[0])}."
    return dg.AssetCheckResult(
        check_name=rule.name,
        passed=summary.status != "firing",
        severity=_SEVERITIES.get(rule.severity, dg.AssetCheckSeverity.ERROR),
        metadata=metadata,
        description=told,
    )


def _sentence(rule: Rule, subject: Subject, night: Observation) -> str:
    """What was measured, in words; the rule's summary stands above it as the check's description."""
    held = threshold(rule, night)
    origin = f", {rule.threshold.origin}" if rule.threshold.origin else ""
    return (
        f"Version {subject.version}: {about(rule.metric, subject.column, subject.segment)} "
        f"{measured(rule.metric, night.value, night.low, night.high, threshold=held)} "
        f"{period(rule.window, night.day)} "
        f"(in breach {rule.direction} {_limit(rule, held)}{origin})."
    )


def _measurement(rule: Rule, subject: Subject, night: Observation) -> dg.TableMetadataValue:
    held = threshold(rule, night)
    row = {
        "value": _figure(night.value, held),
        "threshold": f"{rule.direction} {UNKNOWN if held is None else given(held)}",
        "95% low": _figure(night.low, held),
        "95% high": _figure(night.high, held),
        "rows": night.n,
        "version": subject.version,
        "segment": subject.segment,
        "column": subject.column or "–",  # noqa: RUF001  a dash means that it is about the model
        "window": f"{rule.window} days to {night.day}",
    }
    return table([row], list(row))


def _limit(rule: Rule, held: float | None) -> str:
    return "a value that is not known" if held is None else limit(rule.metric, held)


def _figure(value: float | None, held: float | None) -> str | None:
    """Four significant digits, or as many as tell the value from the threshold."""
    if value is None:
        return None
    return f"{value:.4g}" if held is None else told_apart(value, held, f"{value:.4g}")
