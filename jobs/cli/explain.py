"""`obs explain`: why a model said what it said of one row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli import days
from jobs.cli.choice import Model, find_monitor
from jobs.cli.completion import complete_version
from jobs.cli.console import OUTPUT, cell, table
from jobs.cli.failure import UsageError

if TYPE_CHECKING:
    from obs_dagster.explain.prediction_explained import PredictionExplained

_SHOWN = 6
"""Features of the nearest rows that a terminal has room for."""


def explain(
    model: Model,
    prediction_id: Annotated[str, typer.Argument(help="The prediction, as the log has it.", metavar="ID")],
    day: Annotated[
        str | None,
        typer.Option(
            parser=days.parse_day,
            metavar=days.METAVAR,
            help="The day of the log that has it; left out: all are looked at.",
            autocompletion=days.complete_day,
        ),
    ] = None,
    version: Annotated[
        str | None,
        typer.Option(help="The version that made it, if several did.", autocompletion=complete_version),
    ] = None,
    fixed: Annotated[
        list[str] | None,
        typer.Option(help="A feature that could not have been other than it is (repeatable)."),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    page: Annotated[Path | None, typer.Option(help="Write a page into this file.")] = None,
) -> None:
    """Explain one prediction: what moved it, what it is like, and what would have changed the decision."""
    import datetime as dt
    import json

    from obs_dagster.explain.find_prediction import find_prediction
    from obs_dagster.explain.prediction import explain_prediction
    from obs_dagster.lake.lake import Lake, replacing
    from obs_dagster.settings import Settings

    monitor, settings = find_monitor(model), Settings()
    lake = Lake(settings.lake_root)

    def latest() -> dt.date:
        return days.last_legal(monitor)

    asked = None if day is None else days.day_of(monitor, day, latest)
    row = find_prediction(monitor, prediction_id, lake, day=asked, version=version)
    found = explain_prediction(monitor, row, lake, settings.mlflow_uri, fixed=fixed or ())
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=2, default=str))
    else:
        _print(found)
    if page is not None:
        from obs_dagster.reports.prediction import render_prediction

        try:
            with replacing(page) as aside:
                aside.write_text(render_prediction(found), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{page} cannot be written: {error}.", remedy="Name another file.") from error
        if not as_json:
            OUTPUT.print(f"\nPage: {page.absolute()}", highlight=False, soft_wrap=True, markup=False)


def _print(found: PredictionExplained) -> None:
    from obs_dagster.reports.prediction import wording

    def line(text: str) -> None:
        OUTPUT.print(text, markup=False, highlight=False)

    line(f"{found.prediction_id}, version {found.version}, {found.day}")
    line(wording.said(found))
    for remark in found.remarks:
        line(remark)
    line(f"\n{wording.moved(found)}")
    drawn = table("feature", "value", f"moves it by ({found.unit})")
    for each in found.contributions:
        drawn.add_row(cell(each.feature), cell(wording.shown(each.value)), wording.direction(each))
    OUTPUT.print(drawn)
    line(wording.method(found))
    line(f"\n{wording.otherwise_heading(found)}")
    for told in wording.otherwise(found):
        line(f"  {told}")
    line(f"\nThe nearest rows. {wording.unlike(found)}")
    features = [each.feature for each in found.contributions[:_SHOWN]]
    drawn = table("distance", found.output.lower(), *(["decision"] if found.decision else []), *features)
    for near in found.nearest:
        drawn.add_row(
            f"{near.distance:.3f}",
            f"{near.score:.4g}",
            *([near.decision] if found.decision else []),
            *(cell(wording.shown(near.features[name])) for name in features),
        )
    OUTPUT.print(drawn)
    if len(found.contributions) > _SHOWN:
        line(f"{len(found.contributions) - _SHOWN} more features of these rows are in --json and --page.")
