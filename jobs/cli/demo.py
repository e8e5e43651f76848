"""`obs demo`: real flights, a small fleet of models, six weeks of nights."""

from __future__ import annotations

import datetime as dt
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.choice import readable_monitors
from jobs.cli.console import ERRORS, OUTPUT
from jobs.cli.failure import FAILED, UsageError
from jobs.cli.kept_messages import kept_messages
from jobs.cli.report import write_fleet, write_report
from jobs.cli.run import evaluate, show_standing
from jobs.cli.stages import bar, working

if TYPE_CHECKING:
    from obs_dagster.monitor import Monitor
    from obs_dagster.settings import Settings


def demo(
    home: Annotated[
        Path | None, typer.Option(help="Write everything here; left out: OBS_HOME, or .obs in this folder.")
    ] = None,
) -> None:
    """Train three models on real flights, replay six weeks, evaluate every night, and say where to look."""
    from obs_dagster.demo.plan import FIRST_DAY, LAST_DAY
    from obs_dagster.demo.registration import MODEL
    from obs_dagster.demo.siblings import SIBLINGS
    from obs_dagster.settings import Settings

    if home is not None:
        os.environ["OBS_HOME"] = str(home.expanduser().absolute())
    settings = Settings()
    monitor = _monitor(settings, MODEL)
    fleet = [_monitor(settings, sibling.model) for sibling in SIBLINGS]
    ERRORS.print(f"Everything goes to {settings.root}", markup=False, highlight=False, soft_wrap=True)
    _replay(settings, FIRST_DAY, LAST_DAY)
    # the last night by itself, as every night is in production
    for first, last in ((FIRST_DAY, LAST_DAY - dt.timedelta(days=1)), (LAST_DAY, LAST_DAY)):
        if not evaluate(monitor, first, last).success:
            raise typer.Exit(FAILED)
    for sibling in fleet:
        if not evaluate(sibling, sibling.start, LAST_DAY).success:
            raise typer.Exit(FAILED)
    models = (monitor, *fleet)
    _deliver(settings, models)
    for each in models:
        OUTPUT.print(f"\n{each.model}", style="bold underline", markup=False, highlight=False)
        show_standing(each, LAST_DAY)
        page = write_report(each)
        OUTPUT.print(f"\nThe health page: {page}\n", markup=False, highlight=False, soft_wrap=True)
    OUTPUT.print(
        f"All models on one page: {write_fleet(readable_monitors())}\n",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    OUTPUT.print("Next:", highlight=False)
    for command, why in _next(settings, monitor):
        OUTPUT.print(f"  # {why}", style="dim", markup=False, highlight=False, soft_wrap=True)
        OUTPUT.print(f"  {command}", markup=False, highlight=False, soft_wrap=True)


def _next(settings: Settings, monitor: Monitor) -> Iterator[tuple[str, str]]:
    """Commands to go on with, as they can be typed here, and what each is good for."""
    from obs_dagster.alerts import State, list_alerts
    from obs_dagster.history import History

    own, found = Path(sys.executable).with_name("obs"), shutil.which("obs")
    near = own.relative_to(Path.cwd()) if own.is_relative_to(Path.cwd()) else own
    obs = shlex.quote(str(near)) if found is None or not Path(found).samefile(own) else "obs"
    if settings.root != Path(".obs").absolute():
        obs = f"OBS_HOME={shlex.quote(str(settings.root))} {obs}"
    yield (
        f"{obs} metrics {monitor.model} --metric recall --window 7 --segment '*'",
        "how recall fell, day by day",
    )
    with History.open(settings.history_url) as history:
        firing = list_alerts(history, monitor.model, [State.FIRING])
    for alert in [alert for alert in firing if alert.severity == "critical"][:1]:
        yield f"{obs} alerts show {alert.id}", "the gravest alert in full"
    yield f"{obs} dev", "lineage, checks and runs in Dagster; trends and reports in MLflow"


def _monitor(settings: Settings, model: str) -> Monitor:
    from obs_dagster.catalogue import monitor_of

    file = settings.monitors / f"{model}.yaml"
    if not file.exists():
        raise UsageError(
            f"The demo's monitor {file.absolute()} does not exist.",
            remedy="Run it in the project's folder, or set OBS_MONITORS to its folder `monitors`.",
        )
    return monitor_of(file)


def _replay(settings: Settings, first: dt.date, last: dt.date) -> None:
    from obs_dagster.demo.fleet import prepare_fleet, replay_fleet
    from obs_dagster.demo.plan import prepare
    from obs_dagster.demo.replay import replay

    ERRORS.print("Models", highlight=False)

    def told(text: str) -> None:
        ERRORS.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)

    with working("Models"):
        plan = prepare(settings.root, settings.mlflow_uri, progress=told)
        fleet = prepare_fleet(settings.root, settings.mlflow_uri, plan.flights, progress=told)
    days = (last - first).days + 1
    ERRORS.print(f"Replaying {days} days, {first} to {last}", highlight=False)
    with bar("Replay", total=days) as shown:
        task = shown.task_ids[0]
        replay(plan, first, last, progress=lambda text: shown.update(task, what=text, advance=1))
    replay_fleet(fleet, plan.flights)


def _deliver(settings: Settings, monitors: Sequence[Monitor]) -> None:
    from obs_dagster.alerts import deliver
    from obs_dagster.history import History
    from obs_dagster.mlflow_reach.experiment import links_to_traces

    place = settings.root / "notifications.log"
    routes = {monitor.model: monitor.routes for monitor in monitors}
    with History.open(settings.history_url) as history, kept_messages(place):
        done = deliver(history, routes, environ=os.environ, links=links_to_traces(settings))
    if done.delivered:
        count = "1 notification was" if done.delivered == 1 else f"{done.delivered} notifications were"
        labels = dict.fromkeys(route.label for monitor in monitors for route in monitor.channels) or (
            "log://",
        )
        told = f"{count} sent to {', '.join(labels)}"
        told += f": {place}" if "log://" in labels else ""
    else:
        told = "No notification was due"
    ERRORS.print(told, markup=False, highlight=False, soft_wrap=True)
    for failure in done.failures:
        ERRORS.print(f"{failure.label} did not take one: {failure.error}", markup=False, highlight=False)
