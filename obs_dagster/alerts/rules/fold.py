"""An alert's state as a fold over the nights of one subject.

Nothing is remembered between evaluations: the state follows from the metric records alone, so that labels
that come late and nights that run again lead to the state that they would have led to in time.

Each night with a record is one of:

- *unknown*: no value, or fewer rows than the rule's `min_rows` (a metric that counts rows is known however
  few there are). It changes nothing: a streak neither grows nor breaks, an alert keeps its state. So does a
  night without a record.
- *breach*: the value lies beyond the threshold; where the rule asks for confidence and there is an
  interval, so does the interval's nearer end.
- *unsure*: the value lies beyond the threshold, its interval reaches back over it.
- *ok*: the value is on the right side, whatever its interval.

A streak of `for` breaches among the judged nights fires; an ok or unsure night ends a streak that hasn't
fired yet. A firing alert is resolved by the first ok night after `keep_firing_for` others in a row: an
unsure one doesn't prove that all is well. It gets graver as its rule says, and stays so until it ends. A
subject without any row for 28 days is gone (a version that was switched off), and its alert ends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from obs_dagster.metrics.record import NO_ROWS
from obs_dagster.metrics.registry import tallies
from obs_dagster.monitor import Rule
from obs_dagster.monitor.escalation import Escalation, Severity, gravest
from obs_dagster.monitor.threshold import Whole

GONE_AFTER_DAYS = 28
"""Days without any row after which a subject counts as gone."""

GONE = f"There were no rows of it for {GONE_AFTER_DAYS} days."


class Verdict(StrEnum):
    """What one night says about a rule."""

    OK = "ok"
    UNSURE = "unsure"
    BREACH = "breach"
    UNKNOWN = "unknown"


class State(StrEnum):
    """Where an alert is in its life."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Reference:
    """What the watched metric of a night is held against.

    Attributes:
        value: what it is on the baseline, usually, for another version, or was.
        low, high: its 95 % interval; the value itself where that counts as it is.
        n: rows behind it.
        spread: how far usual nights lie apart, as a standard deviation; 0 where nobody asks.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    spread: float = 0.0

    @classmethod
    def of(cls, night: Observation | None) -> Reference | None:
        """The value of a night; None if it has none."""
        if night is None or night.value is None:
            return None
        return cls(night.value, night.low, night.high, night.n)


@dataclass(frozen=True, slots=True)
class Observation:
    """One night's record of the watched metric.

    Attributes:
        low, high: the 95 % confidence interval, None where there is none.
        n: rows behind the value.
        reason: why there is no value, or what a value stands for that is not a number; else empty.
        baseline: what it is held against, where that is no plain number and is known.
        without: why that is not known.
        verdict: what it says, where several conditions together say it.
        part: of such, the condition whose night this is.
        beside: of such, what the others say, in words.
        margin: how many times as far from the value the ends of an interval count as they lie, because the
            night is one of several tests (see `family`).
        among: how many tests these are.
    """

    day: dt.date
    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str = ""
    baseline: Reference | None = None
    without: str = ""
    verdict: Verdict | None = None
    part: Rule | None = None
    beside: str = ""
    margin: float = 1.0
    among: int = 1

    @property
    def absent(self) -> bool:
        """Whether the subject had no rows, so that there was nothing to measure."""
        return self.value is None and self.reason == NO_ROWS


@dataclass(frozen=True, slots=True)
class Episode:
    """One stretch of trouble of one subject.

    Attributes:
        since: the first night of the streak that led to it.
        nights: breaching nights so far.
        last: the latest judged night; of a resolved episode, the one that resolved it.
        fired_day: the night on which the streak was long enough; None while pending.
        resolved_day: the night on which it ended; None while it lasts.
        reason: why it ended, where it wasn't by a good value.
        good: ok nights since the last breach, of which an unsure one is none.
        since_fired: breaching nights after the one on which it fired.
        severity: how bad it has become; None while it is as bad as its rule says at first.
        flaps: how often it fired, if it comes and goes (see `flapping`); else 0.
    """

    since: dt.date
    nights: int
    last: Observation
    fired_day: dt.date | None = None
    resolved_day: dt.date | None = None
    reason: str = ""
    good: int = 0
    since_fired: int = 0
    severity: Severity | None = None
    flaps: int = 0

    @property
    def state(self) -> State:
        """Where it is in its life."""
        if self.resolved_day is not None:
            return State.RESOLVED
        return State.PENDING if self.fired_day is None else State.FIRING

    @property
    def end(self) -> dt.date:
        """The last day that is known to belong to it."""
        return self.resolved_day or self.last.day


def threshold(rule: Rule, night: Observation) -> float | None:
    """What the value of a night is held against; None if nothing sound is known to hold it against.

    A part of another value has four digits, so that what people read is what was held against.
    """
    rule = night.part or rule
    held = rule.threshold
    if held.of is None:
        return held.number
    if night.baseline is None or why_no_threshold(rule, night):
        return None
    usual = night.baseline
    number = usual.value + held.number * usual.spread if held.of == "band" else held.number * usual.value
    return float(f"{number:.4g}")


def why_no_threshold(rule: Rule, night: Observation) -> str:
    """Why there is nothing to hold a night against; empty if there is.

    A part of another value says nothing if that is of few rows, if nobody knows how sure it is, or if it
    is not above 0, where a larger part is no larger number.
    """
    rule = night.part or rule
    of, baseline = rule.threshold.of, night.baseline
    if of is None:
        return ""
    where, its = _TOLD[of]
    where, its = (text.format(rule.threshold) for text in (where, its))
    if baseline is None:
        return night.without or f"{its} is not known"
    if baseline.n < rule.min_rows:
        return f"fewer than {rule.min_rows:,} rows {where}"
    if baseline.value <= 0 and of != "band":
        return f"{its} is not above 0"
    if rule.confident and _nearer(rule, night) is not None and _end(rule, baseline) is None:
        return f"how sure {its} is, is not known"
    return ""


#: What a value is held against, as where it was measured, and in its own words; a `Threshold` fills them.
_TOLD: Mapping[Whole, tuple[str, str]] = {
    "baseline": ("on the baseline", "its value on the baseline"),
    "usual": ("usually", "its usual value"),
    "band": ("usually", "its usual value"),
    "version": ("of version {0.version}", "the value of version {0.version}"),
    "ago": ("{0.days} days ago", "its value {0.days} days ago"),
}


def _end(rule: Rule, baseline: Reference) -> float | None:
    """The end of the baseline's interval that is farther on the wrong side."""
    return baseline.high if rule.direction == "above" else baseline.low


