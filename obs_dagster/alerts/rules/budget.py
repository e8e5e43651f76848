"""Nights of evidence against a budget of false alarms: what they come to, and which of them are alarms.

All subjects of a rule share its budget, of all versions: it is a promise about the monitor. Nothing is
remembered; as all that rules say, it follows from the records, of as many nights before as `EVIDENCE_DAYS`.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from obs_dagster.alerts.rules.observation import Observation, Reference, Verdict
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.evidence.detector import Detectors, Gathered
from obs_dagster.monitor import Rule

EVIDENCE_DAYS = 120
"""How far back the nights go that are added up."""

#: As far as a night's bet counts, in powers of ten.
_MOST = 60.0
#: Odds are written out up to here, in powers of ten.
_WRITTEN_OUT = 6.0


def as_budgeted(
    rule: Rule, series: Mapping[Subject, Sequence[Observation]]
) -> Mapping[Subject, Sequence[Observation]]:
    """The nights with what the evidence up to them comes to, in the place of their own.

    Args:
        rule: a rule whose threshold is a budget.
        series: per subject its nights, each with log10 of its e-value.
    """
    bets: dict[dt.date, dict[Subject, float]] = defaultdict(dict)
    for subject, nights in series.items():
        for night in nights:
            if night.value is not None and night.n >= rule.min_rows:
                bets[night.day][subject] = 10.0 ** min(night.value, _MOST)
    detectors = Detectors[Subject](rule.threshold.number)
    found = {day: detectors.night(day, bets[day]) for day in sorted(bets)}
    return {
        subject: [
            _held(night, gathered, len(found[night.day]))
            if (gathered := found.get(night.day, {}).get(subject))
            else night
            for night in nights
        ]
        for subject, nights in series.items()
    }


def _held(night: Observation, gathered: Gathered, among: int) -> Observation:
    value, needed = round(gathered.evidence, 2), round(gathered.needed, 2)
    return replace(
        night,
        # what is in alarm reads as beyond what it took
        value=max(value, needed + 0.01) if gathered.alarm else min(value, needed),
        baseline=Reference(needed, needed, needed, night.n),
        verdict=Verdict.BREACH if gathered.alarm else Verdict.OK,
        beside=_told(gathered, among) if gathered.alarm else "",
        among=among,
    )


def _told(gathered: Gathered, among: int) -> str:
    nights = f"{gathered.nights} night{'s' * (gathered.nights != 1)}"
    columns = f", of {among} columns" if among > 1 else ""
    takes = f"{_odds(gathered.needed)}{' of a single night' * gathered.by_itself}"
    return (
        f"The evidence is {_odds(gathered.evidence)} against no more than days differ anyway, "
        f"of {nights} since {gathered.since}; the budget takes {takes}{columns}."
    )


def _odds(power: float) -> str:
    """Odds in words.

    >>> _odds(3.86), _odds(12.3)
    ('7,240 to 1', '10^12 to 1')
    """
    return f"{float(f'{10**power:.3g}'):,.0f} to 1" if power < _WRITTEN_OUT else f"10^{power:.0f} to 1"
