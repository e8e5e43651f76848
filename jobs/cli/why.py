"""`obs why`: where a model is wrong, and what the change of its numbers is made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.cli import days
from jobs.cli.choice import Model, OnlyVersions, find_monitor, require
from jobs.cli.completion import complete_metric
from jobs.cli.console import OUTPUT, cell, table
from jobs.cli.records import Format, FormatOption, emit
from jobs.cli.stored_night import night_of, period

if TYPE_CHECKING:
    from obs_dagster.evaluation.night import Night
    from obs_dagster.evaluation.where import VersionWhy
    from obs_dagster.monitor import Monitor

_LOOK_BACK = 28
"""Days before the last one that are looked at for an explanation of the mean output."""

_COLUMNS = (
    "version",
    "kind",
    "split",
    "segment",
    "rows",
    "rows_before",
    "value",
    "elsewhere",
    "shrunk",
    "low",
    "high",
    "p_value",
    "mix",
    "score",
    "outcome",
    "total",
)


def why(  # noqa: PLR0917  Typer reads options by name
    model: Model,
    metric: Annotated[
        str | None,
        typer.Option(
            help="The metric whose change is explained; left out: what verdicts tell first.",
            autocompletion=complete_metric,
        ),
    ] = None,
    first: Annotated[str | None, days.option("--from", "First day; left out: a week to the last")] = None,
    last: Annotated[
        str | None, days.option("--to", "Last day; left out: the last one whose labels are complete")
    ] = None,
    before: Annotated[
        int, typer.Option(min=1, max=366, help="So many days before the first are what it is compared with.")
    ] = 28,
    version: OnlyVersions = None,
    chosen: FormatOption = Format.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Say where a model is wrong more often than elsewhere, and what the change of a metric is made of."""
    from obs_dagster.evaluation.where import Period, is_judged, metric_to_explain
    from obs_dagster.evaluation.where import why as explained
    from obs_dagster.verdict.headline import settled_through

    monitor = find_monitor(model)
    night = night_of(monitor)
    if not is_judged(monitor) and metric is None and chosen is Format.TABLE and output is None:
        _print_without_labels(monitor, night, last, version or [])
        return
    wanted = metric_to_explain(monitor, metric)
    begin, end = period(monitor, night, first, last, length=7)
    settled = settled_through(monitor, end)
    if last is None and first is None and settled is not None and settled >= monitor.start:
        begin, end = max(monitor.start, settled - dt.timedelta(days=6)), settled
    earlier = Period(begin - dt.timedelta(days=before), begin - dt.timedelta(days=1))
    found = explained(night, Period(begin, end), earlier, wanted)
    for each in version or []:
        require(each, {one.version for one in found}, "version")
    found = [each for each in found if not version or each.version in version]
    if chosen is Format.TABLE and output is None:
        OUTPUT.print(f"{begin} to {end}, beside {earlier.first} to {earlier.last}", highlight=False)
        _print(found, wanted, _shifts(monitor, [each.version for each in found], end))
        _print_causes(monitor, end)
    else:
        emit([row for each in found for row in _rows(each)], list(_COLUMNS), chosen, output=output)


def _print_without_labels(monitor: Monitor, night: Night, last: str | None, versions: Sequence[str]) -> None:
    """What can be said of a model of which no label says what is right: what moved its mean output."""
    from obs_dagster.evaluation.effect import versions_on

    _, end = period(monitor, night, last, last, length=1)
    served = versions_on(night, end)
    for each in versions:
        require(each, served, "version")
    OUTPUT.print(
        f"{end}. No label says what is right of models of {monitor.task}, so nothing is known of where it is "
        "wrong.",
        markup=False,
        highlight=False,
    )
    named = sorted(versions or served)
    for name, told in _shifts(monitor, named, end).items():
        OUTPUT.print(f"\nVersion {name}", style="bold", markup=False, highlight=False)
        OUTPUT.print(told or "What moved its mean output is not known: nothing explains it.", highlight=False)
    _print_causes(monitor, end)


def _shifts(monitor: Monitor, versions: Sequence[str], day: dt.date) -> dict[str, str]:
    """By version which features moved its mean output since the baseline, as far as explanations tell."""
    from obs_dagster.history import History
    from obs_dagster.reports.output_shift import latest_shift
    from obs_dagster.reports.record_window import RecordWindow
    from obs_dagster.settings import Settings

    with History.open(Settings().history_url) as history:
        window = RecordWindow(history, monitor.model, whole_days=_LOOK_BACK, segment_days=0)
        index = window.index(day)
    return {version: latest_shift(index, monitor, version, day) for version in versions}


def _print_causes(monitor: Monitor, day: dt.date) -> None:
    """Where it began among the components of a night that the last day is off, if it is."""
    from obs_dagster.causes.model_nights import ModelNights
    from obs_dagster.causes.words import told_of
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    with History.open(Settings().history_url) as history, history.reading() as connection:
        nights = ModelNights.read(connection, monitor)
    answer = nights.on(day)
    if answer.of is None:
        return
    OUTPUT.print("\nAcross components", style="bold", markup=False, highlight=False)
    for line in told_of(answer):
        OUTPUT.print(line, markup=False, highlight=False)


def _rows(found: VersionWhy) -> list[dict[str, Any]]:
    none = dict.fromkeys(_COLUMNS)
    slices = [
        none
        | {
            "version": found.version,
            "kind": "segment",
            "segment": each.name,
            "rows": each.rows,
            "value": each.share,
            "elsewhere": each.rest,
            "shrunk": each.shrunk,
            "low": each.interval[0],
            "high": each.interval[1],
            "p_value": each.p_value,
            "score": each.score,
        }
        for each in found.slices
    ]
    parts = [
        none
        | {
            "version": found.version,
            "kind": "effect",
            "split": ",".join(cut),
            "segment": each.segment,
            "rows": each.after,
            "rows_before": each.before,
            "mix": each.mix,
            "score": each.score,
            "outcome": each.outcome,
            "total": each.total,
        }
        for cut, change in found.changes.items()
        for each in change.segments
    ]
    return [*slices, *parts]


def _print(found: Sequence[VersionWhy], metric: str, shifts: Mapping[str, str]) -> None:
    """What is known in words, and below it the tables."""
    from obs_dagster.reports.why import told_of, why_sections

    sections = why_sections(found, metric)
    for each in found:
        OUTPUT.print(f"\nVersion {each.version}", style="bold", markup=False, highlight=False)
        for line in told_of(each, metric):
            OUTPUT.print(line, markup=False, highlight=False)
        if shifts[each.version]:
            OUTPUT.print(shifts[each.version], markup=False, highlight=False)
        for section in sections[each.version]:
            if section.rows:
                OUTPUT.print(f"\n{section.title}", markup=False, highlight=False)
                drawn = table(*section.headings)
                for row in section.rows:
                    drawn.add_row(*map(cell, row))
                OUTPUT.print(drawn)
