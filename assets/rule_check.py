"""An alert rule as an asset check: what was measured, and against which threshold."""

from __future__ import annotations

import dagster as dg

from assets.tables import rounded, table
from obs_dagster.alerts import RuleSummary, Subject
from obs_dagster.alerts.rules.fold import Observation, threshold
from obs_dagster.figures import given, told_apart
from obs_dagster.monitor import Rule
from obs_dagster.verdict.wording import about, limit, measured, period

_SEVERITIES = {"info": dg.AssetCheckSeverity.WARN, "warning": dg.AssetCheckSeverity.WARN}


def check_result(summary: RuleSummary) -> dg.AssetCheckResult:
    """The check of one rule, with the subject in the gravest status whose value is worst."""
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
    return dg.AssetCheckResult(
        check_name=rule.name,
        passed=summary.status != "firing",
        severity=_SEVERITIES.get(rule.severity, dg.AssetCheckSeverity.ERROR),
        metadata=metadata,
        description=told,
    )


def _sentence(rule: Rule, subject: Subject, night: Observation) -> str:
    """What was measured, in words; the rule's summary stands above it as the check's description."""
    return (
        f"Version {subject.version}: {about(rule.metric, subject.column, subject.segment)} "
        f"{measured(rule.metric, night.value, night.low, night.high, threshold=threshold(rule))} "
        f"{period(rule.window, night.day)} "
        f"(in breach {_direction(rule)} {limit(rule.metric, threshold(rule))})."
    )


def _measurement(rule: Rule, subject: Subject, night: Observation) -> dg.TableMetadataValue:
    row = {
        "value": _figure(rule, night.value),
        "threshold": f"{_direction(rule)} {given(threshold(rule))}",
        "95% low": _figure(rule, night.low),
        "95% high": _figure(rule, night.high),
        "rows": night.n,
        "version": subject.version,
        "segment": subject.segment,
        "column": subject.column or "–",  # noqa: RUF001  a dash means that it is about the model
        "window": f"{rule.window} days to {night.day}",
    }
    return table([row], list(row))


def _figure(rule: Rule, value: float | None) -> str | None:
    """Four significant digits, or as many as tell the value from the threshold."""
    return None if value is None else told_apart(value, threshold(rule), f"{value:.4g}")


def _direction(rule: Rule) -> str:
    return "below" if rule.above is None else "above"
