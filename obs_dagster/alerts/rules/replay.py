"""When a rule would have fired on nights that were evaluated, with its own threshold and with others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from obs_dagster.alerts.rules.combined import Series
from obs_dagster.alerts.rules.flapping import episodes_of
from obs_dagster.alerts.rules.fold import Episode
from obs_dagster.alerts.rules.held import reach
from obs_dagster.alerts.rules.judging import judge
from obs_dagster.alerts.rules.lately import JudgedNight
from obs_dagster.alerts.rules.observation import Observation
from obs_dagster.alerts.rules.series import Nights, read_nights, series_of
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.history import History
from obs_dagster.monitor import Monitor, Rule

#: Shares of all values that are nearer to the right side than a threshold that is tried.
_QUANTILES = (0.25, 0.5, 0.75, 0.9, 0.97)
#: Other parts of what a value is held against, and how many spreads more or fewer.
_BUDGETS = (0.25, 4.0, 12.0)
_PARTS, _SPREADS = (0.8, 0.9, 1.1, 1.2), (-2.0, -1.0, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Replayed:
    """A subject of the rule.

    Attributes:
        nights: what the rule says of each of its nights.
        episodes: those that fired.
    """

    subject: Subject
    nights: Sequence[JudgedNight]
    episodes: Sequence[Episode]

    def fires_on(self, day: dt.date) -> bool:
        """Whether it would have been firing after the night of a day."""
        return any(
            each.fired_day is not None
            and each.fired_day <= day
            and (each.resolved_day is None or day < each.resolved_day)
            for each in self.episodes
        )

    @property
    def firing_nights(self) -> int:
        """Nights with a record on which it would have been firing."""
        return sum(self.fires_on(each.night.day) for each in self.nights)


@dataclass(frozen=True, slots=True)
class Replay:
    """What a rule would have done.

    Attributes:
        last: the last night; of a rule that waits for labels, the last one that it judges by then.
        subjects: all that it watches; those that would have fired for the most nights first.
    """

    rule: Rule
    first: dt.date
    last: dt.date
    subjects: Sequence[Replayed]

    @property
    def fired(self) -> int:
        """How often it would have fired."""
        return sum(len(each.episodes) for each in self.subjects)

    @property
    def firing_nights(self) -> int:
        """Nights of subjects on which it would have been firing."""
        return sum(each.firing_nights for each in self.subjects)

    @property
    def fired_subjects(self) -> int:
        """Subjects that it would have fired for."""
        return sum(bool(each.episodes) for each in self.subjects)


def replay(
    history: History,
    monitor: Monitor,
    rule: Rule,
    nights: tuple[dt.date, dt.date],
    thresholds: Sequence[float | str] = (),
) -> list[Replay]:
    """Replay a rule, and the same with other thresholds, over the current records of a range of nights.

    Labels that came late are in these, as they were not in the night: what would have fired on what was known
    then may differ.

    Args:
        history: the store.
        monitor: the monitor.
        rule: the rule, which need not be in the monitor.
        nights: the first and the last.
        thresholds: others to try, written as in a monitor; none: some around the rule's own.

    Returns:
        The replay of the rule, then those with other thresholds in ascending order; none of a rule of several
        conditions.
    """
    first, last = nights
    wait = monitor.labels.max_delay_days if monitor.labels and rule.settled else 0
    last -= dt.timedelta(days=wait)
    with history.reading() as connection:
        earliest = first - dt.timedelta(days=reach(rule))
        records = read_nights(connection, monitor.model, [rule], earliest, last)
    own = _replayed(rule, records, first, last)
    if rule.parts != (rule,):
        return [own]
    tried = [rule.model_copy(update={rule.direction: each}) for each in thresholds or _others(rule, own)]
    tried.sort(key=lambda each: each.threshold.number)
    return [own, *(_replayed(each, records, first, last) for each in tried)]


def _replayed(rule: Rule, nights: Nights, first: dt.date, last: dt.date) -> Replay:
    series: Series = series_of(rule, nights)
    subjects = [_subject(rule, subject, series[subject], first, last) for subject in sorted(series)]
    subjects.sort(key=lambda each: -each.firing_nights)
    return Replay(rule, first, last, subjects)


def _subject(
    rule: Rule, subject: Subject, nights: Sequence[Observation], first: dt.date, last: dt.date
) -> Replayed:
    own = [night for night in nights if first <= night.day <= last]
    fired = [each for each in episodes_of(rule, own, last) if each.fired_day is not None]
    return Replayed(subject, [JudgedNight(night, judge(rule, night)) for night in own], fired)


def _others(rule: Rule, own: Replay) -> list[float | str]:
    """Thresholds that may be tried beside the rule's own."""
    held = rule.threshold
    if held.of is None:
        values = [
            each.night.value for one in own.subjects for each in one.nights if each.night.value is not None
        ]
        shares = _QUANTILES if rule.direction == "above" else [1 - share for share in _QUANTILES]
        found = {float(f"{value:.3g}") for value in np.quantile(values, shares)} if values else set()
        return sorted(found - {held.number})
    written = rule.above if rule.above is not None else rule.below
    if held.of == "band":
        numbers = [held.number + each for each in _SPREADS]
        return [f"usual {'+' if number >= 0 else '-'} {abs(number):g} spreads" for number in numbers]
    if held.of == "budget":
        return [f"budget of {held.number * part:.4g} per year" for part in _BUDGETS]
    _, _, of = str(written).partition("%")
    return [f"{100 * held.number * part:.4g} %{of}" for part in _PARTS]
