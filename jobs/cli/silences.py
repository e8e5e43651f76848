"""`obs alerts silence`, `unsilence` and `silences`: until when people are told nothing of which alerts."""

from __future__ import annotations

import datetime as dt
import glob
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.alert_acts import By, person
from jobs.cli.completion import complete_alert, complete_model, complete_rule
from jobs.cli.console import OUTPUT, cell, table
from jobs.cli.elsewhere import elsewhere, tell_problems
from jobs.cli.failure import UsageError
from jobs.cli.records import Format, FormatOption, emit

if TYPE_CHECKING:
    from obs_dagster.alerts import Alert
    from obs_dagster.alerts.life.silences import Silence
    from obs_dagster.history import History

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FIELDS = (
    "id",
    "about",
    "author",
    "comment",
    "created_at",
    "starts_at",
    "ends_at",
    "every",
    "zone",
    "withdrawn_at",
    "withdrawn_by",
)


def silence(  # noqa: PLR0917  Typer reads options by name
    alert_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            help="An alert: its model, rule and subject are silenced.",
            autocompletion=complete_alert,
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Of models like this (globs).", autocompletion=complete_model)
    ] = None,
    rule: Annotated[
        str | None, typer.Option(help="Of rules like this (globs).", autocompletion=complete_rule)
    ] = None,
    version: Annotated[str | None, typer.Option(help="Of versions like this (globs).")] = None,
    segment: Annotated[str | None, typer.Option(help="Of segments like this (globs).")] = None,
    column: Annotated[str | None, typer.Option(help="Of columns like this (globs).")] = None,
    severity: Annotated[str | None, typer.Option(help="Of severities like this (globs).")] = None,
    owner: Annotated[str | None, typer.Option(help="Of owners like this (globs).")] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="Of rules with a label like this: NAME=GLOB (repeatable).")
    ] = None,
    lasting: Annotated[
        str | None, typer.Option("--for", help="How long: 90m, 12h, 3d or 2w; or `--until`.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="When it ends: 2026-08-03, or 2026-08-03T18:00, by `--zone`.")
    ] = None,
    begins: Annotated[
        str | None, typer.Option("--from", help="When it begins, written like `--until`; left out: now.")
    ] = None,
    every: Annotated[
        str | None,
        typer.Option(
            help="The hours of each week in which it holds: 'Sun 02:00-06:00', 'Mon-Fri 22:00-06:00', or "
            "'02:00-03:00' of every day. Without an end it comes back until you end it."
        ),
    ] = None,
    zone: Annotated[str, typer.Option(help="The time zone of all of these, as Europe/Berlin.")] = "UTC",
    comment: Annotated[str, typer.Option(help="Why.")] = "",
    by: By = None,
) -> None:
    """Silence alerts for a while: nobody is told of them, and everywhere they stay to be seen as silenced.

    It may begin later, and come back every week. What still fires when the silence ends is told of then.
    """
    from obs_dagster.alerts import find_alert
    from obs_dagster.alerts.life import silences
    from obs_dagster.alerts.life.tell import settle
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    given = {
        "model": model,
        "rule": rule,
        "version": version,
        "segment": segment,
        "column": column,
        "severity": severity,
        "owner": owner,
    }
    matchers = {name: value for name, value in given.items() if value is not None}
    matchers |= dict(map(_label, label or ()))
    now = dt.datetime.now(dt.UTC)
    starts_at = _moment(begins, zone) if begins else now
    ends_at = end_of(lasting, until, starts_at, zone, endless=every is not None)
    with History.open(Settings().history_url) as history:
        if alert_id is not None:
            matchers = {**_exactly(find_alert(history, alert_id)), **matchers}
        if not matchers:
            raise UsageError(
                "A silence has to name what it is about.",
                remedy=f"Name an alert, or some of: {', '.join(f'--{name}' for name in given)}, --label.",
            )
        made = silences.add(
            history,
            matchers,
            author=person(by),
            comment=comment,
            ends_at=ends_at,
            now=now,
            starts_at=starts_at,
            every=every or "",
            zone=zone,
        )
        settle(history, now)
        count = len(covered(history, made))
    verb = "It covers" if made.active(now) else "It does not hold now; it is about"
    told = f"Silence {made.id} {made.when}: {made.about}."
    OUTPUT.print(cell(f"{told} {verb} {count} firing alert{'s' * (count != 1)}."))


