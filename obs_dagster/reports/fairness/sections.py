"""Tables of how groups of people are treated."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from obs_dagster.evaluation.fairness import AttributeFairness
from obs_dagster.figures import percent
from obs_dagster.metrics.fairness.calibration import gap
from obs_dagster.metrics.fairness.groups import KINDS, GroupCounts, Groups, Kind
from obs_dagster.metrics.intervals import wilson
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.registry import definitions
from obs_dagster.reports.fairness.words import (
    QUESTIONS,
    between,
    not_known,
    rows_told,
    too_small,
    verdict_of,
)
from obs_dagster.tasks.sections import Listing, Section
from obs_dagster.verdict.wording import UNKNOWN, interval, number

_HEADINGS = ("Group", "Rows", *(kind.title for kind in KINDS), "Scores too high by")


def fairness_sections(found: Iterable[AttributeFairness]) -> Mapping[str, tuple[Section, ...]]:
    """By version, a table of answers and a table of groups for each attribute."""
    sections: dict[str, list[Section]] = {}
    for each in found:
        sections.setdefault(each.version, []).extend((_answers(each), _groups(each.groups)))
    return {version: tuple(parts) for version, parts in sections.items()}


def _answers(found: AttributeFairness) -> Listing:
    known = definitions()
    return Listing(
        title=f"By {found.groups.attribute}",
        headings=("Question", "Answer", "95 % interval", "Between"),
        rows=[
            (f"{question} ({known[name].in_a_sentence})", *_told(name, found.estimates[name]))
            for name, question in QUESTIONS.items()
            if name in found.estimates
        ],
        note=" ".join(verdict_of(found)),
        empty="No rows.",
    )


def _told(metric: str, estimate: Estimate) -> tuple[str, str, str]:
    return number(metric, estimate.value), interval(metric, estimate.low, estimate.high), between(estimate)


def _groups(groups: Groups) -> Listing:
    large = sorted((each for each in groups.groups if each.rows >= groups.least), key=lambda each: -each.rows)
    return Listing(
        title=f"Groups of {groups.attribute}",
        headings=_HEADINGS,
        rows=[tuple(_cells(each, groups)) for each in large],
        numeric=frozenset({1}),
        note=" ".join(filter(None, (too_small(groups), not_known(groups)))),
        empty="No group has enough rows.",
    )


def _cells(group: GroupCounts, groups: Groups) -> Iterator[str]:
    yield group.name
    yield f"{rows_told(group.rows, groups)}"
    for kind in KINDS:
        yield _share(kind, group, groups)
    worth = gap(group) if group.scored else 0.0
    yield _points(round(worth, 2) if groups.apart else worth) if group.scored >= groups.least else UNKNOWN


def _share(kind: Kind, group: GroupCounts, groups: Groups) -> str:
    part, whole = kind.part(group), kind.whole(group)
    if whole < groups.least:
        return f"{UNKNOWN} too few"
    share, (low, high) = part / whole, wilson(part, whole)
    if groups.apart:
        share, low, high = round(share, 2), math.floor(100 * low) / 100, math.ceil(100 * high) / 100
    return f"{percent(share)} [{percent(low)}, {percent(high)}]"


def _points(value: float) -> str:
    return f"{'−' if value < 0 else ''}{percent(abs(value))}"  # noqa: RUF001  the sign, not a hyphen
