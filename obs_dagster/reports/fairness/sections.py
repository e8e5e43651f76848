"""Tables of how groups of people are treated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from obs_dagster.evaluation.fairness import AttributeFairness
from obs_dagster.figures import percent
from obs_dagster.metrics.fairness.calibration import gap
from obs_dagster.metrics.fairness.groups import KINDS, GroupCounts, Groups, Kind
from obs_dagster.metrics.intervals import wilson
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.registry import definitions
from obs_dagster.reports.fairness.words import QUESTIONS, between, too_small, verdict_of
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
    large = [each for each in groups.groups if each.rows >= groups.least]
    return Listing(
        title=f"Groups of {groups.attribute}",
        headings=_HEADINGS,
        rows=[tuple(_cells(each, groups.least)) for each in sorted(large, key=lambda each: -each.rows)],
        numeric=frozenset({1}),
        note=too_small(groups),
        empty="No group has enough rows.",
    )


def _cells(group: GroupCounts, least: int) -> Iterator[str]:
    yield group.name
    yield f"{group.rows:,}"
    for kind in KINDS:
        yield _share(kind, group, least)
    yield _points(gap(group)) if group.scored >= least else UNKNOWN


def _share(kind: Kind, group: GroupCounts, least: int) -> str:
    part, whole = kind.part(group), kind.whole(group)
    if whole < least:
        return f"{UNKNOWN} too few"
    low, high = wilson(part, whole)
    return f"{percent(part / whole)} [{percent(low)}, {percent(high)}]"


def _points(value: float) -> str:
    return f"{'−' if value < 0 else ''}{percent(abs(value))}"  # noqa: RUF001  the sign, not a hyphen
