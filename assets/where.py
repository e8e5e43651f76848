"""Where a model is wrong and why its numbers changed: kept for alerts, and told in the metadata."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import dagster as dg

from obs_dagster.errors import LakeError, SourceError
from obs_dagster.evaluation.fairness import FairnessError, fairness_between
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.where import WhereError, metrics_to_explain, why_on
from obs_dagster.evaluation.where_kept import keep_sentences
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.reports.effect import headline, newest_effect
from obs_dagster.reports.fairness import in_words
from obs_dagster.reports.versus import newest_versus, verdict_on
from obs_dagster.reports.why import told_of
from obs_dagster.verdict.headline import headline_window, settled_through


def where_and_why(night: Night, day: dt.date) -> Mapping[str, dg.MetadataValue]:
    """What is said of a night's last day, and kept of it and of the day whose labels are complete now."""
    settled = settled_through(night.monitor, day) or day
    return {**_against(night, settled), **_why(night, day, settled), **_fairness(night, day)}


def _fairness(night: Night, day: dt.date) -> Mapping[str, dg.MetadataValue]:
    """How groups of people are treated, over the window that people see first."""
    if not night.monitor.fairness.attributes:
        return {}
    first = day - dt.timedelta(days=headline_window(night.monitor) - 1)
    try:
        found = fairness_between(night, first, day)
    except (FairnessError, LakeError):
        # another kind of model, or a day that is damaged, which is told elsewhere
        return {}
    lines = [f"Of {first} to {day}:", ""]
    lines += [f"- version {each.version}, by {each.groups.attribute}: {in_words(each)}" for each in found]
    return {"groups of people in words": dg.MetadataValue.md("\n".join(lines))}


def _against(night: Night, settled: dt.date) -> Mapping[str, dg.MetadataValue]:
    """The newest version against the champion or the one before it, and what serving it did where asked."""
    try:
        compared = [each for each in newest_versus(night, settled) if each.segment == WHOLE]
        newest = (compared[0].first, compared[0].second) if compared else None
        effect = newest_effect(night, settled, newest)
    except (LakeError, SourceError):
        # a day that is damaged, which is told elsewhere
        return {}
    found = {}
    if compared:
        versions = "\n".join(f"- {verdict_on(each)}" for each in compared)
        found["version against version"] = dg.MetadataValue.md(versions)
    if effect is not None:
        found["effect of the newest version"] = dg.MetadataValue.md(headline(effect))
    return found


def _why(night: Night, day: dt.date, settled: dt.date) -> Mapping[str, dg.MetadataValue]:
    """Where versions are wrong, and what changes of their metrics are made of."""
    monitor = night.monitor
    try:
        first, *others = metrics_to_explain(monitor)
        watched = {part.metric for rule in monitor.alerts for part in rule.parts}
        metrics = [first, *(each for each in others if each in watched)]
        told: dict[str, dict[str, str]] = {}
        for each in dict.fromkeys((day, settled)):
            told = _sentences(night, each, metrics)
            keep_sentences(monitor.model, night.lake, each, told)
    except (WhereError, LakeError):
        # another kind of model, no segments, no labels, or a day that is damaged, which is told elsewhere
        return {}
    lines = [f"Of the 7 days to {settled}:", ""]
    lines += [f"- version {version}: {of[first]}" for version, of in sorted(told.items())]
    return {"where and why": dg.MetadataValue.md("\n".join(lines))}


def _sentences(night: Night, day: dt.date, metrics: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for metric in metrics:
        for each in why_on(night, day, metric)[0]:
            found.setdefault(each.version, {})[metric] = " ".join(told_of(each, metric))
    return found
