"""Rules of several conditions: what they say together of each night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from obs_dagster.alerts.rules.judging import judge, threshold
from obs_dagster.alerts.rules.observation import Observation, Verdict
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.figures import given
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor import Rule
from obs_dagster.monitor.whole import WHOLE

Series = Mapping[Subject, Sequence[Observation]]
"""Per subject, its nights by day."""

NOT_MEASURED = "a condition was not measured"
"""Why a night is not judged of which all that is known could be."""

_GRAVEST = (Verdict.BREACH, Verdict.UNSURE, Verdict.OK, Verdict.UNKNOWN)

Said = tuple[Verdict, Rule, Subject, Observation]
"""What a condition says of a night, the condition, and whose night it is."""


def combined(rule: Rule, parts: Sequence[tuple[Rule, Series]]) -> Series:
    """The nights of each subject of the first condition, with what all conditions say of them.

    Of another condition's subjects those count that are of the same version, segment and column, or where
    either is of all versions, the other of all rows, or no column of the same kind; of several, the gravest.

    Args:
        rule: a rule with conditions under `all` or `any`.
        parts: its conditions, with the nights of their subjects as each judges them.
    """
    parts = [(part, _floored(series) if _has_floor(rule, part) else series) for part, series in parts]
    (first, subjects), *_ = parts
    found = {}
    for subject in subjects:
        nights = [
            _by_day(part, [each for each in series.items() if _goes_with(first, subject, part, each[0])])
            for part, series in parts
        ]
        # what is said of all versions is said on days, too, on which this one was not there
        days = sorted({day for known in nights for day, said in known.items() if _own(subject, said)})
        found[subject] = list(_combined(rule, nights, days))
    return found


def _has_floor(rule: Rule, part: Rule) -> bool:
    """Whether all that is said together holds the same value against a plain number, too."""
    return part.direction == "above" and any(
        each.threshold.of is None
        and each.direction == "above"
        and (each.metric, each.window) == (part.metric, part.window)
        for each in rule.all_of
    )


def _floored(series: Series) -> Series:
    return {subject: [replace(night, floored=True) for night in nights] for subject, nights in series.items()}


def _goes_with(first: Rule, subject: Subject, part: Rule, other: Subject) -> bool:
    """Whether what a condition says of another subject counts for one of the first condition."""
    alike = _about(first) == _about(part)
    return (
        (other.version == subject.version or WHOLE in {other.version, subject.version})
        and other.segment in {subject.segment, WHOLE}
        and (not alike or other.column == subject.column)
    )


def _own(subject: Subject, said: Said) -> bool:
    """Whether something is said of the subject's own version."""
    return said[2].version == subject.version


def _about(part: Rule) -> str:
    known = definitions().get(part.metric)
    return known.about if known else ""


def _by_day(part: Rule, series: Sequence[tuple[Subject, Sequence[Observation]]]) -> dict[dt.date, Said]:
    """The gravest that a condition says of each day."""
    found: dict[dt.date, Said] = {}
    for subject, nights in series:
        for night in nights:
            said = (judge(part, night), part, subject, night)
            before = found.get(night.day)
            if before is None or _GRAVEST.index(said[0]) < _GRAVEST.index(before[0]):
                found[night.day] = said
    return found


def _combined(
    rule: Rule, nights: Sequence[Mapping[dt.date, Said]], days: Sequence[dt.date]
) -> Iterator[Observation]:
    for day in days:
        said = [known[day] for known in nights if day in known]
        verdict = _together(rule, [each[0] for each in said], missing=len(said) < len(nights))
        speaks = _speaking(rule, verdict, said)
        others = [_told(each) for each in said if each is not speaks and each[0] is Verdict.BREACH]
        _, part, _, night = speaks
        beside = " ".join(filter(None, [night.beside, *others]))
        yield replace(night, verdict=verdict, part=part, beside=beside)


def _speaking(rule: Rule, verdict: Verdict, said: Sequence[Said]) -> Said:
    """The condition that is shown: the one that decides, or keeps the night from being judged."""
    if verdict is Verdict.UNKNOWN:
        for each in said:
            if each[0] is Verdict.UNKNOWN:
                return each
        _, part, subject, night = said[0]
        return verdict, part, subject, replace(night, value=None, reason=NOT_MEASURED)
    return min(said, key=lambda each: _GRAVEST.index(each[0])) if rule.any_of else said[0]


def _together(rule: Rule, verdicts: Sequence[Verdict], *, missing: bool) -> Verdict:
    """What conditions say together; a missing one says nothing."""
    known = set(verdicts) | ({Verdict.UNKNOWN} if missing else set())
    decides, yields = (Verdict.OK, Verdict.BREACH) if rule.all_of else (Verdict.BREACH, Verdict.OK)
    if decides in known:
        return decides
    if known == {yields}:
        return yields
    # of `any`, an unsure condition is graver than an unknown one; of `all`, an unknown one leaves all open
    if rule.all_of and Verdict.UNKNOWN in known:
        return Verdict.UNKNOWN
    return Verdict.UNSURE if Verdict.UNSURE in known else Verdict.UNKNOWN


def _told(said: Said) -> str:
    """What a condition in breach says, as a sentence."""
    _, part, subject, night = said
    held = threshold(part, night)
    of = f" of {subject.column}" if subject.column else ""
    value = "" if night.value is None else f" {night.value:.4g}"
    told = f"And {part.metric}{of}{value} is {part.direction} {'' if held is None else given(held)}."
    return f"{told} {night.beside}".rstrip()
