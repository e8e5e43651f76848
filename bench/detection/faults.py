"""Sixteen kinds of fault, each at three strengths, of any world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.alarms.faults import keep, some
from bench.alarms.served import QUIET, Fault
from bench.detection.world import AFTER, DECISION, LABEL, SCORE, SERVED, TIME, World

if TYPE_CHECKING:
    import pandas as pd

Made = Callable[[World, float], Fault]
Cause = tuple[str, str]
Behind = Callable[[World], Sequence[Cause]]

NIGHTS, SLOW = 4, 8
"""How long a fault is watched for; and one that comes slowly."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault.

    Attributes:
        name: in results and tables.
        strengths: how much of it, from weak to strong.
        told: a strength in words.
        make: the fault of a world at a strength.
        nights: how many it is watched for; over so many it grows, if it is slow.
        slow: whether it grows.
        behind: what an incident may name as its cause, kind and what that is about.
        unknown: what of it the peers have no notion of; empty if nothing.
    """

    name: str
    strengths: tuple[float, float, float]
    told: Callable[[float], str]
    make: Made
    behind: Behind
    slow: bool = False
    unknown: str = ""

    @property
    def nights(self) -> int:
        """How long it is watched for."""
        return SLOW if self.slow else NIGHTS

    def fault(self, world: World, strength: float, night: int) -> Fault:
        """What goes wrong on a night, counted from 1 on."""
        return self.make(world, strength * night / SLOW if self.slow else strength)


def _percent(share: float) -> str:
    return f"{share:.0%} of rows"


def _unit(world: World, share: float) -> Fault:
    column, other = world.roles.unit
    return Fault(inputs=some(share, **{column: other}))


def _nulls(world: World, share: float) -> Fault:
    return Fault(inputs=some(share, **{world.roles.nulls: np.nan}))


def _shifted_category(world: World, share: float) -> Fault:
    column, frequent, other = world.roles.common
    return Fault(inputs=some(share, **{column: lambda values: values.replace(frequent, other)}))


def _new_category(world: World, share: float) -> Fault:
    return Fault(inputs=some(share, **{world.roles.named: "NEW"}))


def _segment_shift(world: World, deviations: float) -> Fault:
    column, value, number, deviation = world.roles.segment

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        moved = rows[number] + deviations * deviation
        return rows.assign(**{number: rows[number].mask(rows[column] == value, moved)})

    return Fault(inputs=change)


def _flipped(_: World, share: float) -> Fault:
    return Fault(truth=some(share, **{LABEL: lambda labels: ~labels}))


def _concept(_: World, share: float) -> Fault:
    """Labels of a part of the rows are dealt anew among them: as many, of others."""

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        random = np.random.default_rng(1)
        hit = np.flatnonzero(random.uniform(size=len(rows)) < share)
        labels = rows[LABEL].to_numpy().copy()
        labels[hit] = labels[random.permutation(hit)]
        return rows.assign(**{LABEL: labels})

    return Fault(truth=change)


def _stale(world: World, share: float) -> Fault:
    column = world.roles.stale

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        last = int(len(rows) * (1 - share))
        values = rows[column].to_numpy().copy()
        values[last:] = values[max(last - 1, 0)]
        return rows.assign(**{column: values})

    return Fault(inputs=change)


def _swapped(world: World, share: float) -> Fault:
    first, second = world.roles.pair

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        hit = np.random.default_rng(1).uniform(size=len(rows)) < share
        return rows.assign(
            **{first: rows[first].mask(hit, rows[second]), second: rows[second].mask(hit, rows[first])}
        )

    return Fault(inputs=change)


def _rounded(_: World, digits: float) -> Fault:
    return Fault(log=lambda rows: rows.assign(**{SCORE: rows[SCORE].round(int(digits))}))


def _misrouted(world: World, share: float) -> Fault:
    def change(rows: pd.DataFrame) -> pd.DataFrame:
        hit = np.random.default_rng(1).uniform(size=len(rows)) < share
        score = rows[SCORE].mask(hit, world.older(rows))
        return rows.assign(**{SCORE: score, DECISION: score >= 0.3})

    return Fault(log=change)


def _duplicated(_: World, share: float) -> Fault:
    def change(rows: pd.DataFrame) -> pd.DataFrame:
        import pandas as pd

        return pd.concat([rows, keep(share)(rows)]).sort_values(TIME, ignore_index=True)

    return Fault(log=change)


def _clock(_: World, hours: float) -> Fault:
    import pandas as pd

    return Fault(log=lambda rows: rows.assign(**{TIME: rows[TIME] + pd.Timedelta(hours=hours)}))


def _truncated(_: World, share: float) -> Fault:
    return Fault(log=lambda rows: rows.iloc[: int(len(rows) * (1 - share))])


def _lost(world: World, place: float) -> Fault:
    column, values = world.roles.parts
    return Fault(log=lambda rows: rows[rows[column] != values[int(place)]])


def _columns(*of: Callable[[World], str]) -> Behind:
    return lambda world: [("column", each(world)) for each in of]


def _causes(*of: Cause) -> Behind:
    return lambda _: of


def _in_segment(world: World) -> Sequence[Cause]:
    column, value, number, _ = world.roles.segment
    return [("column", number), ("segment", f"{column}={value}")]


def _of_parts(world: World) -> Sequence[Cause]:
    return [("column", world.roles.parts[0]), ("traffic", "")]


def _missing(world: World) -> Sequence[Cause]:
    return [("missing", world.roles.nulls), ("column", world.roles.nulls)]


KINDS = (
    Kind("unit change", (0.05, 0.25, 1.0), _percent, _unit, _columns(lambda world: world.roles.unit[0])),
    Kind("nulls", (0.03, 0.15, 0.6), _percent, _nulls, _missing),
    Kind(
        "category shift",
        (0.1, 0.3, 0.8),
        lambda share: f"{share:.0%} of a value",
        _shifted_category,
        _columns(lambda world: world.roles.common[0]),
    ),
    Kind(
        "new category", (0.01, 0.05, 0.25), _percent, _new_category, _columns(lambda world: world.roles.named)
    ),
    Kind(
        "covariate shift in one segment",
        (0.5, 1.0, 2.0),
        lambda by: f"{by:g} standard deviations",
        _segment_shift,
        _in_segment,
    ),
    Kind(
        "label flip",
        (0.05, 0.2, 0.8),
        lambda share: f"{share:.0%} of labels",
        _flipped,
        _causes(("labels", ""), ("concept", SERVED)),
    ),
    Kind(
        "concept drift, sudden",
        (0.25, 0.5, 1.0),
        lambda share: f"{share:.0%} of labels",
        _concept,
        _causes(("concept", SERVED)),
    ),
    Kind(
        "concept drift, slow",
        (0.25, 0.5, 1.0),
        lambda share: f"up to {share:.0%} of labels",
        _concept,
        _causes(("concept", SERVED)),
        slow=True,
    ),
    Kind(
        "stale feature",
        (0.1, 0.4, 1.0),
        lambda share: f"the last {share:.0%} of a day",
        _stale,
        _columns(lambda world: world.roles.stale),
    ),
    Kind(
        "swapped columns",
        (0.05, 0.25, 1.0),
        _percent,
        _swapped,
        _columns(lambda world: world.roles.pair[0], lambda world: world.roles.pair[1]),
    ),
    Kind(
        "rounded scores", (2, 1, 0), lambda digits: f"to {digits:g} digits", _rounded, _causes(("output", ""))
    ),
    Kind(
        "misrouted versions",
        (0.1, 0.4, 1.0),
        _percent,
        _misrouted,
        _causes(("output", ""), ("version", SERVED)),
        unknown="which version answers; they see the scores",
    ),
    Kind(
        "duplicated traffic",
        (0.1, 0.4, 1.0),
        _percent,
        _duplicated,
        _causes(("repeated", ""), ("traffic", "")),
        unknown="ids; NannyML counts rows",
    ),
    Kind(
        "clock shift",
        (1, 6, 24),
        lambda hours: f"{hours:g} h",
        _clock,
        _causes(("quarantine", "")),
        unknown="the time of a row: a batch is a day's file",
    ),
    Kind(
        "truncation",
        (0.1, 0.4, 0.8),
        lambda share: f"the last {share:.0%} of a day",
        _truncated,
        _causes(("traffic", "")),
    ),
    Kind(
        "lost partition",
        (0, 1, 2),
        lambda place: ("a small value", "a middling value", "a large value")[int(place)],
        _lost,
        _of_parts,
    ),
)


@dataclass(frozen=True, slots=True)
class Case:
    """A kind at a strength; without a kind, nothing happens."""

    kind: Kind | None = None
    place: int = 0

    @property
    def name(self) -> str:
        """In results."""
        return AFTER if self.kind is None else f"{self.kind.name}/{self.place}"

    @property
    def nights(self) -> int:
        """How long it is watched for; without a kind, as long as the world says."""
        return 0 if self.kind is None else self.kind.nights

    def fault(self, world: World, night: int) -> Fault:
        """What goes wrong on a night, counted from 1 on."""
        return QUIET if self.kind is None else self.kind.fault(world, self.kind.strengths[self.place], night)


def cases(kinds: tuple[Kind, ...] = KINDS) -> list[Case]:
    """Every kind at every strength."""
    return [Case(kind, place) for kind in kinds for place in range(len(kind.strengths))]
