"""`obs incidents`: alerts that belong together, what they were, and what follows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding

from jobs.cli import incident_acts
from jobs.cli.alert_acts import By, person
from jobs.cli.alert_table import SEVERITIES, print_alerts
from jobs.cli.choice import OnlyModel, find_monitor, require
from jobs.cli.console import OUTPUT, cell, table
from jobs.cli.elsewhere import elsewhere, tell_elsewhere, tell_problems
from jobs.cli.example_traces import example_lines, named_lines
from jobs.cli.failure import UsageError
from jobs.cli.incident_acts import IncidentId
from jobs.cli.records import Format, FormatOption, emit

if TYPE_CHECKING:
    from obs_dagster.alerts.incidents.incident import Incident
    from obs_dagster.alerts.incidents.story import Story
    from obs_dagster.monitor import Monitor

app = typer.Typer(help="Alerts that belong together, what they were, and what follows.", no_args_is_help=True)

app.command("ack")(incident_acts.ack)
app.command()(incident_acts.silence)
_FIELDS = (
    "id",
    "model",
    "version",
    "kind",
    "state",
    "severity",
    "since",
    "until",
    "rules",
    "alerts",
    "firing",
    "opened_at",
    "closed_at",
    "closed_by",
    "cause",
    "comment",
)
_STATES = {"firing": "bold red", "over": "yellow", "closed": "green"}
_CAUSES = "fault, upstream, expected, false_alarm or unknown"


@app.command("list")
def list_(
    model: OnlyModel = None,
    state: Annotated[
        list[str] | None,
        typer.Option(help="firing, over or closed (repeatable); left out: those that nobody has closed."),
    ] = None,
    chosen: FormatOption = Format.TABLE,
) -> None:
    """List incidents, the newest first: those that nobody has closed, unless other ones are asked for."""
    from obs_dagster.alerts.incidents.incident import list_incidents
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    if model is not None:
        find_monitor(model)
    for name in state or []:
        require(name, _STATES, "state")
    wanted = state or ["firing", "over"]
    with History.open(Settings().history_url) as history:
        found = [each for each in list_incidents(history, model) if each.state in wanted]
    if chosen is not Format.TABLE:
        emit([each.as_dict() for each in found], _FIELDS, chosen)
        return
    if not found:
        OUTPUT.print(f"No incident is {' or '.join(wanted)}.", highlight=False)
        return
    rows = table("id", "state", "since", "severity", "")
    for each in found:
        rows.add_row(
            cell(each.id),
            cell(each.state, _STATES[each.state]),
            cell(each.since),
            cell(each.severity, SEVERITIES[each.severity]),
            cell(f"{each.title}: {_counted(each)}"),
        )
    OUTPUT.print(rows)


def _counted(incident: Incident) -> str:
    count = len(incident.alerts)
    told = f"{count} alert{'s' * (count != 1)}"
    if incident.state == "firing":
        return f"{told}, {incident.firing} firing"
    return f"{told}, {incident.cause.replace('_', ' ')}" if incident.cause else told


@app.command()
def show(incident_id: IncidentId, chosen: FormatOption = Format.TABLE) -> None:
    """Show one incident: what happened when, whom it touched, what detected it, and what may be behind it."""
    story = _story(incident_id)
    incident = story.incident
    if chosen is not Format.TABLE:
        _emit_story(story, chosen)
        return
    head = cell(f"{incident.title} ", "bold")
    head.append(incident.severity, SEVERITIES[incident.severity]).append(", ")
    OUTPUT.print(head.append(incident.state.upper(), _STATES[incident.state]))
    rows = table("", "", show_header=False)
    rows.columns[0].no_wrap = True
    told = {**_told(story), "trace": _trace(incident)}
    for name, text in (*told.items(), *named_lines(example_lines(incident.alerts))):
        if not text:
            continue
        rows.add_row(cell(name, "dim"), cell(text))
    OUTPUT.print(Padding(rows, (0, 0, 0, 2)))
    OUTPUT.print()
    rows = table("", "", show_header=False)
    for moment in story.timeline:
        at = f"{moment.at:%Y-%m-%d %H:%M}" if isinstance(moment.at, dt.datetime) else str(moment.at)
        rows.add_row(cell(at, "dim"), cell(moment.text))
    OUTPUT.print(Padding(rows, (0, 0, 0, 2)))
    if firing := [alert for alert in incident.alerts if alert.state == "firing"]:
        print_alerts(firing)
    tell_elsewhere({incident.id}, {incident.model})


def _trace(incident: Incident) -> str:
    """The trace of the incident's last night; empty if there is none."""
    from obs_dagster.history import History
    from obs_dagster.mlflow_reach.experiment import links_to_traces
    from obs_dagster.settings import Settings

    settings = Settings()
    with History.open(settings.history_url) as history:
        ran = history.nights(incident.model, incident.until, incident.until)
    trace = ran[0].trace_id if ran else ""
    return links_to_traces(settings).night_trace(trace, incident.model) or trace


_LISTS = ("segments", "columns", "suspects", "across_components", "runbooks", "examples")
_NESTED = ("cost", "timeline", "alerts_of_it")
"""What a row of a table cannot hold: only JSON has it."""


def _emit_story(story: Story, chosen: Format) -> None:
    incident = story.incident
    there = elsewhere({incident.model})
    record = story.as_dict() | {
        "examples": example_lines(incident.alerts),
        "silenced_in_alertmanager": there.told({incident.id}).get(incident.id, ""),
    }
    if chosen is not Format.JSON:
        flat = {name: "; ".join(record[name]) for name in _LISTS}
        record = {name: each for name, each in (record | flat).items() if name not in _NESTED}
        record["cost"] = "" if story.impact.cost is None else str(story.impact.cost)
    emit([record], list(record), chosen)
    tell_problems(there)