def _nearer(rule: Rule, night: Observation) -> float | None:
    """The end of a night's interval that is nearer to the right side."""
    return night.low if rule.direction == "above" else night.high


def excess(rule: Rule, number: float, held: float) -> float:
    """How far a number lies beyond a threshold of the rule; negative or 0 on the right side."""
    return held - number if rule.direction == "below" else number - held


def judge(rule: Rule, observation: Observation) -> Verdict:
    """What one night says about the rule.

    A threshold that is a part of the baseline's value is as unsure as that: the value's interval must clear
    the baseline's. What is usual counts as it is.
    """
    if observation.verdict is not None:
        return observation.verdict
    held = threshold(rule, observation)
    if observation.value is None or held is None:
        return Verdict.UNKNOWN
    if observation.n < rule.min_rows and rule.metric not in tallies():
        return Verdict.UNKNOWN
    if excess(rule, observation.value, held) <= 0:
        return Verdict.OK
    nearer = _nearer(rule, observation)
    if not rule.confident or nearer is None:
        return Verdict.BREACH
    between = excess(rule, nearer, _farther(rule, observation, held))
    between -= (observation.margin - 1) * _reach(rule, observation, held)
    return Verdict.BREACH if between > 0 else Verdict.UNSURE


def clears_by(rule: Rule, night: Observation) -> float | None:
    """How many times farther from its value an interval's end may lie for the night to be a breach still.

    A number that is not above 1 is no breach. None: the night is no test, for it cannot be judged, or there
    is no interval.
    """
    held = threshold(rule, night)
    if night.value is None or held is None or _nearer(rule, night) is None:
        return None
    if night.n < rule.min_rows and rule.metric not in tallies():
        return None
    beyond, reach = excess(rule, night.value, held), _reach(rule, night, held)
    if beyond <= 0:
        return 0.0
    return beyond / reach if reach > 0 else float("inf")


