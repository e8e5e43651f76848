"""The effect of a version as tables: the estimate, and who benefits."""

from __future__ import annotations

from collections.abc import Sequence

from obs_dagster.effects.benefit import SegmentEffect
from obs_dagster.effects.by_day import Mean
from obs_dagster.evaluation.effect import VersionEffect
from obs_dagster.reports.effect.words import difference, headline, level, told
from obs_dagster.tasks.sections import Listing
from obs_dagster.verdict.wording import UNKNOWN

SEGMENTS = 12
"""Segments that are shown: those whose effect is most certain."""

CERTAIN = 0.05
"""The share of false ones among the segments that are called certain, at most."""


def effect_sections(found: VersionEffect) -> list[Listing]:
    """The estimate, what has to be known of it, and who benefits."""
    if found.estimated is None or found.estimated.effect is None or found.estimated.means is None:
        empty = Listing(_title(found), _HEADINGS, rows=[], empty=headline(found))
        return [empty, known(found)] if [*told(found)] else [empty]
    rows = [_row(found, "Day and features evened out", found.estimated.effect)]
    if found.raw is not None:
        rows.append(_row(found, "Plain difference in means", found.raw))
    for version, each in zip((found.first, found.second), found.estimated.means, strict=True):
        low, high = level(found, each.low), level(found, each.high)
        rows.append((f"Had version {version} served all", f"{level(found, each.value)} [{low}, {high}]", ""))
    return [Listing(_title(found), _HEADINGS, rows, note=headline(found)), known(found), benefit(found)]


def known(found: VersionEffect) -> Listing:
    """What has to be known of the estimate."""
    return Listing("What to know of the effect", ("About", "What is known"), [*told(found)])


_HEADINGS = ("Estimate", "Effect, 95 % interval", "p")


def _title(found: VersionEffect) -> str:
    return f"Effect of version {found.second} in the place of {found.first}"


def _row(found: VersionEffect, name: str, each: Mean) -> tuple[str, str, str]:
    return name, difference(found, each), _p(each.p_value)


def benefit(found: VersionEffect) -> Listing:
    """Who benefits: the effect by segment."""
    enough = [(name, each) for name, each in found.segments.items() if each.effect is not None]
    rows = [_segment(found, name, each) for name, each in enough[:SEGMENTS]]
    few = len(found.segments) - len(enough)
    note = f"{few} segments have too few rows." if few else ""
    return Listing(
        title="Who benefits",
        headings=("Segment", "Effect, 95 % interval", "p, of all segments", "What is known", "Rows"),
        rows=rows,
        numeric=frozenset({4}),
        note=note,
        empty="No segment has enough rows of both versions.",
    )


def _segment(found: VersionEffect, name: str, each: SegmentEffect) -> Sequence[str]:
    if each.effect is None or each.q_value is None:
        return (name, UNKNOWN, UNKNOWN, each.reason, f"{sum(each.rows):,}")
    sure = each.q_value <= CERTAIN
    said = "not known" if not sure else "higher" if each.effect.value > 0 else "lower"
    rows = f"{sum(each.rows):,}"
    return (name, difference(found, each.effect), _p(each.q_value), said, rows)


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"  # noqa: PLR2004  as it is written
