"""The components of the system on a day: a table, what is not as usual, and what is wrong with spans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from obs_dagster.alerts.incidents.components import began
from obs_dagster.alerts.incidents.evidence import Evidence, usual_on
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.tasks.sections import Listing
from obs_dagster.verdict.wording import number

#: In spreads, and as a part of what is usual: what lies closer is as usual.
_ODD, _NEWS = 4.0, 0.2

SHOWN: Mapping[str, str] = {
    "component_use_share": "used",
    "component_own_time": "own time",
    "component_own_share": "share",
    "component_own_p95": "own p95",
    "component_failure_share": "fails",
    "component_tokens": "tokens",
    "component_cost": "cost",
}
"""The metrics that tables show, and their headings."""

_REQUESTS: Mapping[str, str] = {
    "request_latency_p95": "95 % end within {}",
    "request_error_share": "{} fail",
    "request_tokens": "{} tokens each",
    "request_cost": "{} each",
}

COLUMNS = ("component", *SHOWN.values())
"""The headings of a table of components."""


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
    """

    day: dt.date
    requests: int
    whole: Mapping[str, Shown]
    components: Mapping[str, Mapping[str, Shown]]
    began: Sequence[str] = ()

    @property
    def headline(self) -> str:
        """The requests as a whole, in a line."""
        told = [
            text.format(shown.text(metric))
            for metric, text in _REQUESTS.items()
            if (shown := self.whole.get(metric)) is not None and shown.value is not None
        ]
        return ", ".join([f"{self.requests:,} requests", *told])

    @property
    def told(self) -> list[str]:
        """Where something began, in sentences."""
        return [f"{'Then' if place else 'Likely began'} in {each}" for place, each in enumerate(self.began)]

    @property
    def lines(self) -> list[str]:
        """All that is said beside the table."""
        return [each for each in (f"{self.headline}.", *self.told, self.brackets) if each]

    @property
    def brackets(self) -> str:
        """What brackets mean, if there are some."""
        shown = (each for values in (self.whole, *self.components.values()) for each in values.values())
        return "In brackets: what it usually is, where it is not." if any(each.odd for each in shown) else ""


def read_components(connection: Connection, model: str, day: dt.date) -> ComponentDay:
    """What the store has of components on a day, beside the nights before."""
    metrics = family("components")
    evidence = Evidence.read(connection, model, (day, day), list(metrics))
    found: dict[str, dict[str, Shown]] = {}
    for (metric, version, segment, column), series in evidence.series.items():
        if metric in metrics and version == segment == WHOLE and series and series[-1][0] == day:
            found.setdefault(column, {})[metric] = _beside(series, day)
    whole = found.pop("", {})
    requests = whole.get("request_volume", Shown(None)).value
    ordered = dict(sorted(found.items(), key=lambda each: _waited_for(*each)))
    told = [each.told for each in began(evidence)]
    return ComponentDay(day, int(requests or 0), whole, ordered, told)


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
    rows = [
        (name, *(shown.get(metric, Shown(None)).text(metric) for metric in SHOWN))
        for name, shown in found.components.items()
    ]
    return Listing(
        title=f"Components on {found.day}",
        headings=COLUMNS,
        rows=rows,
        numeric=frozenset(range(1, len(COLUMNS))),
        note=f"{found.headline}. {found.brackets}".strip(),
        empty="No spans of the day.",
    )


def component_rows(records: Iterable[MetricRecord]) -> list[dict[str, Any]]:
    """The components of a day's records, as rows of a table by `COLUMNS`."""
    rows: dict[str, dict[str, Any]] = {}
    waited: dict[str, float] = {}
    for record in records:
        if record.window == 1 and record.column and record.metric in SHOWN:
            row = rows.setdefault(record.column, {"component": record.column})
            row[SHOWN[record.metric]] = number(record.metric, record.value)
            if record.metric == "component_own_time":
                waited[record.column] = record.value or 0.0
    return [rows[name] for name in sorted(rows, key=lambda each: (-waited.get(each, 0.0), each))]
