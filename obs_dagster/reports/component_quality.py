"""How right the model was by what components did: where one failed, was slow or was not used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from obs_dagster.history.current import read
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import Interval, combined_interval
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import shown_in
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.system import FAILED, PART_CUT, SLOW, UNUSED, USED
from obs_dagster.profile.cells import values_of
from obs_dagster.tasks.sections import Listing
from obs_dagster.verdict.headline import headline_window, settled_through
from obs_dagster.verdict.record_index import natural
from obs_dagster.verdict.wording import day_month, number

_ORDER = (FAILED, SLOW, UNUSED)
#: A week beyond the wait for labels: what is older is not looked at.
_LOOK_BACK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Compared:
    """Requests in which a component did something, against those in which it was used as usual.

    Attributes:
        component: the component.
        did: what it did.
        version: the version that answered.
        these: by metric, what it is of these requests.
        beside: by metric, what it is of those in which it was used as usual; empty if there are none.
    """

    component: str
    did: str
    version: str
    these: Mapping[str, MetricRecord]
    beside: Mapping[str, MetricRecord]

    def difference(self, metric: str) -> Interval | None:
        """The interval of these minus those, None where one of them is not known; they share no request."""
        one, other = self.these.get(metric), self.beside.get(metric)
        if one is None or other is None:
            return None
        ends = [(each.low, each.high) for each in (one, other)]
        if None in {one.value, other.value, *ends[0], *ends[1]}:
            return None
        values = np.array([one.value, other.value], dtype=np.float64)
        return combined_interval(values, np.array(ends, dtype=np.float64), np.array([1.0, -1.0]))

    def differs(self, metric: str) -> bool:
        """Whether the difference is more than chance makes."""
        found = self.difference(metric)
        return found is not None and not found[0] <= 0 <= found[1]


@dataclass(frozen=True, slots=True)
class ComponentQuality:
    """What is told of the window that ends on a day.

    Attributes:
        day: its last day; None if there is no such quality.
        window: its length in days.
        metrics: what is compared, the leading one first.
        rows: the comparisons.
    """

    day: dt.date | None
    window: int
    metrics: Sequence[Definition]
    rows: Sequence[Compared]

    @property
    def told(self) -> list[str]:
        """Where the model is worse than chance makes it, in sentences, the leading metric's alone."""
        found = []
        for row in self.rows:
            for leading in self.metrics[:1]:
                one, other = row.these[leading.name], row.beside.get(leading.name)
                if other is None or not row.differs(leading.name) or not _worse(leading, one, other):
                    continue
                values = [number(leading.name, each.value) for each in (one, other)]
                found.append(
                    f"{leading.in_a_sentence} of version {row.version} is {values[0]} in requests in which "
                    f"{row.component} {_DID[row.did]}, {values[1]} in those in which it was used as usual"
                )
        return found


_DID = {FAILED: "failed", SLOW: "was among its slowest tenth", UNUSED: "was not used"}


def read_component_quality(connection: Connection, monitor: Monitor, day: dt.date) -> ComponentQuality:
    """What the store knows by a day, of the last day whose labels are complete, or of the last with any."""
    leading = [each for each in shown_in("verdict", monitor.task) if each.cells == "every"][:2]
    window, settled = headline_window(monitor), settled_through(monitor, day)
    nothing = ComponentQuality(None, window, leading, ())
    if settled is None or not leading or monitor.components is None:
        return nothing
    found: dict[dt.date, dict[tuple[str, str, str], dict[str, MetricRecord]]] = {}
    wanted = {"metrics": [each.name for each in leading], "windows": [window], "columns": [""]}
    for record in read(connection, monitor.model, {"first": settled - _LOOK_BACK, "last": day, **wanted}):  # type: ignore[typeddict-item]  # as it says
        if record.segment.startswith(PART_CUT) and record.value is not None:
            [(component, did)] = values_of(record.segment).items()
            key = record.version, _plain(component), did or ""
            found.setdefault(record.day, {}).setdefault(key, {})[record.metric] = record
    days = [each for each in found if each <= settled] or [*found]
    if not days:
        return nothing
    last = found[max(days)]
    rows = [
        Compared(component, did, version, these, last.get((version, component, USED), {}))
        for (version, component, did), these in last.items()
        if did in _ORDER and leading[0].name in these
    ]
    rows.sort(key=lambda row: (row.component, _ORDER.index(row.did), natural(row.version)))
    return ComponentQuality(max(days), window, leading, rows)


def quality_section(found: ComponentQuality) -> Listing:
    """The comparisons as a table; where requests differ beyond chance, a star stands at the value."""
    headings = ["component", "in the request", "version"]
    for metric in found.metrics:
        headings += [metric.in_a_sentence, "else"]
    rows = [
        (
            row.component,
            row.did,
            row.version,
            *(text for metric in found.metrics for text in _pair(row, metric)),
            f"{row.these[found.metrics[0].name].n:,}",
        )
        for row in found.rows
    ]
    period = f", {found.window} days to {day_month(found.day)}" if found.day else ""
    return Listing(
        title=f"Quality by what components did{period}",
        headings=(*headings, found.metrics[0].counts if found.metrics else ""),
        rows=rows,
        numeric=frozenset(range(3, len(headings) + 1)),
        note="Else: the requests in which the component was used as usual. * They differ by more than "
        "chance. A component is slow in the slowest tenth of its requests of a day.",
        empty="No labelled row has spans of its request.",
    )


def _pair(row: Compared, metric: Definition) -> tuple[str, str]:
    one, other = row.these.get(metric.name), row.beside.get(metric.name)
    star = "*" if row.differs(metric.name) else ""
    value, beside = (number(metric.name, each.value if each else None) for each in (one, other))
    return f"{value}{star}", beside


def _worse(metric: Definition, one: MetricRecord, other: MetricRecord) -> bool:
    if one.value is None or other.value is None or metric.better is None:
        return False
    return one.value < other.value if metric.better == "higher" else one.value > other.value


def _plain(cut: str) -> str:
    """The name of a component of a cell."""
    name = cut.removeprefix(PART_CUT)
    for plain, escape in (("=", "%3D"), (",", "%2C"), ("%", "%25")):
        name = name.replace(escape, plain)
    return name
