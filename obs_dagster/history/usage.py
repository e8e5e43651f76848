"""What nights took of the machine, stage by stage, and which programs they ran with."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property

from sqlalchemy import Connection, delete, insert, select

from obs_dagster.history.tables import NIGHT_PROGRAMS, NIGHT_USAGE
from obs_dagster.telemetry.resources.usage import Usage, together


@dataclass(frozen=True, slots=True)
class StageUsage:
    """What a stage took.

    Attributes:
        days: how many days it was run for at once; the usage is a day's part.
        began_at: when it began (UTC).
        run_id: the run.
    """

    model: str
    day: dt.date
    stage: str
    days: int
    began_at: dt.datetime
    usage: Usage
    run_id: str

    @property
    def ended_at(self) -> dt.datetime:
        """When it ended, for all of its days."""
        return self.began_at + dt.timedelta(seconds=self.usage.seconds * self.days)


@dataclass(frozen=True)
class NightUsage:
    """What the night of a day took, over all stages of its last run."""

    model: str
    day: dt.date
    stages: Sequence[StageUsage]

    @property
    def alone(self) -> bool:
        """Whether it was a night of its own, and not one of a range of days."""
        return all(each.days == 1 for each in self.stages)

    @cached_property
    def usage(self) -> Usage:
        """Of all stages together, with the time between them."""
        whole = together(each.usage for each in self.stages)
        if whole is None:
            raise ValueError(f"the night of {self.day} has no stages")
        if not self.alone:
            return whole
        began = min(each.began_at for each in self.stages)
        ended = max(each.ended_at for each in self.stages)
        return replace(whole, seconds=(ended - began).total_seconds())


def record(connection: Connection, usages: Collection[StageUsage]) -> None:
    """Put what a stage took on each of its days in the place of what it took before."""
    for each in usages:
        same = (
            (NIGHT_USAGE.c.model == each.model)
            & (NIGHT_USAGE.c.day == each.day)
            & (NIGHT_USAGE.c.stage == each.stage)
        )
        connection.execute(delete(NIGHT_USAGE).where(same))
        values = {name: value for name, value in asdict(each).items() if name != "usage"}
        connection.execute(insert(NIGHT_USAGE).values(values | asdict(each.usage)))


def read(
    connection: Connection, model: str, first: dt.date | None = None, last: dt.date | None = None
) -> list[NightUsage]:
    """The nights of a model between two days, both included, by day; only stages of the latest run count."""
    query = select(NIGHT_USAGE).where(NIGHT_USAGE.c.model == model)
    if first is not None:
        query = query.where(NIGHT_USAGE.c.day >= first)
    if last is not None:
        query = query.where(NIGHT_USAGE.c.day <= last)
    by_day: dict[dt.date, list[StageUsage]] = defaultdict(list)
    for row in connection.execute(query.order_by(NIGHT_USAGE.c.day, NIGHT_USAGE.c.began_at)).mappings():
        usage = Usage(**{each.name: row[each.name] for each in fields(Usage)})
        rest = {each.name: row[each.name] for each in fields(StageUsage) if each.name != "usage"}
        by_day[row["day"]].append(StageUsage(usage=usage, **rest))
    return [NightUsage(model, day, _of_last_run(stages)) for day, stages in by_day.items()]


def _of_last_run(stages: Sequence[StageUsage]) -> list[StageUsage]:
    last = max(stages, key=lambda each: each.began_at).run_id
    return [each for each in stages if each.run_id == last]


def record_programs(
    connection: Connection, model: str, days: Collection[dt.date], programs: Mapping[str, str]
) -> None:
    """Put the versions of programs that nights ran with in the place of those of earlier runs."""
    wanted = list(days)
    connection.execute(
        delete(NIGHT_PROGRAMS).where(NIGHT_PROGRAMS.c.model == model, NIGHT_PROGRAMS.c.day.in_(wanted))
    )
    rows = [{"model": model, "day": day, "programs": dict(programs)} for day in wanted]
    if rows:
        connection.execute(insert(NIGHT_PROGRAMS), rows)


def read_programs(
    connection: Connection, model: str, first: dt.date | None = None, last: dt.date | None = None
) -> dict[dt.date, dict[str, str]]:
    """The versions of programs that each night ran with, by day."""
    query = select(NIGHT_PROGRAMS).where(NIGHT_PROGRAMS.c.model == model).order_by(NIGHT_PROGRAMS.c.day)
    if first is not None:
        query = query.where(NIGHT_PROGRAMS.c.day >= first)
    if last is not None:
        query = query.where(NIGHT_PROGRAMS.c.day <= last)
    return {row["day"]: dict(row["programs"]) for row in connection.execute(query).mappings()}


def program_changes(programs: Mapping[dt.date, Mapping[str, str]], day: dt.date) -> list[str]:
    """What changed with a night, as `shap 0.50.0 → 0.51.0`; nothing if that is not known.

    Args:
        programs: the versions that each night ran with.
        day: the night's.
    """
    earlier = max((each for each in programs if each < day), default=None)
    if day not in programs or earlier is None:
        return []
    before, after = programs[earlier], programs[day]
    return [
        f"{name} {before.get(name, 'was not there')} → {after.get(name, 'is gone')}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]
