"""Requests that show what alerts are about, as lines that lead to their traces."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from obs_dagster.alerts import Alert

_MOST = 6


def example_lines(alerts: Sequence[Alert]) -> list[str]:
    """Examples of the last nights of some alerts of a model: which request, what was wrong, and its trace.

    Empty where the log has no trace ids, single requests show nothing, or the monitor cannot be read.
    """
    from jobs.cli.choice import readable_monitors
    from obs_dagster.alerts.examples import line_of
    from obs_dagster.evaluation.examples import examples_of, kind_shown_by
    from obs_dagster.lake.lake import Lake
    from obs_dagster.metrics.registry import definitions
    from obs_dagster.monitor.whole import WHOLE
    from obs_dagster.settings import Settings

    settings, known = Settings(), definitions()
    wanted: dict[tuple[dt.date, str, str, str], None] = {}
    for alert in alerts:
        if alert.metric in known and (kind := kind_shown_by(known[alert.metric])):
            wanted[alert.last_day, alert.segment, kind, alert.version] = None
    if not wanted:
        return []
    monitors = readable_monitors([alerts[0].model]).monitors
    if not (monitor := monitors.get(alerts[0].model)):
        return []
    lake, links = Lake(settings.lake_root), settings.links
    looked = {
        (day, segment, kind): examples_of(monitor, day, lake, segment=segment, kind=kind)
        for day, segment, kind, _ in wanted
    }
    lines = [
        line_of(each, links)
        for day, segment, kind, version in wanted
        for each in looked[day, segment, kind]
        if version in {each.version, WHOLE}
    ]
    return list(dict.fromkeys(lines))[:_MOST]


def named_lines(lines: Sequence[str]) -> list[tuple[str, str]]:
    """The lines as rows of a table, the first of which says what they are.

    >>> named_lines(["a", "b"])
    [('for example', 'a'), ('', 'b')]
    """
    return [("" if place else "for example", line) for place, line in enumerate(lines)]
