"""What an evaluation of the rules found, for checks and pages to show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from obs_dagster.alerts.rules.fold import Episode, State
from obs_dagster.alerts.rules.judging import excess, judge, threshold
from obs_dagster.alerts.rules.observation import Observation, Verdict
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.monitor import Rule

Status = Literal["firing", "pending", "closed", "ok", "unknown"]
"""`closed`: it would fire, had nobody resolved it by hand."""

_GRAVEST_FIRST: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True, slots=True)
class SubjectStatus:
    """One subject as of the evaluated night.

    Attributes:
        status: `unknown` if nothing is open and the night could not be judged.
        night: the latest night that could be judged; None if none could.
        handled: what people do about its alert, in words; empty if nothing is known.
    """

    subject: Subject
    status: Status
    night: Observation | None
    handled: str = ""


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """One rule as of the evaluated night.

    Attributes:
        rule: the rule.
        status: the gravest status among its subjects; `unknown` if there are none.
        subjects: the subjects in each status, sorted; every status is a key.
        gravest: the subjects in the gravest status that could be judged; first the one whose value lies
            furthest on the wrong side.
        handled: the subjects whose alert people do something about.
    """

    rule: Rule
    status: Status
    subjects: Mapping[Status, tuple[Subject, ...]]
    gravest: tuple[SubjectStatus, ...]
    handled: tuple[SubjectStatus, ...] = ()

    @property
    def worst(self) -> SubjectStatus | None:
        """The first of the gravest; None if no subject could be judged."""
        return self.gravest[0] if self.gravest else None


@dataclass(frozen=True, slots=True)
class AlertSummary:
    """All rules of a model.

    Attributes:
        model: the model.
        as_of: the night up to which records were taken.
        rules: one per rule, in the monitor's order.
        days: whether days were evaluated, as a rule of its own.
        fired, resolved: ids of the alerts that people will be told of because of this evaluation.
    """

    model: str
    as_of: dt.date
    rules: tuple[RuleSummary, ...]
    days: RuleSummary
    fired: tuple[str, ...]
    resolved: tuple[str, ...]

    @property
    def firing(self) -> int:
        """How many subjects are firing."""
        return sum(len(rule.subjects["firing"]) for rule in (*self.rules, self.days))


def subject_status(
    rule: Rule, subject: Subject, series: Sequence[Observation], episode: Episode | None, as_of: dt.date
) -> SubjectStatus:
    """The status of a subject whose open episode, if any, is given."""
    judged = [night for night in series if judge(rule, night) is not Verdict.UNKNOWN]
    night = judged[-1] if judged else None
    status: Status
    if episode is not None:
        status = "firing" if episode.state is State.FIRING else "pending"
    else:
        status = "ok" if night is not None and night.day == as_of else "unknown"
    return SubjectStatus(subject, status, night)


def summarise(rule: Rule, found: Sequence[SubjectStatus]) -> RuleSummary:
    """The summary of one rule."""
    subjects = {
        status: tuple(sorted(one.subject for one in found if one.status == status))
        for status in _GRAVEST_FIRST
    }
    status: Status = next((one for one in _GRAVEST_FIRST if subjects[one]), "unknown")

    def distance(one: SubjectStatus) -> float:
        if one.night is None or one.night.value is None:
            return float("-inf")
        held = threshold(rule, one.night)
        return float("-inf") if held is None else excess(one.night.part or rule, one.night.value, held)

    judged = [one for one in found if one.status == status and one.night is not None]
    return RuleSummary(
        rule,
        status,
        subjects,
        tuple(sorted(judged, key=distance, reverse=True)),
        tuple(one for one in found if one.handled),
    )