def _told(story: Story) -> dict[str, str]:
    """What is known of an incident, by name."""
    incident, impact, found = story.incident, story.impact, story.detection
    days = f"{impact.days} day{'s' * (impact.days != 1)}"
    requests = "" if impact.requests is None else f", {impact.requests:,} requests"
    told = {"from": f"{incident.since} to {incident.until}, {days}{requests}"}
    if impact.segments:
        told["segments"] = ", ".join(impact.segments)
    if impact.cost is not None:
        told["cost of errors"] = str(impact.cost)
    if found is not None:
        after = "on the first night in breach" if not found.nights else f"{found.nights} nights later"
        told["detected"] = f"by {found.alert.rule}, {after}"
        told["told"] = f"{found.told_at:%Y-%m-%d %H:%M} UTC" if found.told_at else "nobody yet"
        if found.acknowledged_at:
            told["taken on"] = f"{found.acknowledged_at:%Y-%m-%d %H:%M} UTC by {found.acknowledged_by}"
    told["suspects"] = "; ".join(story.suspects) or "nothing that is known explains it"
    if story.across:
        told["across components"] = " ".join(story.across)
    if incident.closed_at is not None:
        comment = f": {incident.comment}" if incident.comment else ""
        told["closed"] = f"{incident.cause.replace('_', ' ')}, by {incident.closed_by}{comment}"
    return told


@app.command()
def close(
    incident_id: IncidentId,
    cause: Annotated[str, typer.Option(help=f"What it was: {_CAUSES}.")],
    comment: Annotated[str, typer.Option(help="What is to be said of it.")] = "",
    by: By = None,
) -> None:
    """Close an incident and say what it was: what fires later on is a new one."""
    from typing import cast

    from obs_dagster.alerts.incidents import incident as incidents
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    require(cause, incidents.CAUSES, "cause")
    with History.open(Settings().history_url) as history:
        closed = incidents.close(
            history,
            incident_id,
            cause=cast("incidents.Cause", cause),
            comment=comment,
            by=person(by),
            now=dt.datetime.now(dt.UTC),
        )
    firing = f" {closed.firing} of its alerts still fire." if closed.firing else ""
    told = f"{closed.id}, {closed.title}, is closed as {closed.cause.replace('_', ' ')}.{firing}"
    OUTPUT.print(cell(told))


@app.command()
def report(
    incident_id: IncidentId,
    output: Annotated[Path | None, typer.Option(help="The file to write; left out: standard output.")] = None,
) -> None:
    """Write a blameless post-mortem in Markdown, filled as far as is known, with the questions to answer."""
    from obs_dagster.alerts.incidents.postmortem import post_mortem
    from obs_dagster.permissions import as_started

    text = post_mortem(_story(incident_id))
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        with as_started():
            output.write_text(text, encoding="utf-8")
    except OSError as error:
        why = error.strerror or error
        raise UsageError(f"{output} cannot be written: {why}.", remedy="Choose another file.") from error


_LEARNT = ("model", "rule", "incidents", "for_nothing", "causes", "proposal")


@app.command()
def learn(
    model: OnlyModel = None,
    chosen: FormatOption = Format.TABLE,
) -> None:
    """Say which rules fire for nothing, by the incidents that were closed, and what to change of them."""
    from obs_dagster.alerts.incidents import learn as learning
    from obs_dagster.alerts.incidents.incident import list_incidents
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    if model is not None:
        find_monitor(model)
    with History.open(Settings().history_url) as history:
        found = learning.learn(history, list_incidents(history, model))
    records = [{name: getattr(each, name) for name in _LEARNT} for each in found]
    for record in records:
        causes: Counter[str] = Counter(record["causes"])
        told = (f"{count} {cause.replace('_', ' ')}" for cause, count in causes.most_common())
        record["causes"] = ", ".join(told)
    if chosen is not Format.TABLE:
        emit(records, _LEARNT, chosen)
        return
    if not records:
        OUTPUT.print("No incident has been closed yet: `obs incidents close`.", highlight=False)
        return
    rows = table("rule", "closed", "for nothing", "as", "proposal")
    for each, record in zip(found, records, strict=True):
        share = f"{each.for_nothing} ({each.share:.0%})"
        rows.add_row(
            *map(cell, (f"{each.model}: {each.rule}", each.incidents, share, record["causes"], each.proposal))
        )
    OUTPUT.print(rows)


def _story(incident_id: str) -> Story:
    from obs_dagster.alerts.incidents.incident import find_incident
    from obs_dagster.alerts.incidents.story import story_of
    from obs_dagster.alerts.moved import from_lake
    from obs_dagster.causes.model_nights import ModelNights
    from obs_dagster.causes.words import told_of
    from obs_dagster.history import History
    from obs_dagster.lake.lake import Lake
    from obs_dagster.monitor.task import outputs
    from obs_dagster.settings import Settings

    settings = Settings()
    with History.open(settings.history_url) as history:
        incident = find_incident(history, incident_id)
        moved, monitor = from_lake(Lake(settings.lake_root)), _monitor(incident.model)
        if monitor is None:
            return story_of(history, incident, moved)
        put_out = [each.column for each in outputs(monitor)]
        with history.reading() as connection:
            began = list(told_of(ModelNights.read(connection, monitor).behind(incident)))
        return story_of(history, incident, moved, put_out, monitor.costs, across=began)


def _monitor(model: str) -> Monitor | None:
    """The model's monitor; None if it is gone or wrong."""
    from obs_dagster.catalogue import readable_monitors
    from obs_dagster.settings import Settings

    return readable_monitors(Settings().monitors, models=[model]).monitors.get(model)
