"""`obs quarantine release`, `withdraw` and `purge`: what becomes of rows that broke the contract."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli import days
from jobs.cli.alert_acts import By, person
from jobs.cli.changed import spans_with_rows
from jobs.cli.choice import Model, OnlyVersions, find_monitor
from jobs.cli.console import ERRORS, OUTPUT
from jobs.cli.failure import FAILED, UsageError
from jobs.cli.quarantine_list import First, Last, span, tallied
from jobs.cli.run import evaluate_and_show

if TYPE_CHECKING:
    from obs_dagster.monitor import Monitor
    from obs_dagster.quality.releases import Release

_MOST_NAMED = 8
Stay = Annotated[
    bool, typer.Option("--no-run", help="Do not evaluate the days again now; their next run heeds it.")
]


def release(  # noqa: PLR0917  Typer reads options by name
    model: Model,
    rule: Annotated[
        list[str], typer.Option(help="Rows that broke this rule (repeatable); `list` has the rules.")
    ],
    comment: Annotated[str, typer.Option(help="Why they are sound.")],
    first: First = None,
    last: Last = days.LATEST,
    version: OnlyVersions = None,
    by: By = None,
    no_run: Stay = False,
) -> None:
    """Have rows evaluated though they broke a rule, and evaluate their days again. Other rules still hold."""
    from obs_dagster.lake.lake import Lake
    from obs_dagster.quality import releases
    from obs_dagster.settings import Settings

    monitor = find_monitor(model)
    begin, end = span(monitor, first, last)
    found = tallied(monitor, begin, end)
    known = dict.fromkeys(each.rule for each in found)
    if unknown := [each for each in rule if each not in known]:
        there = "; ".join(list(known)[:_MOST_NAMED]) or "there are none"
        raise UsageError(
            f"No row in quarantine from {begin} to {end} broke the rule {unknown[0]!r}.",
            remedy=f"Rules that rows broke: {there}.",
        )
    chosen = [each for each in found if each.rule in rule and (not version or each.version in version)]
    if not chosen:
        raise UsageError(
            f"None of these rows is of version {', '.join(version or ())}.",
            remedy="`obs quarantine list --by version` has the versions.",
        )
    lake, now = Lake(Settings().lake_root), dt.datetime.now(dt.UTC)
    for made in releases.release(
        monitor,
        lake,
        rules=list(dict.fromkeys(rule)),
        first=begin,
        last=end,
        versions=version or (),
        by=person(by),
        comment=comment,
        now=now,
    ):
        _told(made, sum(row.rows for row in chosen if row.rule == made.rule))
    _again(monitor, sorted({each.day for each in chosen}), run=not no_run)


def withdraw(
    model: Model,
    release_id: Annotated[str, typer.Argument(metavar="ID", help="The release's id.")],
    by: By = None,
    no_run: Stay = False,
) -> None:
    """End a release, and evaluate its days again without the rows."""
    from obs_dagster.lake.lake import Lake
    from obs_dagster.quality import releases
    from obs_dagster.quality.validated import QUARANTINE, day_quality
    from obs_dagster.settings import Settings

    monitor, lake = find_monitor(model), Lake(Settings().lake_root)
    ended = releases.withdraw(model, lake, release_id, by=person(by), now=dt.datetime.now(dt.UTC))
    OUTPUT.print(f"The release {ended.id} is withdrawn.", highlight=False)
    table = lake.table(model, QUARANTINE)
    heeded = [
        day
        for day in table.days_between(ended.first, ended.last)
        if (found := day_quality(monitor, day, lake)) is not None and ended.rule in found.released
    ]
    _again(monitor, heeded, run=not no_run)


def purge(model: Model, first: First = None, last: Last = days.LATEST) -> None:
    """Forget what rows in quarantine say; that they are there, and why, stays. It cannot be undone."""
    from obs_dagster.lake.lake import Lake
    from obs_dagster.quality.purge import purge_quarantine
    from obs_dagster.settings import Settings

    monitor = find_monitor(model)
    begin, end = span(monitor, first, last)
    every = (begin + dt.timedelta(days=since) for since in range((end - begin).days + 1))
    purged = purge_quarantine(monitor, Lake(Settings().lake_root), every)
    OUTPUT.print(
        f"{purged:,} rows of {begin} to {end} are purged: their numbers and rules are left. "
        "The lake's copy of the log still has them.",
        highlight=False,
        soft_wrap=True,
    )


def _told(made: Release, rows: int) -> None:
    of = f" of version {', '.join(made.versions)}" if made.versions else ""
    OUTPUT.print(
        f"{made.id}: {rows:,} rows{of} from {made.first} to {made.last} are released from: {made.rule}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _again(monitor: Monitor, touched: Sequence[dt.date], *, run: bool) -> None:
    """Evaluate days again, a run for each span of them; those whose rows are gone stay as they are."""
    found = spans_with_rows(monitor, touched)
    if not run:
        for begin, end in found:
            ERRORS.print(
                f"It holds when the days are run: obs backfill {monitor.model} --from {begin} --to {end}",
                markup=False,
                highlight=False,
            )
        return
    if evaluate_and_show(monitor, found):
        raise typer.Exit(FAILED)
