"""A table of two versions, metric by metric, with the segments in which they differ most surely."""

from __future__ import annotations

from collections.abc import Sequence

from obs_dagster.evaluation.versus import Versus
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.reports.versus.words import comparative, difference, verdict_on
from obs_dagster.tasks.sections import Listing
from obs_dagster.verdict.wording import UNKNOWN, noun, number

SEGMENTS = 6
"""Segments of a metric that are shown, of those in which one version is known to be ahead."""


def versus_section(found: Sequence[Versus]) -> Listing:
    """All rows first, then segments."""
    whole = [each for each in found if each.segment == WHOLE]
    parts = [
        each
        for metric in dict.fromkeys(each.metric for each in whole)
        for each in sorted(
            (one for one in found if one.metric == metric and _decided(one) and _a_part(one, whole)),
            key=lambda one: (one.look.p_value if one.look else 1.0, one.segment),
        )[:SEGMENTS]
    ]
    first, second = (found[0].first, found[0].second) if found else ("", "")
    return Listing(
        title=f"Version {first} against version {second}",
        headings=(
            "Metric",
            f"Version {first}",
            f"Version {second}",
            "Difference",
            "p",
            "What is known",
            "Days",
            "Rows",
        ),
        rows=[_row(each) for each in (*whole, *parts)],
        numeric=frozenset({6, 7}),
        note=" ".join(map(verdict_on, whole)),
        empty="Nothing to compare.",
    )


def _decided(each: Versus) -> bool:
    return each.look is not None and each.look.decided != 0


def _a_part(each: Versus, whole: Sequence[Versus]) -> bool:
    """Whether it is of some of the rows, and not of all again, as where a split has one value."""
    return each.segment != WHOLE and all(
        each.rows < one.rows for one in whole if one.metric == each.metric and one.way != "same requests"
    )


def _row(each: Versus) -> tuple[str, ...]:
    at = "" if each.segment == WHOLE else f" at {each.segment}"
    name = f"{noun(each.metric)}{at}"
    if each.look is None or each.values is None:
        return (name, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, "no day has enough rows of both", "0", "0")
    known = f"{each.ahead} is {comparative(each.metric)}" if each.ahead else "not known yet"
    return (
        name,
        *(number(each.metric, value) for value in each.values),
        difference(each),
        "<0.001" if each.look.p_value < 0.001 else f"{each.look.p_value:.3f}",  # noqa: PLR2004  as it is written
        known,
        str(each.look.days),
        f"{each.rows:,}",
    )
