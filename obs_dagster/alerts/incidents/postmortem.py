"""A blameless post-mortem in Markdown, filled as far as is known; what is not known is a question."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from obs_dagster.alerts.incidents.story import Story
from obs_dagster.alerts.message import one_line
from obs_dagster.monitor.whole import WHOLE

_OPEN = "_to be filled in_"


def post_mortem(story: Story) -> str:
    """The text; names out of data are written such that they are no markup."""
    return "\n".join(_lines(story)).rstrip() + "\n"


def _lines(story: Story) -> Iterator[str]:
    incident, impact = story.incident, story.impact
    yield f"# Incident {incident.id}"
    yield ""
    yield _plain(incident.title)
    yield ""
    yield "This report asks what happened and what would help next time. It does not ask who is to blame."
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    for name, text in _summary(story):
        yield f"| {name} | {_plain(text)} |"
    yield ""
    yield "## What happened"
    yield ""
    for moment in story.timeline:
        at = f"{moment.at:%Y-%m-%d %H:%M}" if isinstance(moment.at, dt.datetime) else f"night of {moment.at}"
        yield f"- {at}: {_plain(moment.text)}"
    yield ""
    yield "## Impact"
    yield ""
    requests = "requests were not counted" if impact.requests is None else f"{impact.requests:,} requests"
    yield f"- {impact.days} days, {requests}"
    yield f"- segments: {_plain(', '.join(impact.segments)) or 'all rows'}"
    if impact.columns:
        yield f"- columns: {_plain(', '.join(impact.columns))}"
    cost = (
        _plain(str(impact.cost))
        if impact.cost
        else f"{_OPEN}; the monitor has no price of an error, or no label is known"
    )
    yield f"- what it cost: {cost}"
    yield ""
    yield "## What may be behind it"
    yield ""
    for suspect in story.suspects or ("nothing that is known explains it",):
        yield f"- {_plain(suspect)}"
    for told in story.across:
        yield f"- {_plain(told)}"
    yield f"- what it was: {_plain(_cause(story)) or _OPEN}"
    yield ""
    yield "## What we ask"
    yield ""
    for question, known in _questions(story):
        yield f"- **{question}** {_plain(known) + ' ' if known else ''}{_OPEN}"
    yield ""
    yield "## What we do about it"
    yield ""
    yield f"- [ ] {_OPEN} (who, until when)"


def _summary(story: Story) -> Iterator[tuple[str, str]]:
    incident = story.incident
    yield "model", incident.model
    yield "version", "all" if incident.version == WHOLE else incident.version
    yield "severity", incident.severity
    yield "from", str(incident.since)
    yield "until", "it still fires" if incident.state == "firing" else str(incident.until)
    yield "alerts", f"{len(incident.alerts)} of {', '.join(incident.rules)}"
    yield "closed", _cause(story) or "not yet"


def _cause(story: Story) -> str:
    incident = story.incident
    if incident.closed_at is None:
        return ""
    comment = f": {incident.comment}" if incident.comment else ""
    return f"{incident.cause.replace('_', ' ')}, by {incident.closed_by}{comment}"


def _questions(story: Story) -> Iterator[tuple[str, str]]:
    found = story.detection
    if found is None:
        yield "What detected it?", "None of its alerts is left."
    else:
        after = "on the first night in breach" if not found.nights else f"{found.nights} nights later"
        told = f"people were told {found.told_at:%Y-%m-%d %H:%M} UTC" if found.told_at else "nobody was told"
        detected = f"The rule {found.alert.rule}, {after}; {told}."
        yield "What detected it, and how long did it take?", detected
        by = (
            f"{found.acknowledged_by} acknowledged it {found.acknowledged_at:%Y-%m-%d %H:%M} UTC."
            if found.acknowledged_at
            else "Nobody acknowledged it."
        )
        yield "Who took it on, and when?", by
    graver = [alert.rule for alert in story.incident.alerts if alert.firings > 1]
    escalated = f"People were told more than once of {', '.join(dict.fromkeys(graver))}." if graver else ""
    yield "What escalated it, or should have?", escalated
    yield "Was there a better signal, one that moved earlier?", _earliest(story)
    yield "Would another threshold have told earlier, or not for nothing?", _threshold(story)
    runbooks = (
        f"The rules name {', '.join(story.runbooks)}." if story.runbooks else "No rule names a runbook."
    )
    yield "Which runbook was used, and was it right?", runbooks
    yield "What kept it from being worse?", ""


def _earliest(story: Story) -> str:
    alerts = story.incident.alerts
    if not alerts:
        return ""
    first = min(alerts, key=lambda alert: alert.since)
    return f"The first in breach was {first.rule}, on {first.since}."


def _threshold(story: Story) -> str:
    found = story.detection
    if found is None or found.alert.value is None:
        return ""
    alert = found.alert
    return (
        f"{alert.metric} was {alert.value:.4g} on {alert.last_day}, {alert.direction} {alert.threshold:.4g}. "
        f"The command obs alerts test shows what another one would have done."
    )


def _plain(text: str) -> str:
    """Text in which nothing is markup or a line of its own."""
    return re.sub(r"([\\`*\[\]<>|#]|(?<!\w)_|_(?!\w))", r"\\\1", one_line(text))
