"""`obs causes`: what began it, asked of the nights of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.cli import days
from jobs.cli.choice import Model, find_monitor, require
from jobs.cli.completion import complete_component, complete_incident
from jobs.cli.console import ERRORS, OUTPUT, cell, table
from jobs.cli.failure import UsageError
from jobs.cli.records import Format, FormatOption, emit
from jobs.cli.second_opinion import ask_second, print_second

if TYPE_CHECKING:
    from obs_dagster.causes.answer import Answer
    from obs_dagster.causes.asked import Asked
    from obs_dagster.monitor import Monitor

_COLUMNS = (
    "component",
    "state",
    "began",
    "began_low",
    "began_high",
    "chance",
    "chance_otherwise",
    "all_the_same",
    "necessity_low",
    "necessity_high",
    "off_nights",
    "together",
    "evidence",
)


def causes(  # noqa: PLR0917  Typer reads options by name
    model: Model,
    night: Annotated[str | None, days.option("--night", "The night; left out: the last one")] = None,
    incident: Annotated[
        str | None,
        typer.Option(help="Instead of a night, an incident.", metavar="ID", autocompletion=complete_incident),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option(
            help="The component to ask about; left out: the last one in the order of stages that is off.",
            autocompletion=complete_component,
        ),
    ] = None,
    second_opinion: Annotated[
        bool,
        typer.Option(
            "--second-opinion", help="Ask DoWhy too, in the environment that OBS_CAUSES_PYTHON names."
        ),
    ] = False,
    chosen: FormatOption = Format.TABLE,
) -> None:
    """Say where it began that something is off: upstream, service, data, drift, with probabilities."""
    monitor = find_monitor(model)
    if incident is not None and (night is not None or of is not None):
        raise UsageError("An incident has nights of its own.", remedy="Leave out --night and --of.")
    answer, asked = _answered(monitor, night, incident, of)
    second = None
    if second_opinion and asked is not None and answer.alone is not None:
        second = ask_second(asked)
    elif second_opinion:
        ERRORS.print("DoWhy was not asked, for there are no probabilities to hold against it.")
    if chosen is Format.JSON:
        record = answer.as_dict() | ({"second_opinion": second.as_dict()} if second else {})
        emit([record], list(record), chosen)
    elif chosen is not Format.TABLE:
        emit(_rows(answer), list(_COLUMNS), chosen)
    else:
        _print(answer)
        if second is not None:
            print_second(answer, second)


def _answered(
    monitor: Monitor, night: str | None, incident: str | None, of: str | None
) -> tuple[Answer, Asked | None]:
    from obs_dagster.alerts.incidents.incident import find_incident
    from obs_dagster.causes.answer import Answer
    from obs_dagster.causes.model_nights import ModelNights
    from obs_dagster.causes.question import about_incident, about_night
    from obs_dagster.history import History
    from obs_dagster.history import nights as stored
    from obs_dagster.monitor.component import COMPONENTS
    from obs_dagster.settings import Settings

    if of is not None:
        require(of, COMPONENTS.all(), "component")
    with History.open(Settings().history_url) as history:
        found = None if incident is None else find_incident(history, incident)
        if found is not None and found.model != monitor.model:
            raise UsageError(
                f"The incident {found.id} is not of {monitor.model}.", remedy=f"It is of {found.model}."
            )
        with history.reading() as connection:
            latest = stored.latest(connection, monitor.model)
            nights = ModelNights.read(connection, monitor)
    if found is not None:
        question = about_incident(nights.nights, found)
    else:
        day = days.day_of(monitor, night or days.LATEST, lambda: latest or days.last_legal(monitor))
        if day not in nights.nights.days:
            raise UsageError(
                f"{day} has not been evaluated.", remedy=f"`obs run {monitor.model} --day {day}` does it."
            )
        question = about_night(nights.nights, day, of)
    asked = nights.asked(question)
    nothing = Answer(monitor.model, question.first, question.last, None)
    return (nothing if asked is None else asked.answer()), asked


def _print(answer: Answer) -> None:
    from obs_dagster.causes.words import told_of
    from obs_dagster.reports.causes import causes_section

    for line in told_of(answer):
        OUTPUT.print(line, markup=False, highlight=False)
    section = causes_section(answer)
    if section.rows:
        # what was seen is in the sentences, and too long for a terminal
        drawn = table(*section.headings[:-1])
        for row in section.rows:
            drawn.add_row(*map(cell, row[:-1]))
        OUTPUT.print("")
        OUTPUT.print(drawn)


def _rows(answer: Answer) -> list[dict[str, Any]]:
    found = []
    for each in answer.as_dict()["candidates"]:
        low, high = each["necessity"] or (None, None)
        began = each["began"] or {}
        values = {
            name: (each[name] or {}).get("value") for name in ("chance", "chance_otherwise", "all_the_same")
        }
        found.append(
            {name: each[name] for name in ("component", "state", "off_nights", "together")}
            | {"began": began.get("value"), "began_low": began.get("low"), "began_high": began.get("high")}
            | values
            | {"necessity_low": low, "necessity_high": high, "evidence": "; ".join(each["evidence"])}
        )
    return found
