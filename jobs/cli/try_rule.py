"""`obs alerts test`: a rule replayed over past nights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli import days
from jobs.cli.choice import find_monitor, require
from jobs.cli.completion import complete_model, complete_rule
from jobs.cli.console import OUTPUT
from jobs.cli.failure import UsageError
from jobs.cli.records import Format, FormatOption, emit

if TYPE_CHECKING:
    from obs_dagster.monitor import Monitor, Rule


def try_rule(  # noqa: PLR0917  Typer reads options by name
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="The rule's name.", autocompletion=complete_rule)
    ],
    model: Annotated[
        str | None,
        typer.Option(help="The model; left out: the one that has the rule.", autocompletion=complete_model),
    ] = None,
    first: Annotated[str | None, days.option("--from", "The first day; left out: the first night")] = None,
    last: Annotated[str | None, days.option("--to", "The last day; left out: the last night")] = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(help="Another threshold to try, written as in a monitor (repeatable)."),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Write a page with charts into this file.")] = None,
    chosen: FormatOption = Format.TABLE,
) -> None:
    """Replay a rule over past nights: when it would have fired, how often, and with other thresholds."""
    from jobs.cli.replayed import as_documents, as_rows, print_replay
    from obs_dagster.alerts.rules.replay import replay
    from obs_dagster.history import History
    from obs_dagster.history.nights import evaluated_range
    from obs_dagster.lake.lake import replacing
    from obs_dagster.reports.replay import render_replay
    from obs_dagster.settings import Settings

    monitor, found = _named_rule(rule, model)
    tried = [_threshold(text) for text in threshold or ()]
    with History.open(Settings().history_url) as history:
        with history.reading() as connection:
            known = evaluated_range(connection, monitor.model)
        if known is None:
            raise UsageError(
                f"No night of {monitor.model} was evaluated yet.",
                remedy=f"Run some: obs backfill {monitor.model} --from {monitor.start}",
            )
        begins = known[0] if first is None else days.day_of(monitor, first, lambda: known[1])
        ends = known[1] if last is None else days.day_of(monitor, last, lambda: known[1])
        if begins > ends:
            raise UsageError(f"{begins} is after {ends}.", remedy="Write the earlier day first.")
        replays = replay(history, monitor, found, (begins, ends), tried)
    if chosen is Format.TABLE:
        print_replay(monitor.model, replays)
    else:
        rows = as_documents(replays) if chosen is Format.JSON else as_rows(replays)
        emit(rows, list(rows[0]), chosen)
    if plot is not None:
        with replacing(plot) as aside:
            aside.write_text(render_replay(monitor.model, replays), encoding="utf-8")
        OUTPUT.print(f"\nCharts: {plot.absolute()}", highlight=False, soft_wrap=True)


def _threshold(text: str) -> float | str:
    """A threshold as a monitor has it.

    Raises:
        UsageError: it is written in no known way.
    """
    from obs_dagster.monitor.threshold import SPELLED, Threshold

    try:
        return float(text)
    except ValueError:
        try:
            Threshold.of_written(text)
        except ValueError:
            raise UsageError(f"{text!r} is no threshold.", remedy=f"Write a number, or {SPELLED}.") from None
        return text


def _named_rule(name: str, model: str | None) -> tuple[Monitor, Rule]:
    """The rule of this name, and its monitor.

    Raises:
        UsageError: there is none, or several models have one.
    """
    from obs_dagster.catalogue import monitors_of
    from obs_dagster.settings import Settings

    several = monitors_of(Settings().monitors).values() if model is None else [find_monitor(model)]
    monitors = list(several)
    found = [(monitor, rule) for monitor in monitors for rule in monitor.alerts if rule.name == name]
    require(name, sorted({rule.name for monitor in monitors for rule in monitor.alerts}), "rule")
    if len(found) > 1:
        names = ", ".join(monitor.model for monitor, _ in found)
        raise UsageError(f"Several models have a rule {name!r}: {names}.", remedy="Say which: --model NAME")
    return found[0]
