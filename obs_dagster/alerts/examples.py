"""Requests that show what a notification is about, each with its trace; looked up when it is sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from obs_dagster.alerts.message import Message, harmless
from obs_dagster.evaluation.examples import Example, examples_of, kind_shown_by
from obs_dagster.lake.lake import Lake
from obs_dagster.links import Links
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE

Examples = Callable[[Mapping[str, str]], Sequence[Example]]
"""Requests that show what a message of some details is about; none where single requests show nothing."""

MOST = 3


def no_examples(_: Mapping[str, str]) -> Sequence[Example]:
    """Nobody knows any."""
    return ()


def examples_in(monitors: Iterable[Monitor], lake: Lake) -> Examples:
    """The worst requests of the night that a message is of, of its version and segment.

    Args:
        monitors: the monitors whose messages are sent.
        lake: holds their rows; those of a day are looked at once.
    """
    known = {monitor.model: monitor for monitor in monitors}

    @cache
    def found(model: str, day: str, segment: str, kind: str) -> list[Example]:
        return examples_of(
            known[model], dt.date.fromisoformat(day), lake, most=MOST, segment=segment, kind=kind
        )

    def show(about: Mapping[str, str]) -> Sequence[Example]:
        metric = definitions().get(about.get("metric", ""))
        kind = kind_shown_by(metric) if metric else ""
        if not kind or about.get("event") != "firing" or about["model"] not in known or "day" not in about:
            return ()
        version = about.get("model_version", WHOLE)
        every = found(about["model"], about["day"], about.get("segment", WHOLE), kind)
        return [each for each in every if version in {each.version, WHOLE}][:MOST]

    return show


def line_of(example: Example, links: Links) -> str:
    """What was wrong with a request, which one it was, and its trace."""
    trace = harmless(example.trace_id)
    address = links.trace(example.trace_id) or f"trace {trace}"
    return f"{harmless(example.told)} ({example.kind}), {harmless(example.prediction_id)}: {address}"


def with_examples(message: Message, examples: Sequence[Example], links: Links) -> Message:
    """The message with requests that show what it is about: below its body, as a fact, as trace ids."""
    if not examples:
        return message
    lines = [line_of(each, links) for each in examples]
    shown = "\n".join(f"  {line}" for line in lines)
    return replace(
        message,
        body=f"{message.body}\n\nfor example\n{shown}",
        facts={**message.facts, "for example": "; ".join(lines)},
        details={
            **message.details,
            "example_ids": ", ".join(harmless(each.prediction_id) for each in examples),
            "example_traces": ", ".join(harmless(each.trace_id) for each in examples),
        },
    )
