"""What the signals of nights come to: what was found and when, and how often nothing was the matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Flagged = Sequence[Sequence[str]]
"""Of each night, the signals that are on."""
Strengths = Sequence[Mapping[str, float]]
"""Of each night, how far each signal is towards being on: above 1 it is, by default."""
_ROUNDED = 1e-12


def onsets(nights: Flagged) -> int:
    """How many signals came on, over nights: one that stays on is one alarm.

    >>> onsets([["a"], ["a", "b"], [], ["a"]])
    3
    """
    before, count = set[str](), 0
    for each in nights:
        count += len(set(each) - before)
        before = set(each)
    return count


def found_on(nights: Flagged, twin: Flagged) -> int | None:
    """The first night, from 1 on, with a signal that the same night without the fault has not; None: none.

    >>> found_on([["a"], ["a", "b"]], [["a"], ["a"]])
    2
    """
    for number, (each, quiet) in enumerate(zip(nights, twin, strict=False), start=1):
        if set(each) - set(quiet):
            return number
    return None


def flagged(nights: Strengths, thresholds: Mapping[str, float] | None = None) -> list[list[str]]:
    """The signals that are on; of those without a threshold, from 1 on."""
    limits = thresholds or {}
    return [sorted(name for name, far in each.items() if far > limits.get(name, 1.0)) for each in nights]


def tuned(quiet: Strengths, alarms: int) -> dict[str, float]:
    """The lowest thresholds with which quiet nights have no more alarms than so many.

    Each signal's is its highest value but so many: the same number for all, the most that is allowed.
    """
    names = {name for each in quiet for name in each}
    ordered = {name: sorted((each.get(name, 0.0) for each in quiet), reverse=True) for name in names}
    best = {name: values[0] for name, values in ordered.items()}
    for spared in range(1, len(quiet)):
        thresholds = {name: values[spared] for name, values in ordered.items()}
        if onsets(flagged(quiet, thresholds)) > alarms:
            break
        best = thresholds
    return best


def scaled(limits: Mapping[str, float], nights: Strengths, alarms: int) -> dict[str, float]:
    """Thresholds times the least factor with which nights have no more alarms than so many.

    A threshold of nothing stays one however often it is taken: it is the highest value of these nights.

    Args:
        limits: the thresholds, one for each signal.
        nights: those that count.
        alarms: how many are allowed.
    """
    names = {name for each in nights for name in each}
    highest = {name: max(each.get(name, 0.0) for each in nights) for name in names}
    given = {name: limits.get(name, 0.0) or highest[name] for name in names}

    def times(factor: float) -> dict[str, float]:
        # a value that a factor was taken from is not above its threshold, however products are rounded
        return {name: factor * limit * (1 + _ROUNDED) for name, limit in given.items()}

    ratios = {far / given[name] for each in nights for name, far in each.items() if far > 0}
    least = max(ratios, default=1.0)
    for factor in sorted(ratios, reverse=True):
        if onsets(flagged(nights, times(factor))) > alarms:
            break
        least = factor
    return times(least)
