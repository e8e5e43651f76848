"""A sample: a number of now, what it is about, and what its name means."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["gauge", "counter"]

PREFIX = "obs_"
"""What every name begins with."""

_NAME = re.compile(r"obs_[a-z0-9]+(_[a-z0-9]+)*\Z")


@dataclass(frozen=True, slots=True)
class Gauge:
    """What a name means, as Prometheus' HELP and TYPE tell it.

    Attributes:
        name: snake case with the unit at its end; of what only grows, `_total` behind it.
        help: one sentence.
        labels: the labels that its samples have.
        unit: the base unit that the name ends with (`seconds`, `ratio`); empty for a pure number.
        kind: whether it goes up and down, or only grows.
        by_time: whether it changes by time alone.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    kind: Kind = "gauge"
    by_time: bool = False

    def __post_init__(self) -> None:
        ending = f"{f'_{self.unit}' if self.unit else ''}{'_total' if self.kind == 'counter' else ''}"
        if not _NAME.match(self.name) or not self.name.endswith(ending):
            raise ValueError(f"{self.name!r} is not named like {PREFIX}…{ending}")

    def of(self, value: float, at: dt.datetime | None = None, /, detail: int = 0, **labels: str) -> Sample:
        """A sample of it; `at` and `detail` as `Sample` has them."""
        return Sample(self, float(value), labels, at, detail)


@dataclass(frozen=True, slots=True)
class Sample:
    """One number.

    Attributes:
        gauge: what it means.
        value: the number, in the gauge's unit.
        labels: what it is about; an empty one is as good as none.
        at: the moment that it tells of: the end of its day for what is of a day; None for the present.
        detail: where there are too many of a model, those of the highest detail are left out first.
    """

    gauge: Gauge
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    at: dt.datetime | None = None
    detail: int = 0

    @property
    def name(self) -> str:
        """The gauge's name."""
        return self.gauge.name

    @property
    def about(self) -> dict[str, str]:
        """The labels that say something, in the gauge's order."""
        return {name: text for name in self.gauge.labels if (text := self.labels.get(name, ""))}
