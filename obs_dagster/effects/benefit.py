"""Who benefits: the effect in each segment."""

from __future__ import annotations

from dataclasses import dataclass

from obs_dagster.effects.by_day import Mean
from obs_dagster.effects.estimate import LEAST_DAYS, Estimated, mean_over_days

LEAST_OF_EACH = 50
"""Labelled rows of either version that a segment needs."""


@dataclass(frozen=True, slots=True)
class SegmentEffect:
    """The effect in a segment cell.

    Attributes:
        effect: the mean effect in it; None where it is not known.
        q_value: its p-value, adjusted for how many segments are looked at (Benjamini and Hochberg 1995).
        rows: labelled rows of the first and of the second version in it.
        reason: why it is not known; empty if it is.
    """

    effect: Mean | None
    q_value: float | None
    rows: tuple[int, int]
    reason: str = ""


def by_segment(found: Estimated) -> dict[str, SegmentEffect]:
    """The mean of the doubly robust scores in each segment; those whose effect is most certain first.

    The scores are those of the whole (Semenova and Chernozhukov, Econometrics Journal 24, 2021,
    264-289: their best linear predictor on indicators of groups is the mean in each).
    """
    from scipy.stats import false_discovery_control

    rows = found.inside
    if rows is None or found.scores is None:
        return {}
    means: dict[str, Mean] = {}
    counts: dict[str, tuple[int, int]] = {}
    unknown: dict[str, SegmentEffect] = {}
    for name, chosen in sorted(rows.segments.items()):
        own = rows.of(chosen)
        second = int(own.treated.sum())
        counts[name] = own.n - second, second
        if min(counts[name]) >= LEAST_OF_EACH and own.days >= LEAST_DAYS:
            means[name] = mean_over_days(found.scores[chosen], own)
            continue
        has = f"{min(counts[name])} rows of one version on {own.days} days"
        needs = f"{LEAST_OF_EACH} on {LEAST_DAYS} are needed"
        unknown[name] = SegmentEffect(None, None, counts[name], f"{has}; {needs}")
    adjusted = false_discovery_control([each.p_value for each in means.values()]) if means else ()
    known = {
        name: SegmentEffect(each, float(q_value), counts[name])
        for (name, each), q_value in zip(means.items(), adjusted, strict=True)
    }
    return dict(sorted(known.items(), key=lambda item: means[item[0]].p_value)) | unknown
