"""A column's counts on each day of its baseline, or of the nights before, and how far these differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from obs_dagster.evidence.bins import Bins, bins_of, pooled
from obs_dagster.evidence.questions import Questions, questions_of
from obs_dagster.evidence.variation import LEAST_DAYS
from obs_dagster.profile.distribution import Counts

NIGHTS = "nights before the last week"
"""What days are called that are no part of the baseline."""


class Together:
    """Columns of which it is worked out at once how their days differ, when the first of them is asked."""

    def __init__(self) -> None:
        self._waiting: list[DayCounts] = []
        self._found: dict[DayCounts, Questions] = {}

    def join(self, column: DayCounts) -> None:
        """Take a column, of which enough days are known."""
        self._waiting.append(column)

    def questions(self, column: DayCounts) -> Questions:
        """How the days of one of the columns differ."""
        found = questions_of([(each.bins, each.days) for each in self._waiting])
        self._found |= zip(self._waiting, found, strict=True)
        self._waiting.clear()
        return self._found[column]


@dataclass(frozen=True, eq=False)
class DayCounts:
    """What a column's evidence is made from.

    Attributes:
        baseline: its counts on the whole baseline, with rows.
        days: its counts on days of it, in the order of time; empty if it is no days of the log.
        apart: whether the days are nights that are no part of the baseline, and say only how days differ.
        called: what the days are called.
        among: columns that are measured together with it; None if it is by itself.
    """

    baseline: Counts
    days: Sequence[Counts] = ()
    apart: bool = False
    called: str = "days of the baseline"
    among: Together | None = None

    def __post_init__(self) -> None:
        if self.among is not None and len(self.days) >= LEAST_DAYS:
            self.among.join(self)

    @classmethod
    def of_nights(cls, nights: Sequence[Counts], among: Together | None = None) -> DayCounts | None:
        """Nights as a baseline of their own; None without any that have rows."""
        known = [each for each in nights if each.rows]
        return cls(pooled(known), known, called=NIGHTS, among=among) if known else None

    @cached_property
    def bins(self) -> Bins:
        """The bins that all days are counted on."""
        return bins_of(self.baseline, len(self.days))

    @cached_property
    def questions(self) -> Questions:
        """How its days differ; assumed, if too few are known."""
        if len(self.days) < LEAST_DAYS:
            return Questions.assumed(self.bins, self.baseline)
        found = self.among.questions(self) if self.among else Questions.of(self.bins, self.days)
        if not found.calibrated:
            return Questions.assumed(self.bins, self.baseline)
        return found.around(self.baseline) if self.apart else found

    @property
    def not_calibrated(self) -> str:
        """Why it is not known how its days differ; empty if it is."""
        if self.questions.calibrated:
            return ""
        if not self.days:
            return f"not calibrated: no {self.called} say how days differ"
        return f"not calibrated: {len(self.days)} {self.called} have rows of it, {LEAST_DAYS} are needed"
