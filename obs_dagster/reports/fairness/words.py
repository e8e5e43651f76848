"""What a comparison of groups says, in words for who has never heard of parity or odds."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.evaluation.fairness import AttributeFairness
from obs_dagster.figures import percent
from obs_dagster.metrics.fairness.decisions import FOUR_FIFTHS
from obs_dagster.metrics.fairness.groups import Groups
from obs_dagster.metrics.record import Estimate

QUESTIONS = {
    "demographic_parity_ratio": "How often the group that gets the favourable decision least gets it, beside "
    "the one that gets it most",
    "demographic_parity_difference": "How far apart these two are",
    "equal_opportunity_difference": "How far apart groups are in how often those who deserve it get it",
    "equal_opportunity_ratio": "The same, least beside most",
    "equalized_odds_difference": "How far apart groups are among those who deserve it, or among those who do "
    "not, whichever is further",
    "equalized_odds_ratio": "The same, least beside most",
    "predictive_parity_difference": "How far apart groups are in how often a favourable decision turns out "
    "right",
    "group_calibration_gap": "How far scores are from what came true, for the group where they are furthest",
}
"""What each metric answers, in the order in which people ask."""


def verdict_of(found: AttributeFairness) -> Iterator[str]:
    """The sentences that stand first: the four-fifths rule, and how far the deserving are treated alike."""
    parity = found.estimates["demographic_parity_ratio"]
    yield f"{_four_fifths(parity)}."
    odds = found.estimates.get("equal_opportunity_difference")
    if odds is not None and odds.value is not None and odds.low is not None:
        apart = f"{percent(odds.value).removesuffix(' %')} points apart ({between(odds)})"
        yield (
            f"Of those who turned out to deserve it, groups are {apart}, which is more than chance."
            if odds.low > 0
            else f"Of those who turned out to deserve it, groups are {apart}, which chance alone may explain."
        )


def in_words(found: AttributeFairness) -> str:
    """All sentences: the verdict, groups that are too small, and whose group is not known."""
    groups = found.groups
    return " ".join([*verdict_of(found), *filter(None, [too_small(groups), not_known(groups)])])


def between(estimate: Estimate) -> str:
    """The groups that an estimate is about, without those that have too few rows, which are told once."""
    return estimate.reason.partition("; fewer than")[0]


def _four_fifths(parity: Estimate) -> str:
    line = float(FOUR_FIFTHS.below or 0)
    if parity.value is None or parity.low is None or parity.high is None:
        return f"Whether groups get the favourable decision alike is not known: {parity.reason}"
    told = f"{percent(parity.value)} as often ({between(parity)})"
    if parity.high < line:
        return f"One group gets the favourable decision {told}: less than four fifths, and more than chance"
    if parity.low >= line:
        return f"Every group gets the favourable decision at least four fifths as often as any other: {told}"
    side = "below" if parity.value < line else "above"
    return (
        f"One group gets the favourable decision {told}: {side} four fifths, but so few rows cannot tell on "
        "which side it lies"
    )


def too_small(groups: Groups) -> str:
    """Which groups nothing is told of; empty if none is too small."""
    small = sorted(each.name for each in groups.groups if each.rows < groups.least)
    return f"Nothing is told of {', '.join(small)}: fewer than {groups.least} rows." if small else ""


def not_known(groups: Groups) -> str:
    """Of how many predictions nobody knows the group; empty if that is known of all."""
    if groups.reason:
        return f"Their groups are not known: {groups.reason.rstrip('.')}."
    if not groups.unknown:
        return ""
    every = groups.unknown + groups.rows
    told = f"{percent(groups.unknown / every)} of {rows_told(every, groups)} predictions"
    return f"Not known: the group of {told}, which are compared with nobody."


def rows_told(rows: int, groups: Groups) -> str:
    """A number of rows; of attributes that are held apart, to tens."""
    return f"about {round(rows, -1):,}" if groups.apart else f"{rows:,}"