def _reach(rule: Rule, night: Observation, held: float) -> float:
    """How far value and threshold may come towards each other within their intervals; 0 without any."""
    nearer = _nearer(rule, night)
    if nearer is None or night.value is None:
        return 0.0
    own = excess(rule, night.value, nearer)
    return own + excess(rule, _farther(rule, night, held), held)


def why_unknown(rule: Rule, night: Observation) -> str:
    """Why a night cannot be judged."""
    rule = night.part or rule
    if night.value is None:
        return night.reason or "no value"
    return why_no_threshold(rule, night) or f"fewer than {rule.min_rows:,} rows"


def _farther(rule: Rule, night: Observation, held: float) -> float:
    """The end of a threshold's own interval that is farther on the wrong side."""
    if rule.threshold.of is None or night.baseline is None:
        return held
    end = _end(rule, night.baseline)
    return held if end is None or rule.threshold.of == "band" else rule.threshold.number * end


def fold(rule: Rule, series: Iterable[Observation], until: dt.date) -> list[Episode]:
    """The episodes of one subject up to and including the night `until`, oldest first.

    Args:
        rule: the rule.
        series: the subject's nights, ascending by day, at most one per day, gaps allowed.
        until: the night as of which the state is asked for.

    Returns:
        Every episode that fired; the last one may be firing still, or pending. A streak that ended
        before it fired leaves nothing.
    """
    episodes: list[Episode] = []
    current: Episode | None = None
    seen = dt.date.min
    for observation in series:
        if observation.day > until:
            break
        if observation.absent:
            continue
        if current is not None and (observation.day - seen).days > GONE_AFTER_DAYS:
            episodes += _gone(current, seen)
            current = None
        seen = observation.day
        current = _step(rule, current, observation)
        if current is not None and current.state is State.RESOLVED:
            episodes.append(current)
            current = None
    if current is not None and (until - seen).days >= GONE_AFTER_DAYS:
        return episodes + _gone(current, seen)
    return episodes if current is None else [*episodes, current]


def _step(rule: Rule, current: Episode | None, night: Observation) -> Episode | None:
    """The open episode after one more night; a resolved one is closed, None says there is none."""
    verdict = judge(rule, night)
    if verdict is Verdict.UNKNOWN:
        return current
    if verdict is Verdict.BREACH:
        return _escalated(rule, _longer(rule, current, night))
    if current is None or current.fired_day is None:
        return None
    good = current.good + 1 if verdict is Verdict.OK else 0
    over = good > rule.keep_firing_for
    return replace(current, last=night, good=good, resolved_day=night.day if over else None)


def _longer(rule: Rule, current: Episode | None, night: Observation) -> Episode:
    """The episode after one more breach."""
    if current is None:
        longer = Episode(since=night.day, nights=1, last=night)
    else:
        longer = replace(current, nights=current.nights + 1, last=night, good=0)
    if longer.fired_day is not None:
        return replace(longer, since_fired=longer.since_fired + 1)
    return replace(longer, fired_day=night.day) if longer.nights >= rule.for_nights else longer


def _escalated(rule: Rule, episode: Episode) -> Episode:
    """The episode, graver if its rule says so of one that fires."""
    if episode.fired_day is None or not rule.escalate:
        return episode
    reached = [each.to for each in rule.escalate if _reached(rule, each, episode)]
    return replace(episode, severity=gravest(rule.severity, episode.severity or rule.severity, *reached))


def _reached(rule: Rule, escalation: Escalation, episode: Episode) -> bool:
    if escalation.after is not None:
        return episode.since_fired >= escalation.after
    own = episode.last.part or rule
    farther = own.model_copy(update={own.direction: escalation.beyond})
    return judge(farther, replace(episode.last, verdict=None, part=None)) is Verdict.BREACH


def _gone(episode: Episode, seen: dt.date) -> list[Episode]:
    """The episode of a subject that was last seen on a day, ended; nothing if it never fired."""
    if episode.fired_day is None:
        return []
    return [replace(episode, resolved_day=seen + dt.timedelta(days=GONE_AFTER_DAYS), reason=GONE)]
