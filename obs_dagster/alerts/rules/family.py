"""Many columns watched by one rule are many tests, of which some seem to be breaches by chance alone.

The nights of all subjects of a rule and a version on one day are a family of m tests, each one-sided at 2.5
%: whether the nearer end of the 95 % interval lies beyond the threshold. Each subject's interval clears the
threshold up to some factor k, by which its ends may lie farther from the value. If ends lie in proportion
to normal quantiles, the p-value of the subject is p = 1 - Φ(k · 1.96). Benjamini and Hochberg's procedure
(1995) then counts those as breaches whose p lies below 2.5 % · r / m, for the largest r for which there are
r of them. That is to widen all intervals of the family by the same margin, z(1 - 0.025 · r / m) / 1.96.

If nothing has moved beyond its threshold, the chance that anything in the family is a breach stays at 2.5
%, whether it has two columns or two hundred; of those that are found, on average at most 2.5 % are false.
It holds for independent tests and for those that depend on each other positively, as columns and segments
of one log do.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from statistics import NormalDist

from obs_dagster.alerts.rules.judging import clears_by
from obs_dagster.alerts.rules.observation import Observation
from obs_dagster.alerts.rules.subject import Subject
from obs_dagster.monitor import Rule

ONE_SIDE = 0.025
"""The chance that the end of a 95 % interval lies on the wrong side of the truth."""

_NORMAL = NormalDist()
_USUAL = _NORMAL.inv_cdf(1 - ONE_SIDE)


def as_family(
    rule: Rule, series: Mapping[Subject, Sequence[Observation]]
) -> Mapping[Subject, Sequence[Observation]]:
    """The nights of a rule's subjects with the margin that holds the false alarms of the family.

    Args:
        rule: the rule; one that does not ask for confidence has none.
        series: per subject its nights, with what they are held against.
    """
    if not rule.confident or len(series) < 2:  # noqa: PLR2004 - one is no family
        return series
    families: dict[tuple[str, dt.date], list[float]] = defaultdict(list)
    for subject, nights in series.items():
        for night in nights:
            factor = clears_by(rule, night)
            if factor is not None:
                families[subject.version, night.day].append(factor)
    margins = {key: (_margin_of(factors), len(factors)) for key, factors in families.items()}
    return {
        subject: [_with_margin(night, margins.get((subject.version, night.day))) for night in nights]
        for subject, nights in series.items()
    }


def _with_margin(night: Observation, found: tuple[float, int] | None) -> Observation:
    if found is None or found[1] == 1 or night.value is None:
        return night
    return replace(night, margin=found[0], among=found[1])


def _margin_of(factors: Sequence[float]) -> float:
    """The margin of a family whose subjects clear the threshold up to these factors."""
    tests = len(factors)
    beyond = sorted((factor for factor in factors if factor > 1), reverse=True)
    for rank in range(len(beyond), 0, -1):
        margin = margin_at(rank, tests)
        if beyond[rank - 1] > margin:
            return margin
    return margin_at(1, tests)


@lru_cache(maxsize=4096)
def margin_at(rank: int, tests: int) -> float:
    """How many times farther from its value an end counts, if so many of so many tests are in breach.

    >>> round(margin_at(1, 1), 2), round(margin_at(1, 20), 2), round(margin_at(20, 20), 2)
    (1.0, 1.54, 1.0)
    """
    share = ONE_SIDE * rank / tests
    return 1.0 if math.isclose(share, ONE_SIDE) else _NORMAL.inv_cdf(1 - share) / _USUAL
