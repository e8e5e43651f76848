"""Addresses in a notification: the health page, and where Dagster shows what it is about.

They are added when it is sent, by the settings of whoever sends it: what has waited in the outbox leads to
where things are now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from obs_dagster.alerts.message import TRACE_ID, Message
from obs_dagster.alerts.rules import unevaluated
from obs_dagster.alerts.rules.stage import stage_of
from obs_dagster.links import Links


def linked(message: Message, links: Links) -> Message:
    """The message with the addresses that there are: below its body, as links, as `…_url` in its details."""
    addresses = {
        **_addresses(message.details, links),
        "trace": links.night_trace(message.details.get(TRACE_ID, ""), message.details["model"]),
    }
    found = {name: url for name, url in addresses.items() if url}
    if not found:
        return message
    width = max(map(len, found))
    lines = "\n".join(f"{name:{width}}  {url}" for name, url in found.items())
    details = {f"{name.lower().replace(' ', '_')}_url": url for name, url in found.items()}
    runbook = message.facts.get("runbook", "")
    links_too = {"runbook": runbook, **found} if runbook.startswith(("https://", "http://")) else found
    return replace(
        message, body=f"{message.body}\n\n{lines}", details={**message.details, **details}, links=links_too
    )


def _addresses(about: Mapping[str, str], links: Links) -> dict[str, str]:
    """Where to look, by what is seen there; an address that cannot be formed is empty."""
    model = about["model"]
    if "run_id" in about:  # a run that failed
        return {"Dagster run": links.run(about["run_id"]), "all models": links.fleet()}
    if "rule" not in about:  # a channel that is dead
        return {"all models": links.fleet()}
    # messages of earlier versions had no day
    day = dt.date.fromisoformat(about["day"]) if "day" in about else None
    if about["rule"] == unevaluated.NAME:
        check = links.check(model, "data_quality", "evaluated")
    else:
        check = links.check(model, stage_of(about["metric"]), about["rule"])
    return {
        "health page": links.report(model, day) if day else "",
        "Dagster check": check,
        "MLflow": links.experiment_of(model),
        "all models": links.fleet(),
    }
