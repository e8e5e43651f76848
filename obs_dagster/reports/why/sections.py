"""Tables of where a version is wrong, and of what its change is made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from obs_dagster.evaluation.where import VersionWhy
from obs_dagster.figures import MINUS, percent
from obs_dagster.profile.cells import Cut
from obs_dagster.reports.why.words import signed, told_of
from obs_dagster.segments.effects import Effects, Explained
from obs_dagster.segments.search import Slice
from obs_dagster.tasks.sections import Listing
from obs_dagster.verdict.wording import noun, number

SLICES = 8
SEGMENTS = 6
"""So many are shown; what others add is one row, so that the columns still add up."""


def why_sections(found: Iterable[VersionWhy], metric: str) -> Mapping[str, tuple[Listing, ...]]:
    """By version, where it is wrong, and for each split of the rows what the change is made of."""
    return {
        each.version: (
            _where(each, metric),
            *(_change(metric, cut, change) for cut, change in each.changes.items()),
        )
        for each in found
    }


def _where(found: VersionWhy, metric: str) -> Listing:
    return Listing(
        title="Where it is wrong",
        headings=("Segment", "Wrong", "Among its like", "Elsewhere", "More, on other rows", "Rows"),
        rows=[_slice(each) for each in found.slices[:SLICES]],
        numeric=frozenset({5}),
        note=" ".join(told_of(found, metric)),
        empty="No labels yet." if not found.rows else "No segment stands out.",
    )


def _slice(each: Slice) -> tuple[str, ...]:
    low, high = each.interval
    return (
        each.name,
        percent(each.share),
        percent(each.shrunk),
        percent(each.rest),
        f"{_points(each.excess)} [{_points(low)}, {_points(high)}]",
        f"{each.rows:,}",
    )


def _change(metric: str, cut: Cut, change: Explained) -> Listing:
    shown, others = change.segments[:SEGMENTS], change.segments[SEGMENTS:]
    rows = [_effects(each) for each in shown]
    if others:
        rows.append(_effects(_added(f"{len(others)} others", others)))
    rows.append(_effects(_added("all", change.segments)))
    return Listing(
        title=f"Why {noun(metric)} changed, by {' and '.join(cut)}",
        headings=(
            "Segment",
            "Other rows came",
            "Scored otherwise",
            "Came true otherwise",
            "Together",
            "Rows",
        ),
        rows=rows,
        note=f"From {number(metric, change.before)} to {number(metric, change.after)}; all numbers add up.",
    )


def _added(name: str, parts: Sequence[Effects]) -> Effects:
    return Effects(
        name,
        sum(each.before for each in parts),
        sum(each.after for each in parts),
        *(math.fsum(getattr(each, factor) for each in parts) for factor in ("mix", "score", "outcome")),
    )


def _effects(each: Effects) -> tuple[str, ...]:
    numbers = (each.mix, each.score, each.outcome, each.total)
    return (each.segment, *map(signed, numbers), f"{each.before:,} → {each.after:,}")


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", MINUS)