def unsilence(
    silence_id: Annotated[str, typer.Argument(metavar="ID", help="The silence's id.")], by: By = None
) -> None:
    """End a silence now: of what still fires, and no other silence covers, people are told."""
    from obs_dagster.alerts.life import silences
    from obs_dagster.alerts.life.tell import settle
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    with History.open(Settings().history_url) as history:
        now = dt.datetime.now(dt.UTC)
        ended = silences.withdraw(history, silence_id, by=person(by), now=now)
        told = settle(history, now)
    was = "was over already" if ended.over(now) else "is over"
    OUTPUT.print(cell(f"Silence {ended.id} {was}; {told} notification{'s' * (told != 1)} to be sent."))


def list_(
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    chosen: FormatOption = Format.TABLE,
) -> None:
    """List silences of now and of later, the first to end first, with how many firing alerts each covers."""
    from obs_dagster.alerts.life.silences import list_silences
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    now = dt.datetime.now(dt.UTC)
    with History.open(Settings().history_url) as history:
        found = list_silences(history, None if every else now)
        covers = {each.id: len(covered(history, each)) if each.active(now) else 0 for each in found}
    if chosen is not Format.TABLE:
        records = [
            {**{name: getattr(each, name) for name in _FIELDS}, "covers": covers[each.id]} for each in found
        ]
        emit(records, [*_FIELDS, "covers"], chosen)
        return
    there = elsewhere()
    if not found and not there.silenced:
        OUTPUT.print("There is no silence, of now or of later.", highlight=False)
        tell_problems(there)
        return
    rows = table("id", "about", "by", "when", "covers", "")
    for each in found:
        when = f"ended {each.withdrawn_at:%Y-%m-%d %H:%M} UTC" if each.withdrawn_at else each.when
        shown = covers[each.id] if each.active(now) else ""
        rows.add_row(*map(cell, (each.id, each.about, each.author, when, shown, each.comment)))
    for thread, other in sorted(there.silenced.items()):
        when = f"until {other.until:%Y-%m-%d %H:%M} UTC, in Alertmanager"
        rows.add_row(*map(cell, ("", f"incident={thread}", other.author, when, "", other.comment)))
    OUTPUT.print(rows)
    tell_problems(there)


def covered(history: History, silence: Silence) -> list[Alert]:
    """The firing alerts that a silence is about."""
    from obs_dagster.alerts import State, list_alerts

    return [alert for alert in list_alerts(history, states=[State.FIRING]) if silence.matches(alert)]


def _label(written: str) -> tuple[str, str]:
    name, given, glob_ = written.partition("=")
    if not (name and given):
        raise UsageError(
            f"{written!r} is no label.", remedy="Write --label NAME=GLOB, as in --label team=risk."
        )
    return f"label.{name}", glob_


def _exactly(alert: Alert) -> Mapping[str, str]:
    """Globs that match the rule and subject of an alert, and nothing else."""
    names = ("model", "rule", "version", "segment", "column")
    return {name: glob.escape(getattr(alert, name)) for name in names}


_WRITTEN = 'Write `--for 3d` (m, h, d or w), or `--until 2026-08-03` or `--until "2026-08-03T18:00"`.'


def end_of(
    lasting: str | None, until: str | None, begin: dt.datetime, zone: str, *, endless: bool
) -> dt.datetime:
    """When a silence ends.

    Raises:
        UsageError: nobody says, or not in a way that can be read.
    """
    from obs_dagster.alerts.life.silences import FOR_EVER

    if endless and lasting is None and until is None:
        return FOR_EVER
    if (lasting is None) == (until is None):
        raise UsageError("A silence needs one end.", remedy=_WRITTEN)
    if lasting is not None:
        found = re.fullmatch(r"(\d{1,4})([mhdw])", lasting.strip())
        if found is None:
            raise UsageError(f"{lasting!r} is no length of time.", remedy=_WRITTEN)
        try:
            return begin + dt.timedelta(**{_UNITS[found[2]]: int(found[1])})
        except OverflowError:
            raise UsageError(f"{lasting!r} ends after all times.", remedy=_WRITTEN) from None
    return _moment(until or "", zone)


def _moment(written: str, zone: str) -> dt.datetime:
    """A moment as a person writes it; without an offset it is by the clock of a time zone.

    Raises:
        UsageError: it cannot be read.
        ObsError: there is no such time zone.
    """
    from obs_dagster.alerts.life.weekly import zone_of

    try:
        moment = dt.datetime.fromisoformat(written)
    except ValueError:
        raise UsageError(f"{written!r} is no time.", remedy=_WRITTEN) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone_of(zone))
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError:
        raise UsageError(f"{written!r} is no time.", remedy=_WRITTEN) from None
