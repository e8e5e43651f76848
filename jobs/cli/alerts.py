"""`obs alerts`: what fires, and one alert in full."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

import typer

from jobs.cli.alert_table import print_alerts
from jobs.cli.choice import find_monitor, require
from jobs.cli.console import OUTPUT, cell, table
from jobs.cli.records import Format, emit

app = typer.Typer(help="What is firing, and why.", no_args_is_help=True)

_OPEN = ["firing", "pending"]


@app.command("list")
def list_(
    model: Annotated[str | None, typer.Option(help="Only of this model.")] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(help="firing, pending or resolved (repeatable); left out: firing and pending."),
    ] = None,
    chosen: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
) -> None:
    """List alerts: for reading by rule, the gravest first; as data the newest first."""
    from obs_dagster.alerts import Alert, State, list_alerts
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    if model is not None:
        find_monitor(model)
    for name in state or []:
        require(name, [each.value for each in State], "state")
    with History.open(Settings().history_url) as history:
        found = list_alerts(history, model, [State(name) for name in state or _OPEN])
    if chosen is not Format.TABLE:
        emit([alert.as_dict() for alert in found], [field.name for field in fields(Alert)], chosen)
        return
    for name in sorted({alert.model for alert in found}):
        OUTPUT.print(cell(name, "bold underline"))
        print_alerts([alert for alert in found if alert.model == name])
    if not found:
        OUTPUT.print(f"No alert is {' or '.join(state or _OPEN)}.", highlight=False)


@app.command()
def show(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="The alert's id.")],
    chosen: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
) -> None:
    """Show everything about one alert."""
    from obs_dagster.alerts import find_alert
    from obs_dagster.alerts.moved import from_lake
    from obs_dagster.history import History
    from obs_dagster.lake.lake import Lake
    from obs_dagster.settings import Settings

    settings = Settings()
    with History.open(settings.history_url) as history:
        found = find_alert(history, alert_id)
    moved = from_lake(Lake(settings.lake_root))(found)
    alert = found.as_dict() | {"moved": moved}
    if chosen is not Format.TABLE:
        emit([alert], list(alert), chosen)
        return
    rows = table("field", "value")
    for name, value in alert.items():
        rows.add_row(name, cell(value))
    OUTPUT.print(rows)
