"""The components of the system on a day: a table, what is not as usual, and what is wrong with spans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from obs_dagster.alerts.incidents.components import began
from obs_dagster.alerts.incidents.evidence import Evidence, usual_on
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import family, shown_in
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.reports.component_quality import (
    ComponentQuality,
    quality_section,
    read_component_quality,
)
from obs_dagster.tasks.sections import Listing
from obs_dagster.verdict.record_index import natural
from obs_dagster.verdict.wording import number

#: In spreads, and as a part of what is usual: what lies closer is as usual.
_ODD, _NEWS = 4.0, 0.2
_SCORE = "component_score"


@dataclass(frozen=True, slots=True)
class Shown:
    """A value of a day beside what it usually is.

    Attributes:
        value: of the day; None if there is none.
        usual: what it usually is; None if that is not known.
        odd: whether it is not as usual.
    """

    value: float | None
    usual: float | None = None
    odd: bool = False

    def text(self, metric: str) -> str:
        """The value, with what it usually is in brackets where it is not."""
        told, usual = number(metric, self.value), number(metric, self.usual)
        if not self.odd:
            return told
        # both of one unit have it once: `473 (81) ms`
        value, _, unit = told.partition(" ")
        known, _, other = usual.partition(" ")
        return f"{value} ({known}) {unit}" if unit and unit == other else f"{told} ({usual})"


@dataclass(frozen=True, slots=True)
class ComponentDay:
    """The components of a day.

    Attributes:
        day: the day.
        requests: how many began on it.
        whole: of requests as a whole, by metric.
        components: by component and metric, those first that requests wait for longest.
        began: the components that are not as usual, in words, those first where it likely began.
        versions: by version that answered requests, its own components.
        quality: how right the model was by what components did; None where that is not known.
        scores: what evaluations in spans say, by component with what is judged, and by version.
    """

    day: dt.date
    requests: int
    whole: Mapping[str, Shown]
    components: Mapping[str, Mapping[str, Shown]]
    began: Sequence[str] = ()
    versions: Mapping[str, Mapping[str, Mapping[str, Shown]]] = field(default_factory=dict)
    quality: ComponentQuality | None = None
    scores: Mapping[str, Mapping[str, Shown]] = field(default_factory=dict)

    @property
    def headline(self) -> str:
        """The requests as a whole, in a line."""
        told = [
            each.in_a_line.format(shown.text(each.name))
            for each in shown_in("requests")
            if (shown := self.whole.get(each.name)) is not None and shown.value is not None
        ]
        return ", ".join([f"{self.requests:,} requests", *told])

    @property
    def told(self) -> list[str]:
        """Where something began, and where the model is worse, in sentences."""
        began = [f"{'Then' if place else 'Likely began'} in {each}" for place, each in enumerate(self.began)]
        return [*began, *(f"Worse: {each}" for each in (self.quality.told if self.quality else ()))]

    @property
    def sections(self) -> list[Listing]:
        """The tables: the components, those of each version, evaluations, and quality by what they did."""
        found = [components_section(self)]
        beside = [versions_section(self), scores_section(self)]
        if self.quality is not None:
            beside.append(quality_section(self.quality))
        return [*found, *(each for each in beside if each.rows)]

    @property
    def lines(self) -> list[str]:
        """All that is said beside the table."""
        return [each for each in (f"{self.headline}.", *self.told, self.brackets) if each]

    @property
    def brackets(self) -> str:
        """What brackets mean, if there are some."""
        shown = (each for values in (self.whole, *self.components.values()) for each in values.values())
        return "In brackets: what it usually is, where it is not." if any(each.odd for each in shown) else ""


def read_components(connection: Connection, monitor: Monitor, day: dt.date) -> ComponentDay:
    """What the store has of components on a day, beside the nights before."""
    metrics = family("components")
    evidence = Evidence.read(connection, monitor.model, (day, day), list(metrics))
    every: dict[str, dict[str, dict[str, Shown]]] = {WHOLE: {}}
    scores: dict[str, dict[str, Shown]] = {}
    for (metric, version, segment, column), series in evidence.series.items():
        if metric in metrics and segment == WHOLE and series and series[-1][0] == day:
            if metric == _SCORE:
                scores.setdefault(column, {})[version] = _beside(series, day)
            else:
                every.setdefault(version, {}).setdefault(column, {})[metric] = _beside(series, day)
    found = every.pop(WHOLE)
    whole = found.pop("", {})
    requests = whole.get("request_volume", Shown(None)).value
    ordered = dict(sorted(found.items(), key=lambda each: _waited_for(*each)))
    told = [each.told for each in began(evidence)]
    versions = {version: every[version] for version in sorted(every, key=natural)}
    quality = read_component_quality(connection, monitor, day)
    return ComponentDay(day, int(requests or 0), whole, ordered, told, versions, quality, scores)


def _beside(series: Sequence[tuple[dt.date, float, int]], day: dt.date) -> Shown:
    *before, (_, value, _) = series
    band = usual_on([(each, known) for each, known, _ in before], day)
    if band is None:
        return Shown(value)
    away = abs(value - band.centre)
    odd = abs(band.distance(value)) > _ODD and away > _NEWS * abs(band.centre)
    return Shown(value, band.centre, odd)


def _waited_for(name: str, shown: Mapping[str, Shown]) -> tuple[float, str]:
    return -(shown.get("component_own_time", Shown(None)).value or 0.0), name


def components_section(found: ComponentDay) -> Listing:
    """The components as a table of texts, those first that requests wait for longest."""
    columns = shown_in("components")
    rows = [
        (name, *(shown.get(each.name, Shown(None)).text(each.name) for each in columns))
        for name, shown in found.components.items()
    ]
    return Listing(
        title=f"Components on {found.day}",
        headings=headings(),
        rows=rows,
        numeric=frozenset(range(1, len(columns) + 1)),
        note=f"{found.headline}. {found.brackets}".strip(),
        empty="No spans of the day.",
    )


def versions_section(found: ComponentDay) -> Listing:
    """The components of each version, of those that more than one had requests of."""
    columns = shown_in("components")
    rows = [
        (component, version, *(shown.get(each.name, Shown(None)).text(each.name) for each in columns))
        for component in found.components
        for version, components in found.versions.items()
        if (shown := components.get(component)) is not None
    ]
    return Listing(
        title=f"Components by version on {found.day}",
        headings=("component", "version", *headings()[1:]),
        rows=rows if len(found.versions) > 1 else [],
        numeric=frozenset(range(2, len(columns) + 2)),
        note="Which version answered a request says the log, by the id of its trace, or the span.",
        empty="One version, or none that is known.",
    )


def scores_section(found: ComponentDay) -> Listing:
    """What evaluations in spans say of components, of all versions and of each."""
    versions = sorted({each for scores in found.scores.values() for each in scores}, key=natural)
    shown = versions if len(versions) > 2 else versions[:1]  # noqa: PLR2004 - all together, and two
    rows = [
        (name, *(scores.get(version, Shown(None)).text(_SCORE) for version in shown))
        for name, scores in sorted(found.scores.items())
    ]
    return Listing(
        title=f"Evaluations in spans on {found.day}",
        headings=("evaluated", *("score" if each == WHOLE else f"version {each}" for each in shown)),
        rows=rows,
        numeric=frozenset(range(1, len(shown) + 1)),
        note="Means of what judges, people or code said; yes counts 1, no 0.",
        empty="No span has been evaluated.",
    )


def headings() -> tuple[str, ...]:
    """The headings of a table of components."""
    return ("component", *(each.headed for each in shown_in("components")))


def component_rows(records: Iterable[MetricRecord]) -> list[dict[str, Any]]:
    """The components of a day's records, as rows of a table by `headings`."""
    rows: dict[str, dict[str, Any]] = {}
    waited: dict[str, float] = {}
    shown = {each.name: each.headed for each in shown_in("components")}
    for record in records:
        if record.window == 1 and record.column and record.version == WHOLE and record.metric in shown:
            row = rows.setdefault(record.column, {"component": record.column})
            row[shown[record.metric]] = number(record.metric, record.value)
            if record.metric == "component_own_time":
                waited[record.column] = record.value or 0.0
    return [rows[name] for name in sorted(rows, key=lambda each: (-waited.get(each, 0.0), each))]
