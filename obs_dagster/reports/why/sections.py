"""Tables of where a version is wrong, and of what its change is made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from obs_dagster.evaluation.where import VersionWhy
from obs_dagster.figures import MINUS
from obs_dagster.profile.cells import Cut
from obs_dagster.reports.why.words import lost, signed, told_of
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
            *(_change(metric, cut, change, each.explains.means) for cut, change in each.changes.items()),
        )
        for each in found
    }


def _where(found: VersionWhy, metric: str) -> Listing:
    loss = found.explains.loss(metric)
    counts = loss is None or loss.counts
    return Listing(
        title="Where it is wrong" if counts else "Where it is worst",
        headings=(
            "Segment",
            "Wrong" if counts else "There",
            "Among its like",
            "Elsewhere",
            "More, on other rows" if counts else "Worse by, on other days",
            "Rows",
        ),
        rows=[_slice(found, metric, each, counts=counts) for each in found.slices[:SLICES]],
        numeric=frozenset({5}),
        note=" ".join(told_of(found, metric)),
        empty="No labels yet." if not found.rows else "No segment stands out.",
    )


def _slice(found: VersionWhy, metric: str, each: Slice, *, counts: bool) -> tuple[str, ...]:
    excess = [f"{_points(of) if counts else signed(of)}" for of in (each.excess, *each.interval)]
    return (
        each.name,
        *(lost(found, metric, of) for of in (each.share, each.shrunk, each.rest)),
        f"{excess[0]} [{excess[1]}, {excess[2]}]",
        f"{each.rows:,}",
    )


def _change(metric: str, cut: Cut, change: Explained, means: Mapping[str, str]) -> Listing:
    shown, others = change.segments[:SEGMENTS], change.segments[SEGMENTS:]
    rows = [_effects(each, means) for each in shown]
    if others:
        rows.append(_effects(_added(f"{len(others)} others", others), means))
    rows.append(_effects(_added("all", change.segments), means))
    return Listing(
        title=f"Why {noun(metric)} changed, by {' and '.join(cut)}",
        headings=("Segment", *(f"{of[:1].upper()}{of[1:]}" for of in means.values()), "Together", "Rows"),
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


def _effects(each: Effects, means: Mapping[str, str]) -> tuple[str, ...]:
    numbers = (*(getattr(each, factor) for factor in means), each.total)
    return (each.segment, *map(signed, numbers), f"{each.before:,} → {each.after:,}")


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", MINUS)
