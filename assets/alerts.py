"""Stage: rules over metrics; who must know."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import dagster as dg

from assets.causes import began
from assets.links import day_links
from assets.optional import optional
from assets.partitions import days_of, hours
from assets.resources import Platform
from assets.rules import checks_of, results_of
from assets.stage import stage
from assets.tables import table
from assets.upstream import upstream_events
from obs_dagster.alerts import evaluate_rules, list_alerts
from obs_dagster.alerts.moved import from_lake
from obs_dagster.anomalies import record_anomalies
from obs_dagster.capacity import record_capacity
from obs_dagster.causes.model_nights import across
from obs_dagster.evaluation.night_record import record_nights
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.history import History
from obs_dagster.monitor import Monitor


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""

    @stage(
        monitor,
        "alerts",
        after=["drift", "performance", "service_health", "data_quality", *_beside(monitor)],
        kinds=["python", "sql"],
        checks=checks_of(monitor, "alerts"),
    )
    def alerts(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
        """The state of every alert after this night; what changed waits in the outbox to be sent."""
        days = days_of(context)
        with platform.history() as history:
            night = platform.night(monitor, context.run_id)
            record_nights(night, days, history)
            asked = Asked(context, monitor, history, night.recorder, days, platform.now())
            for part, keep in PARTS.items():
                optional(context, monitor, history, part, partial(keep, asked))
            summary = evaluate_rules(
                monitor,
                history,
                as_of=max(days),
                now=platform.now(),
                run_id=context.run_id,
                moved=from_lake(platform.lake),
                across=across([monitor]),
            )
            known = list_alerts(history, monitor.model)
            told: dict[str, dg.MetadataValue] = {}
            last = max(days)
            optional(context, monitor, history, "causes", lambda: told.update(began(monitor, history, last)))
        for day in days:
            firing = sum(alert.fires_on(day) for alert in known)
            context.add_asset_metadata(
                {"day": hours(monitor, day), "alerts firing": firing}, partition_key=day.isoformat()
            )
        if told:
            context.add_asset_metadata(told, partition_key=last.isoformat())
        states = table(
            (
                {"rule": each.rule.name, "status": each.status}
                | {state: len(subjects) for state, subjects in each.subjects.items()}
                for each in (*summary.rules, summary.days)
            ),
            ["rule", "status", "firing", "pending", "closed", "ok", "unknown"],
        )
        return dg.MaterializeResult(
            metadata={
                "as of": str(summary.as_of),
                "in this run": f"{len(summary.fired)} newly firing, {len(summary.resolved)} newly resolved",
                "rules": states,
                **day_links(monitor.model, summary.as_of),
            },
            check_results=results_of(monitor, "alerts", summary, platform.lake),
        )

    return alerts


def _beside(monitor: Monitor) -> list[str]:
    """The stages that only some monitors have."""
    return ["components"] if monitor.components else []


@dataclass(frozen=True, slots=True)
class Asked:
    """What a part of the stage is given."""

    context: dg.AssetExecutionContext
    monitor: Monitor
    history: History
    recorder: Recorder
    days: Sequence[dt.date]
    now: dt.datetime


def _record_upstream(asked: Asked) -> None:
    """Keep what became of the log's sources."""
    monitor = asked.monitor
    if monitor.upstream:
        found = upstream_events(asked.context.instance, monitor, asked.now)
        asked.history.record_upstream(monitor.model, list(found))


PARTS: dict[str, Callable[[Asked], None]] = {
    "upstream assets": _record_upstream,
    "capacity": lambda asked: record_capacity(asked.monitor, asked.history, asked.days, asked.recorder),
    "anomalies": lambda asked: record_anomalies(asked.monitor, asked.history, asked.days, asked.recorder),
}
"""What is done before rules are evaluated, which do without it: whatever one of them raises is told."""
