"""The audit report: how groups of people were treated in a period, as one page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from obs_dagster.evaluation.fairness import AttributeFairness
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor import Monitor
from obs_dagster.reports.fairness.sections import fairness_sections
from obs_dagster.reports.fairness.words import QUESTIONS, not_known, too_small, verdict_of
from obs_dagster.reports.health.sections import draw_section
from obs_dagster.reports.templates import environment


def render_fairness(
    monitor: Monitor,
    first: dt.date,
    last: dt.date,
    found: Sequence[AttributeFairness],
    now: dt.datetime,
) -> str:
    """The report as one HTML document that loads nothing, and prints well.

    Args:
        monitor: the monitor.
        first: the first day.
        last: the last day.
        found: how each version treated the groups of each attribute.
        now: the present, with its time zone.
    """
    sections = fairness_sections(found)
    versions = [
        {
            "name": version,
            "told": [
                (
                    each.groups.attribute,
                    [*verdict_of(each), *filter(None, [too_small(each.groups), not_known(each.groups)])],
                )
                for each in found
                if each.version == version
            ],
            # what the answers come to stands above all of them
            "sections": [
                draw_section(replace(each, note="") if place % 2 == 0 else each)
                for place, each in enumerate(parts)
            ],
        }
        for version, parts in sections.items()
    ]
    known = definitions()
    return (
        environment(__name__)
        .get_template("fairness.html.j2")
        .render(
            monitor=monitor,
            first=first,
            last=last,
            versions=versions,
            meanings=[known[name] for name in QUESTIONS],
            now=now,
        )
    )
