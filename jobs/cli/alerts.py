"""`obs alerts`: what fires, and one alert in full."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli import alert_acts, alert_routes, alert_undelivered, silences
from jobs.cli.alert_page import print_alert
from jobs.cli.alert_table import print_alerts
from jobs.cli.choice import OnlyModel, OnlyVersions, find_monitor, readable_monitors, require
from jobs.cli.completion import (
    complete_alert,
    complete_column,
    complete_rule,
)
from jobs.cli.console import OUTPUT, cell
from jobs.cli.elsewhere import tell_elsewhere
from jobs.cli.records import Format, FormatOption, emit
from jobs.cli.try_rule import try_rule
from jobs.cli.unmatched import Filters, require_known, tell_unmatched

if TYPE_CHECKING:
    from obs_dagster.alerts import Alert
    from obs_dagster.history import History
    from obs_dagster.monitor import Rule

app = typer.Typer(help="What is firing, and why, and who looks after it.", no_args_is_help=True)
app.command("ack")(alert_acts.ack)
app.command()(alert_acts.resolve)
app.command()(alert_acts.history)
app.command()(silences.silence)
app.command()(silences.unsilence)
app.command("silences")(silences.list_)
app.command()(alert_routes.routes)
app.command()(alert_undelivered.undelivered)
app.command("test")(try_rule)

_OPEN = ["firing", "pending"]
_HANDLED = ("silenced", "acknowledged")
"""What an alert that fires may be beside."""

_DAYS = 14
"""Days that an alert is shown for."""

_BY_DAY = ("day", "value", "low", "high", "n", "reason")


@app.command("list")
def list_(  # noqa: PLR0917  Typer reads options by name
    model: OnlyModel = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            help="firing, pending, silenced, acknowledged or resolved (repeatable); left out: firing and "
            "pending."
        ),
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option(help="Only of this rule (repeatable).", autocompletion=complete_rule)
    ] = None,
    version: OnlyVersions = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Only of this column (repeatable).", autocompletion=complete_column),
    ] = None,
    chosen: FormatOption = Format.TABLE,
) -> None:
    """List alerts: for reading by rule, the gravest first; as data the newest first."""
    from obs_dagster.alerts import Alert, State, list_alerts
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    if model is not None:
        find_monitor(model)
    for name in state or []:
        require(name, [*(each.value for each in State), *_HANDLED], "state")
    wanted: dict[str, list[str] | None] = {
        "rule": rule,
        "version": version,
        "column": column,
        "state": state or _OPEN,
    }
    with History.open(Settings().history_url) as history:
        every = list_alerts(history, model)
        found = [alert for alert in every if _matches(alert, wanted)]
        named = {option: values for option, values in wanted.items() if option != "state"}
        matched = {option: {getattr(alert, option) for alert in found} for option in named}
        require_known(named, matched, lambda option: _known(history, model, every, option))
    if chosen is not Format.TABLE:
        emit([alert.as_dict() for alert in found], [field.name for field in fields(Alert)], chosen)
    else:
        for name in sorted({alert.model for alert in found}):
            OUTPUT.print(cell(name, "bold underline"))
            print_alerts([alert for alert in found if alert.model == name])
        tell_elsewhere({alert.incident_id for alert in found}, {alert.model for alert in found})
        if not found and not any(named.values()):
            OUTPUT.print(f"No alert is {' or '.join(state or _OPEN)}.", highlight=False)
    if not found and any(named.values()):

        def without(option: str) -> list[str]:
            others = {name: values for name, values in wanted.items() if name != option}
            return sorted({str(getattr(alert, option)) for alert in every if _matches(alert, others)})

        tell_unmatched("alerts", wanted, without)


def _matches(alert: Alert, wanted: Filters) -> bool:
    return all(not values or _is_one(alert, option, values) for option, values in wanted.items())


def _is_one(alert: Alert, option: str, values: Collection[str]) -> bool:
    if option != "state":
        return getattr(alert, option) in values
    silenced = alert.silenced(dt.datetime.now(dt.UTC))
    acknowledged = alert.acknowledged_at is not None and alert.state == "firing"
    return (
        alert.state in values
        or ("silenced" in values and silenced)
        or ("acknowledged" in values and acknowledged)
    )


def _known(history: History, model: str | None, alerts: Sequence[Alert], option: str) -> Iterator[str]:
    """What there is of a rule, a version or a column, whether it has ever been an alert or not."""
    yield from (getattr(alert, option) for alert in alerts)
    for monitor in readable_monitors(None if model is None else [model]).monitors.values():
        if option == "rule":
            yield from (rule.name for rule in monitor.alerts)
        elif model is None or monitor.model == model:
            yield from history.metric_values(monitor.model, option)


@app.command()
def show(
    alert_id: Annotated[
        str, typer.Argument(metavar="ID", help="The alert's id.", autocompletion=complete_alert)
    ],
    chosen: FormatOption = Format.TABLE,
) -> None:
    """Show one alert: what, since when, how bad, night by night, and who was told of it."""
    from jobs.cli.example_traces import example_lines
    from obs_dagster.alerts import find_alert
    from obs_dagster.alerts.moved import from_lake, of_record
    from obs_dagster.alerts.outbox.sent import notifications_of
    from obs_dagster.alerts.rules.lately import lately
    from obs_dagster.history import History
    from obs_dagster.lake.lake import Lake
    from obs_dagster.settings import Settings

    settings = Settings()
    with History.open(settings.history_url) as history:
        found = find_alert(history, alert_id)
        rule = _rule_of(found)
        nights = lately(history, found, rule, _DAYS) if rule is not None else []
        sent = notifications_of(history, alert_id)
        ran = history.nights(found.model, found.last_day, found.last_day)
        with history.reading() as connection:
            said = of_record(connection, found)
    trace = ran[0].trace_id if ran else ""
    moved = from_lake(Lake(settings.lake_root))(found) or said
    if chosen is Format.TABLE:
        examples = example_lines([found])
        print_alert(found, moved=moved, rule=rule, nights=nights, sent=sent, trace=trace, examples=examples)
        tell_elsewhere({found.incident_id}, {found.model})
        return
    alert = found.as_dict() | {"moved": moved}
    if chosen is Format.JSON:
        # the other formats have no place for what is a list
        alert["by_day"] = [
            {**{name: getattr(each.night, name) for name in _BY_DAY}, "verdict": each.verdict.value}
            for each in nights
        ]
        alert["notifications"] = [asdict(each) for each in sent]
    emit([alert], list(alert), chosen)


def _rule_of(alert: Alert) -> Rule | None:
    """The rule as it is now; None if the monitor has it no more, or cannot be read."""
    from obs_dagster.catalogue import monitors_of
    from obs_dagster.monitor import MonitorError
    from obs_dagster.settings import Settings

    try:
        monitor = monitors_of(Settings().monitors, models=[alert.model]).get(alert.model)
    except MonitorError:
        return None
    rules = monitor.alerts if monitor is not None else ()
    return next((rule for rule in rules if rule.name == alert.rule), None)
