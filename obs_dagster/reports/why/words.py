"""Where and why in words, for who has never heard of a Shapley value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from obs_dagster.evaluation.where import VersionWhy
from obs_dagster.figures import MINUS, percent
from obs_dagster.segments.effects import FACTORS, Effects, Explained
from obs_dagster.verdict.wording import noun, number

MEANS = {
    "mix": "other rows came",
    "score": "rows are scored otherwise",
    "outcome": "other things came true",
}
"""What each part of a change is, in a few words."""

_MUCH = 0.5
"""The part of a change from which on a segment is named as where it is."""

_AS_MUCH = 0.9
"""Segments whose parts differ by less have about as much."""


def told_of(found: VersionWhy, metric: str) -> Iterator[str]:
    """Sentences: where it is wrong more often than elsewhere, and what the change is made of."""
    if not found.rows:
        yield "No labels yet."
        return
    if found.slices:
        worst = found.slices[0]
        yield (
            f"Wrong most clearly at {worst.name}: {percent(worst.share)} of {worst.rows:,} rows, elsewhere "
            f"{percent(worst.rest)}."
        )
    else:
        yield "No segment is wrong more often than the rest by more than chance."
    if not found.changes:
        yield f"Why it changed is not known: {found.reason}."
        return
    yield _told(metric, list(found.changes.values()))


def _told(metric: str, changes: Sequence[Explained]) -> str:
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
    parts = {factor: finest.of(factor) for factor in FACTORS}
    order = sorted(parts, key=lambda factor: -abs(parts[factor]))
    made = ", ".join(f"{MEANS[factor]} ({signed(parts[factor])})" for factor in order)
    moved = f"{went} from {was} to {now}" if was != now else f"hardly moved from {was}"
    place = None if change.by_chance else _place(changes)
    at = ""
    if place is not None:
        at = f" {place.segment} alone made {signed(place.total)} of it: {_mostly(place)}."
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


def _mostly(effects: Effects) -> str:
    return MEANS[max(FACTORS, key=lambda factor: abs(getattr(effects, factor)))]


def signed(value: float) -> str:
    """A part of a change, with its sign."""
    return f"{value:+.3f}".replace("-", MINUS)
