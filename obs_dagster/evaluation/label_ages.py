"""How labels came in, day by day: what predictions were like whose label came late.

Days whose labels are complete are counted once more, by the age that labels had when they came. So of any age
it is known what the rows were that had no label yet: those that a day of this age lacks now are taken to be
like them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.profiling import batches
from obs_dagster.evaluation.reducing import reduced_by_age
from obs_dagster.lake.columns import AGE, DAY
from obs_dagster.lake.lake import Table
from obs_dagster.monitor.elsewhere import at_sites
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.profile import slices
from obs_dagster.profile.tables import LABEL_AGES
from obs_dagster.sources.labels import GROUND_TRUTH
from obs_dagster.sources.warehouse_labels import NEWEST
from obs_dagster.store import in_parts
from obs_dagster.tasks.outcomes import OutcomeProfile, OutcomeTable
from obs_dagster.tasks.protocol import task_of
from obs_dagster.telemetry.traces import span

MOST_DAYS = 56
"""The complete days that labels are learned from: the latest ones."""

_MOST_AGES = 32
"""Ages that are told apart; where labels are waited for longer, several days are one."""

_NEVER = "never"


def tracks_ages(monitor: Monitor) -> bool:
    """Whether the labels are here, and say when they became known."""
    return monitor.labels is not None and bool(monitor.labels.columns.known_at) and not at_sites(monitor)


def labelled_through(night: Night) -> dt.date | None:
    """The last day up to which labels can have come: that of the newest label, or of the last log if earlier.

    None where no label says when it became known.
    """
    monitor, days = night.monitor, night.outcomes.days()
    if monitor.labels is None or not days or not tracks_ages(monitor):
        return None
    truth = night.lake.table(monitor.model, GROUND_TRUTH)
    recent = truth.days_between(days[-1] - dt.timedelta(days=monitor.labels.max_delay_days + 1), days[-1])
    known = [newest for day in recent if (newest := _newest(truth, day))]
    return min(days[-1], max(known).astimezone(monitor.zone).date()) if known else None


def _newest(truth: Table, day: dt.date) -> dt.datetime | None:
    told = (truth.readable(day) or {}).get(NEWEST)
    if told is not None:
        # the labels themselves are in the warehouse
        return dt.datetime.fromisoformat(told) if told else None
    path = truth.path(day)
    return _newest_of(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=512)
def _newest_of(path: Path, stamp: int) -> dt.datetime | None:  # noqa: ARG001  the stamp tells a rewritten file from the old one
    with pq.ParquetFile(in_parts(path)) as file:
        place, metadata = file.schema_arrow.get_field_index("known_at"), file.metadata
        groups = [metadata.row_group(each).column(place) for each in range(metadata.num_row_groups)]
        told = [each.statistics for each in groups if each.statistics]
        if len(told) == len(groups) and all(each.has_min_max or not each.num_values for each in told):
            # what a writer told of them is enough
            return max((each.max for each in told if each.num_values), default=None)
        found: dt.datetime | None = pc.max(file.read(columns=["known_at"])["known_at"]).as_py()
        return found


def days_to_age(night: Night) -> list[dt.date]:
    """Complete days whose labels have not been counted by age yet, or not as they are now."""
    monitor, through = night.monitor, labelled_through(night)
    if through is None or task_of(monitor).outcomes is None:
        return []
    return [day for day in _complete(night, through) if _stamp(night, day) != _written(night, day)]


def _complete(night: Night, through: dt.date) -> list[dt.date]:
    """The latest days whose labels are complete."""
    wait = night.monitor.labels.max_delay_days if night.monitor.labels else 0
    return [day for day in night.outcomes.days() if day + dt.timedelta(days=wait) <= through][-MOST_DAYS:]


def _stamp(night: Night, day: dt.date) -> str:
    """What the counts of a day follow from."""
    return f"{_step(night.monitor)}|{(night.outcomes.readable(day) or {}).get('fingerprint', '')}"


def _written(night: Night, day: dt.date) -> str:
    return str((_ages(night).readable(day) or {}).get("fingerprint", ""))


def _ages(night: Night) -> Table:
    return night.lake.table(night.monitor.model, LABEL_AGES)


def _step(monitor: Monitor) -> int:
    """The days that share an age."""
    wait = monitor.labels.max_delay_days if monitor.labels else 0
    return -(-(wait + 1) // _MOST_AGES)


def age_labels(night: Night, days: Iterable[dt.date]) -> Iterator[dt.date]:
    """Count the outcomes of days by the age of their labels, over all rows of each version.

    Raises:
        LakeError: the baseline has not been prepared, or a day not been validated.
    """
    monitor, kind = night.monitor, task_of(night.monitor).outcomes
    if kind is None:
        return
    for batch in batches(night, days):
        stamps = {day: _stamp(night, day) for day, _ in batch}
        evaluated = [day for day, quality in batch if quality.evaluated]
        reduced = pa.schema([(DAY, pa.string()), (AGE, pa.string()), *kind.schema]).empty_table()
        if evaluated:
            with span("scan label ages", days=len(evaluated)):
                reduced = reduced_by_age(monitor, evaluated, night.lake, kind, _age(monitor))
        found = {day: reduced.slice(*part) for (day,), part in slices(reduced, [DAY]).items()}
        for day, stamp in stamps.items():
            table = found.get(day.isoformat(), reduced.slice(0, 0)).drop_columns([DAY])
            by_version = [(name, "ascending") for name in (*kind.keys[:2], AGE, *kind.keys[2:])]
            _ages(night).write(day, table.sort_by(by_version), {"fingerprint": stamp})
            yield day


def _age(monitor: Monitor) -> nw.Expr:
    """The age of a label as text, rounded up to the step; that there is none."""
    step, age = _step(monitor), nw.col(AGE)
    rounded = nw.when(age <= 0).then(nw.lit(0)).otherwise((age + (step - 1)) // step * step)
    return nw.when(~age.is_null()).then(rounded.cast(nw.Int64).cast(nw.String)).otherwise(nw.lit(_NEVER))


@dataclass
class LateRows:
    """What rows of a version were like that had no label yet at an age.

    Attributes:
        night: what it is evaluated with.
        kind: what the task counts.
        through: the last day up to which labels can have come.
    """

    night: Night
    kind: OutcomeTable
    through: dt.date
    _days: list[pa.Table] | None = field(default=None, repr=False)

    def lacking(self, day: dt.date) -> bool:
        """Whether labels of a day are waited for."""
        labels = self.night.monitor.labels
        return labels is not None and day + dt.timedelta(days=labels.max_delay_days) > self.through

    def age(self, day: dt.date) -> int:
        """How old the newest labels of a day can be; below 0 if none can have come."""
        step = _step(self.night.monitor)
        return (self.through - day).days // step * step

    def parts(self, version: str, age: int) -> Sequence[OutcomeProfile]:
        """By complete day on which the version served, its rows whose label came later, or never."""
        served = [table for table in self._tables() if version in pc.unique(table["version"]).to_pylist()]
        return [OutcomeProfile(_later(table, age), self.kind) for table in served]

    def _tables(self) -> list[pa.Table]:
        if self._days is None:
            ages, days = _ages(self.night), _complete(self.night, self.through)
            written = [day for day in days if _written(self.night, day) == _stamp(self.night, day)]
            self._days = [ages.read(day) for day in written]
        return self._days


def _later(table: pa.Table, age: int) -> pa.Table:
    ages = pc.unique(table[AGE]).to_pylist()
    chosen = [name for name in ages if name == _NEVER or int(name) > age]
    return table.filter(pc.is_in(table[AGE], pa.array(chosen, pa.string()))).drop_columns([AGE])
