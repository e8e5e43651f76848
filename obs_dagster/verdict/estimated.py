"""What is expected of a version before its last labels are there, told apart from what is measured."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from obs_dagster.metrics.estimate import UNTAUGHT
from obs_dagster.metrics.registry import completions, estimates, shown_in
from obs_dagster.monitor.model import Monitor
from obs_dagster.verdict.evidence import Evidence, evidence_of
from obs_dagster.verdict.headline import awaits_labels, headline_window
from obs_dagster.verdict.record_index import RecordIndex
from obs_dagster.verdict.wording import listing

_TOLD = 2


@dataclass(frozen=True, slots=True)
class Estimates:
    """Quality that is estimated.

    Attributes:
        known: the numbers; none where all labels are in.
        told: the same in words, or why nothing can be estimated.
    """

    known: Sequence[Evidence] = ()
    told: Sequence[str] = ()


def estimates_of(monitor: Monitor, index: RecordIndex, version: str, day: dt.date) -> Estimates:
    """What is estimated of the metrics that a verdict shows, where labels of the window are awaited."""
    window, guesses, ends = headline_window(monitor), estimates(monitor.task), completions(monitor.task)
    found = []
    for shown in shown_in("verdict", monitor.task):
        if not awaits_labels(monitor, shown.name, day, day):
            continue
        ways = [way[shown.name].name for way in (ends, guesses) if shown.name in way]
        records = [each for way in ways if (each := index.at(day, way, version, window)) is not None]
        # by late labels if these are known, else by what the model put out
        found += [each for each in records if each.value is not None][:1] or records[-1:]
    known = [evidence_of(each, monitor, index, day) for each in found if each.value is not None]
    if known:
        numbers = listing([item.text for item in known[:_TOLD]])
        completing = any(known[0].metric == each.name for each in ends.values())
        assumed = "if late labels are like those before" if completing else "if the concept has not changed"
        return Estimates(known, [f"{numbers} {known[0].when}, {assumed}"])
    reasons = [each.reason for each in found if each.reason and each.n]
    if not reasons or reasons[0].startswith(UNTAUGHT):
        return Estimates()
    return Estimates((), [f"what the missing labels may say cannot be estimated: {reasons[0]}"])
