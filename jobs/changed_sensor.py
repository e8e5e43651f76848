"""What notices that the log of an evaluated day has changed since, and has the day evaluated again."""

import datetime as dt
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from jobs.nightly import job_name
from obs_dagster.errors import ObsError
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.due import last_day
from obs_dagster.settings import Settings
from obs_dagster.sources.changed_logs import ChangedDay, changed_days, really_changed

_SECONDS = 1800
#: The days that windows of the next night can hold are looked at, and no fewer than these.
_LEAST_DAYS = 28
#: Dagster ends a tick after a minute; models that were not reached are the first of the next one.
_BUDGET_SECONDS = 30.0
#: Rows of a day that are compared within a tick; of a larger day its files decide.
_MOST_ROWS = 3_000_000


def build(monitors: Sequence[Monitor], jobs: Sequence[Any]) -> list[dg.SensorDefinition]:
    """The sensor of all monitors together, with the jobs of their nights; none without a monitor."""
    if not monitors:
        return []

    @dg.sensor(
        name="changed_logs",
        jobs=jobs,
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Evaluates a day again when its log has changed since: rows came late, files were "
        "replaced. It waits until the log has stayed the same from one tick to the next, and looks whether "
        "the day's rows are others: files that were touched or renamed change nothing. A day whose log is "
        "gone stays as it was evaluated. It looks at the days of the longest window, "
        "`obs backfill --changed` at all.",
    )
    def changed_logs(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        seen: dict[str, dict[str, str]] = json.loads(context.cursor or "{}")
        lake, now, end = (
            Lake(Settings().lake_root),
            dt.datetime.now(dt.UTC),
            time.monotonic() + _BUDGET_SECONDS,
        )
        requests: list[dg.RunRequest] = []
        changing: list[str] = []
        for monitor in _in_turn(monitors, list(seen)):
            if time.monotonic() > end:
                break
            before = seen.pop(monitor.model, {})
            try:
                found = _changed(monitor, lake, now)
            except ObsError as error:
                # its night says so too; no other model has to wait for it
                context.log.warning("%s: %s", monitor.model, error)
                found = []
            # behind the models that were looked at longer ago
            seen[monitor.model] = {str(each.day): each.stamp for each in found}
            for each in found:
                if before.get(str(each.day)) != each.stamp or time.monotonic() > end:
                    changing.append(f"{monitor.model} {each.day}")
                elif really_changed(monitor, lake, each, most=_MOST_ROWS):
                    requests.append(_again(monitor, each))
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else _why_not(changing),
            cursor=json.dumps(seen),
        )

    return [changed_logs]


def _in_turn(monitors: Sequence[Monitor], looked_at: Sequence[str]) -> Iterator[Monitor]:
    """The monitors: those that no tick has looked at, then the others, the longest ago first."""
    models = {monitor.model: monitor for monitor in monitors}
    yield from (monitor for model, monitor in models.items() if model not in looked_at)
    yield from (models[model] for model in looked_at if model in models)


def _changed(monitor: Monitor, lake: Lake, now: dt.datetime) -> list[ChangedDay]:
    last = last_day(monitor, now)
    first = last - dt.timedelta(days=max(_LEAST_DAYS, *monitor.windows) - 1)
    return [each for each in changed_days(monitor, lake, first, last) if each.kind == "changed"]


def _again(monitor: Monitor, changed: ChangedDay) -> dg.RunRequest:
    """The night of a day, once for each state of its log; if it failed, once more on the next day."""
    today = dt.datetime.now(dt.UTC).date()
    return dg.RunRequest(
        run_key=f"{monitor.model}:{changed.day}:{changed.stamp}:{today}",
        job_name=job_name(monitor),
        partition_key=str(changed.day),
        tags={"obs/because": "its log has changed"},
    )


def _why_not(changing: Sequence[str]) -> str:
    if not changing:
        return "every day's log is as it was evaluated"
    return f"changing, and evaluated again when they have stayed the same for a tick: {', '.join(changing)}"
