"""`obs incidents ack` and `silence`: what people do about all alerts of an incident at once."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from jobs.cli.alert_acts import By, person
from jobs.cli.completion import complete_incident
from jobs.cli.console import OUTPUT, cell
from jobs.cli.silences import covered, end_of

IncidentId = Annotated[
    str, typer.Argument(metavar="ID", help="The incident's id.", autocompletion=complete_incident)
]


def ack(
    incident_id: IncidentId,
    comment: Annotated[str, typer.Option(help="What is to be said of it.")] = "",
    by: By = None,
) -> None:
    """Say that you look after all that fires in an incident: whoever was told of it is told so, once."""
    from obs_dagster.alerts.incidents import acts
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    with History.open(Settings().history_url) as history:
        now = dt.datetime.now(dt.UTC)
        found = acts.acknowledge(history, incident_id, by=person(by), comment=comment, now=now)
    of = f"{found.firing} alert{'s' * (found.firing != 1)}"
    OUTPUT.print(cell(f"{found.id}, {found.title}, is acknowledged: {of}."))


def silence(
    incident_id: IncidentId,
    lasting: Annotated[
        str | None, typer.Option("--for", help="How long: 90m, 12h, 3d or 2w; or `--until`.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="When it ends: 2026-08-03, or 2026-08-03T18:00, in UTC.")
    ] = None,
    comment: Annotated[str, typer.Option(help="Why.")] = "",
    by: By = None,
) -> None:
    """Silence an incident for a while, with what joins it meanwhile."""
    from obs_dagster.alerts.incidents import acts
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    now = dt.datetime.now(dt.UTC)
    ends_at = end_of(lasting, until, now, "UTC", endless=False)
    with History.open(Settings().history_url) as history:
        made = acts.silence(history, incident_id, by=person(by), comment=comment, ends_at=ends_at, now=now)
        count = len(covered(history, made))
    told = f"Silence {made.id} {made.when}: {made.about}."
    OUTPUT.print(cell(f"{told} It covers {count} firing alert{'s' * (count != 1)}."))
