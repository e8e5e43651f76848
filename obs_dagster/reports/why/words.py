"""Where and why in words, for who has never heard of a Shapley value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from obs_dagster.evaluation.where import VersionWhy
from obs_dagster.figures import MINUS, percent
from obs_dagster.segments.effects import Effects, Explained
from obs_dagster.tasks.comparison import Comparison
from obs_dagster.verdict.wording import noun, number

_MUCH = 0.5
"""The part of a change from which on a segment is named as where it is."""

_AS_MUCH = 0.9
"""Segments whose parts differ by less have about as much."""


def told_of(found: VersionWhy, metric: str) -> Iterator[str]:
    """Sentences: where it is wrong more often than elsewhere, and what the change is made of."""
    if not found.rows:
        yield "No labels yet."
        return
    if found.unsearched:
        yield f"Where it is worse than elsewhere is not known: {found.unsearched}."
    elif found.slices:
        yield _worst(found, metric)
    else:
        worse = "wrong more often" if _counts(found, metric) else "worse"
        yield f"No segment is {worse} than the rest by more than chance."
    if not found.changes:
        yield f"Why it changed is not known: {found.reason}."
        return
    yield _told(metric, list(found.changes.values()), found.explains.means)


def lost(found: VersionWhy, metric: str, mean: float) -> str:
    """What rows of a segment lost on average, as people read it: a share of wrong ones, or the metric."""
    loss, of = found.explains.loss(metric), found.explains.metrics.get(metric)
    if loss is None or loss.counts:
        return percent(mean)
    if loss.best is not None:
        return number(metric, loss.best - mean)
    root = isinstance(of, Comparison) and of.root
    return number(_lost_metric(found, metric), math.sqrt(max(0.0, mean)) if root else mean)


def _lost_metric(found: VersionWhy, metric: str) -> str:
    """The metric that segments are searched by: the one that is asked for, or the mean of sizes of errors."""
    return metric if metric in found.explains.losses or _counts(found, metric) else "mae"


def _counts(found: VersionWhy, metric: str) -> bool:
    loss = found.explains.loss(metric)
    return loss is not None and loss.counts


def _worst(found: VersionWhy, metric: str) -> str:
    worst = found.slices[0]
    inside, outside = lost(found, metric, worst.share), lost(found, metric, worst.rest)
    if _counts(found, metric):
        return f"Wrong most clearly at {worst.name}: {inside} of {worst.rows:,} rows, elsewhere {outside}."
    name = noun(_lost_metric(found, metric))
    return f"Worst most clearly at {worst.name}: {name} {inside} over {worst.rows:,}, elsewhere {outside}."


def _told(metric: str, changes: Sequence[Explained], means: Mapping[str, str]) -> str:
    """What the change is made of, and in which segment of all splits most of it is."""
    change = changes[0]
    name = f"{noun(metric)[:1].upper()}{noun(metric)[1:]}"
    if not change.change:
        return f"{name} did not change."
    was, now = number(metric, change.before), number(metric, change.after)
    went = "rose" if change.change > 0 else "fell"
    chance = ", which may be chance" if change.by_chance else ""
    # splits share out the same change; the finest knows most of who came
    finest = max(changes, key=lambda each: len(each.segments))
    parts = {factor: finest.of(factor) for factor in means}
    order = sorted(parts, key=lambda factor: -abs(parts[factor]))
    made = ", ".join(f"{means[factor]} ({signed(parts[factor])})" for factor in order)
    moved = f"{went} from {was} to {now}" if was != now else f"hardly moved from {was}"
    place = None if change.by_chance else _place(changes)
    at = ""
    if place is not None:
        at = f" {place.segment} alone made {signed(place.total)} of it: {_mostly(place, means)}."
    return f"{name} {moved}{chance}: {made}.{at}"


def _place(changes: Sequence[Explained]) -> Effects | None:
    """The segment with most of the change, the smallest of those with about as much; None if none has."""
    total = changes[0].change
    telling = [
        each
        for change in changes
        for each in change.segments
        if len(change.segments) > 1 and each.total / total >= _MUCH
    ]
    if not telling:
        return None
    most = max(abs(each.total) for each in telling)
    return min((each for each in telling if abs(each.total) >= _AS_MUCH * most), key=lambda each: each.after)


def _mostly(effects: Effects, means: Mapping[str, str]) -> str:
    return means[max(means, key=lambda factor: abs(getattr(effects, factor)))]


def signed(value: float) -> str:
    """A part of a change, with its sign."""
    return f"{value:+.3f}".replace("-", MINUS)
