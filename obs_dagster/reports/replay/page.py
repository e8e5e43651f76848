"""Puts the replay of a rule on a page: a chart of each subject, with the nights on which it would fire."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from obs_dagster.alerts.rules.judging import threshold
from obs_dagster.alerts.rules.observation import Observation
from obs_dagster.alerts.rules.replay import Replay, Replayed
from obs_dagster.monitor import Rule
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.reports.health.chart import Chart, Frame, Point, Trend, draw
from obs_dagster.reports.templates import environment
from obs_dagster.verdict.wording import day_month, noun

#: Subjects that have a chart of their own.
_MOST = 24


@dataclass(frozen=True, slots=True)
class Tried:
    """A threshold with what the rule would have done."""

    threshold: str
    own: bool
    fired: int
    nights: int
    subjects: int


def render_replay(model: str, replays: Sequence[Replay]) -> str:
    """The page as one HTML document that loads nothing.

    Args:
        model: the model.
        replays: of the rule, then with other thresholds.
    """
    own = replays[0]
    tried = [
        Tried(
            each.rule.threshold.origin or f"{each.rule.threshold.number:g}",
            each is own,
            each.fired,
            each.firing_nights,
            each.fired_subjects,
        )
        for each in sorted(replays, key=lambda each: each.rule.threshold.number)
    ]
    return (
        environment(__name__)
        .get_template("replay.html.j2")
        .render(
            model=model,
            own=own,
            tried=tried if len(replays) > 1 else [],
            charts=[_chart(own, each) for each in own.subjects[:_MOST]],
            more=max(0, len(own.subjects) - _MOST),
            all_versions=WHOLE,
        )
    )


def _chart(own: Replay, each: Replayed) -> Chart:
    frame = Frame(own.first, own.last, {})
    # of several conditions, the chart is of the one that speaks first
    rule = next((night.night.part for night in each.nights if night.night.part), None) or own.rule
    nights = [night.night for night in each.nights if (night.night.part or own.rule).metric == rule.metric]
    subject = each.subject
    trend = Trend(
        subject.version,
        0,
        [
            Point(night.day, night.value, night.low, night.high, night.n)
            for night in nights
            if night.value is not None
        ],
    )
    drawn = draw(
        frame,
        rule.metric,
        subject.told(rule.metric),
        noun(rule.metric) + (f", {rule.window} days" if rule.window > 1 else ""),
        [trend],
        thresholds=_limits(rule, nights),
        empty="no value on any of these nights",
    )
    return replace(drawn, blanks=list(_firing(frame, each)))


def _limits(rule: Rule, nights: Sequence[Observation]) -> list[tuple[float, str]]:
    """The threshold; of one that differs from night to night, the last."""
    held = [limit for night in nights if (limit := threshold(rule, night)) is not None]
    if not held:
        return []
    return [(held[-1], "threshold" if rule.threshold.of is None else "threshold of the last night")]


def _firing(frame: Frame, each: Replayed) -> list[tuple[float, float, str]]:
    """Place, width and tip of each night on which it would have been firing."""
    x = frame.x
    days = [frame.first + dt.timedelta(days=number) for number in range((frame.last - frame.first).days + 1)]
    return [
        (start, x.place(day.toordinal() + 0.5) - start, f"{day_month(day)}: firing")
        for day in days
        if each.fires_on(day)
        for start in (x.place(day.toordinal() - 0.5),)
    ]
