"""Clean rows of days to counts, where rows are read: in this process, or in parts by an engine's workers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import narwhals as nw
import pyarrow as pa

from obs_dagster.baselines.stored import grown_grids, load_grids
from obs_dagster.engine.protocol import engine_of
from obs_dagster.lake.columns import AGE, DAY, ROW
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.quoting import identifier
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.monitor.task import outputs
from obs_dagster.profile.profile import Profile, merge_rows
from obs_dagster.profile.reduction import reduce_days
from obs_dagster.sources.ingest import LOGS
from obs_dagster.tasks.outcomes import OutcomeProfile, OutcomeTable, reduce_outcome_days
from obs_dagster.tasks.protocol import task_of

#: Rows of a part: enough that starting on one is a small part of the work.
_ROWS = 1 << 20

X = TypeVar("X")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the rows of days.

    Attributes:
        number: which one, from 0.
        parts: how many there are.
        rows: how many row numbers each has.
    """

    number: int = 0
    parts: int = 1
    rows: int = _ROWS

    def of(self, rows: nw.LazyFrame[Any], together: str = "") -> nw.LazyFrame[Any]:
        """The rows of this part.

        Args:
            rows: rows that DuckDB reads.
            together: a column by whose values rows must not be parted; left out: they are parted by number.
        """
        if self.parts == 1:
            return rows
        first = self.number * self.rows
        condition = f"{ROW} BETWEEN {first} AND {first + self.rows - 1}"
        if together:
            condition = f"hash({identifier(together)}) % {self.parts} = {self.number}"
        part: nw.LazyFrame[Any] = nw.from_native(rows.to_native().filter(condition))
        return part


def reduced_profiles(monitor: Monitor, days: Sequence[dt.date], lake: Lake) -> dict[str, Profile]:
    """The profiles of days with clean rows, after new segment values have got their cells.

    Raises:
        LakeError: the baseline has not been prepared, or a day not been validated.
    """
    parts = _parts(monitor, days, lake)
    if len(parts) > 1:
        _grow_grids(monitor, days, lake)
    return _in_parts(monitor, partial(_profiles, monitor, days, lake), parts, _merged_profiles)


def reduced_outcomes(monitor: Monitor, days: Sequence[dt.date], lake: Lake) -> dict[str, OutcomeProfile]:
    """The outcomes of days with clean rows, whose task has any.

    Raises:
        LakeError: as `reduced_profiles`.
    """
    parts = _parts(monitor, days, lake)
    if len(parts) > 1:
        _grow_grids(monitor, days, lake)
    return _in_parts(monitor, partial(_outcomes, monitor, days, lake), parts, _merged_outcomes)


def reduced_by_age(
    monitor: Monitor, days: Sequence[dt.date], lake: Lake, kind: OutcomeTable, age: nw.Expr
) -> pa.Table:
    """The outcomes of all rows of versions, with the day and the age of their labels before them.

    Args:
        monitor: the monitor.
        days: the days.
        lake: holds them.
        kind: what the task counts.
        age: the text that stands for the number in `_obs_age`.

    Raises:
        LakeError: as `reduced_profiles`.
    """
    merged = partial(_merged_ages, kind)
    work = partial(_by_age, monitor, days, lake, kind, age)
    return _in_parts(monitor, work, _parts(monitor, days, lake), merged)


def _parts(monitor: Monitor, days: Sequence[dt.date], lake: Lake) -> list[Part]:
    if monitor.engine.reads_here:
        return [Part()]
    table = lake.table(monitor.model, LOGS)
    manifests = [table.manifest(day) or {} for day in days]
    last = max(each.get("source_rows", each.get("rows", 0)) for each in manifests)
    number = max(1, -(-last // _ROWS))
    return [Part(each, number, _ROWS) for each in range(number)]


def _in_parts(
    monitor: Monitor, work: Callable[[Part], X], parts: Sequence[Part], merged: Callable[[list[X]], X]
) -> X:
    if len(parts) == 1:
        return _alone(monitor, work, parts[0])
    return monitor.engine.in_parts(work, parts, merged, personal=bool(monitor.personal))


@reads_rows
def _alone(_monitor: Monitor, work: Callable[[Part], X], part: Part) -> X:
    return work(part)


@reads_rows
def _grow_grids(monitor: Monitor, days: Sequence[dt.date], lake: Lake) -> None:
    with engine_of(monitor).clean_rows(monitor, days, lake) as rows:
        grown_grids(monitor, rows, lake)


def _profiles(monitor: Monitor, days: Sequence[dt.date], lake: Lake, part: Part) -> dict[str, Profile]:
    with engine_of(monitor).clean_rows(monitor, days, lake) as rows:
        grids = grown_grids(monitor, rows, lake) if part.parts == 1 else load_grids(monitor, lake)
        return reduce_days(part.of(rows), monitor, grids, DAY)


def _outcomes(monitor: Monitor, days: Sequence[dt.date], lake: Lake, part: Part) -> dict[str, OutcomeProfile]:
    kind = task_of(monitor).outcomes
    if kind is None:
        return {}
    with engine_of(monitor).labelled_rows(monitor, days, lake) as rows:
        grids = grown_grids(monitor, rows, lake) if part.parts == 1 else load_grids(monitor, lake)
        return reduce_outcome_days(part.of(rows, _together(monitor)), monitor, grids, kind, DAY)


def _by_age(  # noqa: PLR0917  in this order
    monitor: Monitor, days: Sequence[dt.date], lake: Lake, kind: OutcomeTable, age: nw.Expr, part: Part
) -> pa.Table:
    whole = monitor.model_copy(update={"segments": ()})
    with engine_of(monitor).labelled_rows(monitor, days, lake, aged=True) as rows:
        aged = part.of(rows, _together(monitor)).with_columns(age.alias(AGE))
        return kind.reduce(aged, whole, load_grids(monitor, lake), [DAY, AGE])


def _together(monitor: Monitor) -> str:
    """The column that says which rows are counted together, as the request of a ranking; empty without."""
    return next((each.column for each in outputs(monitor) if each.kind == "id"), "")


def _merged_profiles(found: list[dict[str, Profile]]) -> dict[str, Profile]:
    days = sorted({day for each in found for day in each})
    parts = {day: [each[day] for each in found if day in each] for day in days}
    return {day: Profile.merged(profiles, profiles[0].grids) for day, profiles in parts.items()}


def _merged_outcomes(found: list[dict[str, OutcomeProfile]]) -> dict[str, OutcomeProfile]:
    days = sorted({day for each in found for day in each})
    parts = {day: [each[day] for each in found if day in each] for day in days}
    return {day: OutcomeProfile.merged(outcomes, outcomes[0].kind) for day, outcomes in parts.items()}


def _merged_ages(kind: OutcomeTable, found: list[pa.Table]) -> pa.Table:
    return merge_rows(pa.concat_tables(found), [DAY, AGE, *kind.keys], kind.added)
