"""`obs effect`: what serving one version in the place of another did."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.cli import days
from jobs.cli.choice import Model, find_monitor
from jobs.cli.completion import complete_version
from jobs.cli.console import OUTPUT, cell, table
from jobs.cli.records import Format, FormatOption, emit
from jobs.cli.stored_night import night_of, period

if TYPE_CHECKING:
    from obs_dagster.effects.by_day import Mean
    from obs_dagster.evaluation.effect import VersionEffect

_COLUMNS = (
    "estimate",
    "segment",
    "outcome",
    "first",
    "second",
    "effect",
    "low",
    "high",
    "p_value",
    "q_value",
    "days",
    "rows_first",
    "rows_second",
    "routing_auc",
    "outside_support",
    "effective_first",
    "effective_second",
    "e_value",
    "e_value_of_interval",
    "reason",
)


class On(StrEnum):
    """What it is the effect on."""

    LABEL = "label"
    ERROR = "error"
    COST = "cost"


def effect(  # noqa: PLR0917  Typer reads options by name
    model: Model,
    first: Annotated[
        str, typer.Argument(autocompletion=complete_version, help="The version that served before.")
    ],
    second: Annotated[
        str, typer.Argument(autocompletion=complete_version, help="The one that served in its place.")
    ],
    outcome: Annotated[
        On | None,
        typer.Option(
            help="What it is the effect on; left out: as the monitor's `effect` says, or the label."
        ),
    ] = None,
    begin: Annotated[
        str | None, days.option("--from", "First day; left out: eight weeks before the last")
    ] = None,
    end: Annotated[
        str | None, days.option("--to", "Last day; left out: the last one that was evaluated")
    ] = None,
    *,
    second_opinion: Annotated[
        bool, typer.Option("--second-opinion", help="Hold it against meta-learners of another library.")
    ] = False,
    chosen: FormatOption = Format.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Say what serving one version in the place of another did to labels, errors or their cost."""
    from obs_dagster.evaluation.effect import MOST_DAYS, effect_of, learnable
    from obs_dagster.evaluation.where import Period
    from obs_dagster.monitor.effect import Outcome

    monitor = find_monitor(model)
    night = night_of(monitor)
    start, last = period(monitor, night, begin, end, length=MOST_DAYS)
    declared: Outcome = monitor.effect.outcome if monitor.effect else "label"
    asked: Outcome = outcome.value if outcome else declared
    given = learnable(night, first, second, Period(start, last), asked)
    others: Mapping[str, Mean | float] = {}
    if second_opinion and given.rows is not None:
        from obs_dagster.effects.second_opinion import second_opinions

        others = second_opinions(given.rows, given.seed)
    found = effect_of(given)
    if chosen is Format.TABLE and output is None:
        OUTPUT.print(f"{start} to {last}", highlight=False)
        _print(found, others)
    else:
        emit(_rows(found, others), list(_COLUMNS), chosen, output=output)


def _rows(found: VersionEffect, others: Mapping[str, Mean | float]) -> list[dict[str, Any]]:
    """The estimate, the raw difference, segments and second opinions, a row each."""
    known = {"outcome": found.outcome, "first": found.first, "second": found.second}
    whole = {"days": len(found.days), "rows_first": found.rows[0], "rows_second": found.rows[1]}
    estimated, of_all = found.estimated, {**known, "segment": "*", **whole}
    main: dict[str, Any] = {"estimate": "doubly_robust", **of_all, "reason": found.reason}
    if estimated is not None:
        seen = estimated.overlap
        main |= {
            **_of(estimated.effect),
            "routing_auc": seen.area,
            "outside_support": seen.outside,
            "effective_first": seen.effective[0],
            "effective_second": seen.effective[1],
            "e_value": found.unmeasured and found.unmeasured.explains,
            "e_value_of_interval": found.unmeasured and found.unmeasured.shakes,
        }
    rows = [main, {"estimate": "difference_in_means", **of_all, **_of(found.raw)}]
    for name, each in found.segments.items():
        rows.append(
            {
                "estimate": "doubly_robust",
                **known,
                "segment": name,
                **_of(each.effect),
                "q_value": each.q_value,
                "rows_first": each.rows[0],
                "rows_second": each.rows[1],
                "reason": each.reason,
            }
        )
    for name, told in others.items():
        said = {"effect": told} if isinstance(told, float) else _of(told)
        rows.append({"estimate": name, **of_all, **said})
    return rows


def _of(each: Mean | None) -> dict[str, Any]:
    if each is None:
        return {}
    return {"effect": each.value, "low": each.low, "high": each.high, "p_value": each.p_value}


def _print(found: VersionEffect, others: Mapping[str, Mean | float]) -> None:
    from obs_dagster.reports.effect import difference, effect_sections, headline, signed

    OUTPUT.print(headline(found), style="bold", markup=False, highlight=False)
    for section in effect_sections(found):
        if section.rows:
            OUTPUT.print(f"\n{section.title}", style="bold", markup=False, highlight=False)
            drawn = table(*section.headings)
            for row in section.rows:
                drawn.add_row(*map(cell, row))
            OUTPUT.print(drawn)
    for name, told in others.items():
        said = signed(found, told) if isinstance(told, float) else difference(found, told)
        OUTPUT.print(f"Second opinion, {name}: {said}", markup=False, highlight=False)
