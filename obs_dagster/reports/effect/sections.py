"""The effect of a version as tables: the estimate, and who benefits."""

from __future__ import annotations

from collections.abc import Sequence

from obs_dagster.effects.benefit import SegmentEffect
from obs_dagster.effects.by_day import Mean
from obs_dagster.evaluation.effect import VersionEffect
from obs_dagster.reports.effect.words import (
    cautions,
    difference,
    headline,
    how_told,
    level,
)
from obs_dagster.tasks.sections import Listing
from obs_dagster.verdict.wording import UNKNOWN

SEGMENTS = 12
"""Segments that are shown: those whose effect is most certain."""

CERTAIN = 0.05
"""The share of false ones among the segments that are called certain, at most."""


def effect_sections(found: VersionEffect) -> list[Listing]:
    """The estimate with all that has to be known of it, then who benefits."""
    if found.estimated is None or found.estimated.effect is None:
        return [
            Listing(
                title=f"Effect of version {found.second} in the place of {found.first}",
                headings=("Estimate", "Effect"),
                rows=[],
                empty=" ".join([headline(found), *how_told(found), *cautions(found)]),
            )
        ]
    return [_estimates(found), _benefit(found)]


def _estimates(found: VersionEffect) -> Listing:
    rows = []
    if found.estimated is not None and found.estimated.effect is not None:
        rows.append(_row(found, "Day and features evened out", found.estimated.effect))
        if found.raw is not None:
            rows.append(_row(found, "Plain difference in means", found.raw))
        first, second = found.estimated.means or (None, None)
        for version, each in ((found.first, first), (found.second, second)):
            if each is not None:
                low, high = level(found, each.low), level(found, each.high)
                all_served = f"{level(found, each.value)} [{low}, {high}]"
                rows.append((f"Had version {version} served all", all_served, ""))
    told = [headline(found), *how_told(found), *cautions(found)]
    return Listing(
        title=f"Effect of version {found.second} in the place of {found.first}",
        headings=("Estimate", "Effect, 95 % interval", "p"),
        rows=rows,
        numeric=frozenset({2}),
        note=" ".join(told),
    )


def _row(found: VersionEffect, name: str, each: Mean) -> tuple[str, str, str]:
    return name, difference(found, each), _p(each.p_value)


def _benefit(found: VersionEffect) -> Listing:
    known = [(name, each) for name, each in found.segments.items() if each.effect is not None]
    rows = [_segment(found, name, each) for name, each in known[:SEGMENTS]]
    few = len(found.segments) - len(known)
    note = f"{few} segments have too few rows." if few else ""
    return Listing(
        title="Who benefits",
        headings=("Segment", "Effect, 95 % interval", "p, of all segments", "What is known", "Rows"),
        rows=rows,
        numeric=frozenset({2, 4}),
        note=note,
        empty="No segment has enough rows of both versions.",
    )


def _segment(found: VersionEffect, name: str, each: SegmentEffect) -> Sequence[str]:
    if each.effect is None or each.q_value is None:
        return (name, UNKNOWN, UNKNOWN, each.reason, f"{sum(each.rows):,}")
    sure = each.q_value <= CERTAIN
    known = "not known" if not sure else "higher" if each.effect.value > 0 else "lower"
    rows = f"{sum(each.rows):,}"
    return (name, difference(found, each.effect), _p(each.q_value), known, rows)


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"  # noqa: PLR2004  as it is written
