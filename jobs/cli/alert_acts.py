"""What a person does about one alert: `obs alerts ack`, `resolve`, and `history` of all that was done."""

from __future__ import annotations

import datetime as dt
import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.cli.completion import complete_alert
from jobs.cli.console import OUTPUT, cell, table
from jobs.cli.records import Format, FormatOption, emit

if TYPE_CHECKING:
    from obs_dagster.alerts.life.trail import Line
    from obs_dagster.alerts.outbox.sent import Sent

AlertId = Annotated[str, typer.Argument(metavar="ID", help="The alert's id.", autocompletion=complete_alert)]
By = Annotated[
    str | None, typer.Option("--by", help="Who does it; left out: the user's name on this machine.")
]


def person(by: str | None) -> str:
    """Who does it: as they say, or as the machine knows them."""
    if by:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # a container's user may have no name
        return "unknown"


def ack(
    alert_id: AlertId,
    comment: Annotated[str, typer.Option(help="What is being done about it.")] = "",
    by: By = None,
) -> None:
    """Say that somebody looks after a firing alert: nothing is repeated or escalated until it is over."""
    from obs_dagster.alerts.life.acts import acknowledge
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    with History.open(Settings().history_url) as history:
        now = dt.datetime.now(dt.UTC)
        alert = acknowledge(history, alert_id, by=person(by), comment=comment, now=now)
    OUTPUT.print(cell(f"{alert.id}, {alert.model}: {alert.rule}, is {alert.handled(now)}."))


def resolve(
    alert_id: AlertId,
    reason: Annotated[str, typer.Option(help="Why it is no alert any more.")],
    by: By = None,
) -> None:
    """Resolve a firing alert by hand: it fires no more until a night was not in breach and a later one is."""
    from obs_dagster.alerts.life import acts
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    with History.open(Settings().history_url) as history:
        now = dt.datetime.now(dt.UTC)
        alert = acts.resolve(history, alert_id, by=person(by), reason=reason, now=now)
    OUTPUT.print(cell(f"{alert.id}, {alert.model}: {alert.rule}, is {alert.handled(now)}."))


_FIELDS = ("at", "what", "by", "comment", "night")


def history(alert_id: AlertId, chosen: FormatOption = Format.TABLE) -> None:
    """Show all that happened to an alert: its states, what people did about it, and who was told."""
    from obs_dagster.alerts import find_alert
    from obs_dagster.alerts.life.trail import trail_of
    from obs_dagster.alerts.outbox.sent import notifications_of
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    with History.open(Settings().history_url) as store:
        alert = find_alert(store, alert_id)
        lines = [_line(each) for each in trail_of(store, alert_id)]
        lines += [_told(each) for each in notifications_of(store, alert_id)]
    lines.sort(key=lambda line: line["at"])
    if chosen is not Format.TABLE:
        emit(lines, _FIELDS, chosen)
        return
    OUTPUT.print(cell(f"{alert.model}: {alert.rule}, {alert.subject.told(alert.metric)}", "bold"))
    rows = table("at (UTC)", "what", "by", "night", "")
    for line in lines:
        at = f"{line['at']:%Y-%m-%d %H:%M}"
        rows.add_row(*map(cell, (at, line["what"], line["by"], line["night"], line["comment"])))
    OUTPUT.print(rows)


def _line(line: Line) -> dict[str, Any]:
    what = "resolved by hand" if line.kind == "closed" else line.kind.value
    return {"at": line.at, "what": what, "by": line.by, "comment": line.comment, "night": line.day}


def _told(sent: Sent) -> dict[str, Any]:
    if sent.delivered_at is not None:
        comment = f"{sent.label} took it {sent.delivered_at:%Y-%m-%d %H:%M}"
    elif sent.label:
        comment = f"{sent.label} has not taken it: {sent.last_error or 'not confirmed'}"
    else:
        comment = "it waits to be sent"
    what = f"notification: {sent.event}"
    return {"at": sent.created_at, "what": what, "by": "", "comment": comment, "night": None}
