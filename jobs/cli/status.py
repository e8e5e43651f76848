"""`obs status`: how all models stand, the gravest first."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.cli.choice import readable_monitors, require, tell_faulty
from jobs.cli.completion import complete_model
from jobs.cli.console import OUTPUT, cell, table
from jobs.cli.failure import FAILED
from jobs.cli.records import Format, FormatOption, emit
from jobs.cli.unmatched import Filters, tell_unmatched

if TYPE_CHECKING:
    import rich.text

    from obs_dagster.fleet import ModelStanding
    from obs_dagster.monitor.loading import Readable

_FIELDS = (
    "model",
    "version",
    "state",
    "verdict",
    "since",
    "why",
    "owner",
    "firing",
    "silenced",
    "acknowledged",
    "incidents",
    "last_night",
    "finished_at",
    "short_of_time",
    "health_page",
)
_HEADINGS = ("State", "Model", "Since", "Last night", "Why")
_LEAST = 20
"""Characters of the reason that are shown in the narrowest terminal."""

_STYLES = {
    "failing": "bold red",
    "not evaluated": "bold red",
    "misconfigured": "bold magenta",
    "overdue": "bold magenta",
    "unknown": "bold magenta",
    "moved": "bold yellow",
    "sound": "bold green",
}


def status(
    model: Annotated[
        list[str] | None,
        typer.Option(help="Only this model (repeatable).", autocompletion=complete_model),
    ] = None,
    owner: Annotated[list[str] | None, typer.Option(help="Only models of this owner (repeatable).")] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            help="Only models in this state (repeatable): failing, not evaluated, misconfigured, overdue, "
            "unknown, moved or sound."
        ),
    ] = None,
    chosen: FormatOption = Format.TABLE,
) -> None:
    """Say how every model stands after its last night, the gravest first; 1 unless all of them are sound."""
    monitors = readable_monitors()
    found, tight = _read_standing(monitors)
    wanted = {"model": model, "owner": owner, "state": state}
    _require_known(found, wanted)
    shown = [each for each in found if _matches(each, wanted)]
    if chosen is Format.TABLE:
        _print(shown, len(found))
        for each in shown:
            if each.model in tight:
                line = cell(f"Nights of {each.model} are short of time: ", "bold yellow")
                OUTPUT.print(line.append(tight[each.model], "default"))
    else:
        emit(list(_records(shown, tight)), _FIELDS, chosen)
    if found and not shown:

        def without(option: str) -> list[str]:
            others = {name: values for name, values in wanted.items() if name != option}
            return sorted({getattr(each, option) for each in found if _matches(each, others)})

        tell_unmatched("models", wanted, without)
    named = {each.model for each in shown}
    tell_faulty([each for each in monitors.faulty if each.model in named])
    if any(each.state != "sound" for each in shown):
        raise typer.Exit(FAILED)


def _read_standing(found: Readable) -> tuple[list[ModelStanding], dict[str, str]]:
    """How every model of the monitors' folder stands, and whose nights are short of time."""
    from obs_dagster.capacity import forecasts
    from obs_dagster.fleet import read_fleet
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    with History.open(Settings().history_url) as history:
        now = dt.datetime.now(dt.UTC)
        standing = read_fleet(history, found.monitors.values(), now, faulty=found.faulty)
        nights = forecasts(history, found.monitors.values())
    return standing, {model: str(each) for model, each in nights.items() if each.is_tight}


def _require_known(found: Sequence[ModelStanding], wanted: Filters) -> None:
    from obs_dagster.fleet import GRAVEST_FIRST

    there = {"state": set(GRAVEST_FIRST)}
    for option, names in wanted.items():
        for name in names or ():
            require(name, there.get(option, {getattr(each, option) for each in found} - {""}), option)


def _matches(standing: ModelStanding, wanted: Filters) -> bool:
    return all(not values or getattr(standing, option) in values for option, values in wanted.items())


def _records(shown: Sequence[ModelStanding], tight: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """One record for each version, or for a model of which no version is known."""
    from obs_dagster.settings import Settings

    links = Settings().links
    for each in shown:
        whole = {
            "model": each.model,
            "version": None,
            "state": each.state,
            "verdict": None,
            "since": None,
            "why": each.note,
            "owner": each.owner,
            "firing": each.alerts.firing,
            "silenced": each.alerts.silenced,
            "acknowledged": each.alerts.acknowledged,
            "incidents": each.alerts.incidents,
            "last_night": each.night.day if each.night else None,
            "finished_at": each.night.finished_at if each.night else None,
            "short_of_time": tight.get(each.model),
            "health_page": (links.report(each.model, each.night.day) if each.night else "") or None,
        }
        for version in each.versions:
            why = ": ".join(filter(None, [each.note, version.sentence]))
            yield whole | {
                "version": version.version,
                "verdict": version.status,
                "since": version.since,
                "why": why,
            }
        if not each.versions:
            yield whole


def _print(shown: Sequence[ModelStanding], known: int) -> None:
    from obs_dagster.alerts import FiringCount

    lines = [line for each in shown for line in _lines(each)]
    rows = table(*_HEADINGS)
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *lines, strict=True)]
    left = OUTPUT.width - sum(width + 2 for width in widths[:-1])
    for line in lines:
        # all of it is in `--format json`, and on the page
        line[-1].truncate(max(left, _LEAST), overflow="ellipsis")
        rows.add_row(*line)
    if shown:
        OUTPUT.print(rows)
    counted = Counter[str](each.state for each in shown)
    told = ", ".join(f"{counted[state]} {state}" for state in _STYLES if counted[state])
    of = f" of {known}" if len(shown) < known else ""
    total = [sum(count) for count in zip(*(each.alerts for each in shown), strict=True)]
    firing = FiringCount(*total).told
    OUTPUT.print(
        f"\n{len(shown)}{of} model{'s' * (len(shown) != 1)}{f': {told}' if told else ''}."
        f"{f' Alerts: {firing}.' if firing else ''}",
        highlight=False,
    )


def _lines(each: ModelStanding) -> Iterator[tuple[rich.text.Text, ...]]:
    """The model, where there is something to say of its nights; then its versions."""
    night = cell(each.night.day if each.night else "none")
    if each.note or not each.versions:
        yield cell(each.state, _STYLES[each.state]), cell(each.model), cell(""), night, cell(each.note)
    for version in each.versions:
        told = version.status if each.current else f"was {version.status}"
        yield (
            cell(told, _STYLES[version.status] if each.current else "dim"),
            cell(f"{each.model} {version.version}"),
            cell(version.since),
            night,
            cell(version.sentence),
        )
