"""What is asked of a column: whether values are missing, are new, or are otherwise not as they were.

Each is asked apart, beside how days differ in just that. Where days are warm or cold, a value that has never
been missing may still be news. Of three p-values the smallest one counts (a weighted Bonferroni): most of the
chance is for what values are, since what is missing or new is mostly far from how days differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from obs_dagster.evidence.bins import Bins
from obs_dagster.evidence.novelty import Known
from obs_dagster.evidence.spread import IntArray
from obs_dagster.evidence.variation import TOLERANCE, Variation, assumed, variations_of
from obs_dagster.profile.distribution import Counts

SHARE_TOLERANCE = 0.001
"""One more row of a thousand that is missing, or new, is no news."""

_VALUES, _SHARE = 0.75, 0.125
"""The parts of chance for what values are, and for what is missing, or new."""

_UNKNOWN_TAIL = np.array([0.0, 0.0, 1.0, 0.0])
"""Of what has hardly happened nobody knows how it differs from day to day."""
_HARDLY = 3


@dataclass(frozen=True, slots=True)
class Questions:
    """How a column's days differ in what is missing, new, and otherwise.

    Attributes:
        bins: what values are counted on.
        known: what values there have been.
        values: how the shares of the bins differ.
        missing, new: how the shares of rows with and without it differ.
    """

    bins: Bins
    known: Known
    values: Variation
    missing: Variation
    new: Variation

    @classmethod
    def of(cls, bins: Bins, days: Sequence[Counts]) -> Questions:
        """What days of a baseline say, each beside the others."""
        (found,) = questions_of([(bins, days)])
        return found

    @classmethod
    def assumed(cls, bins: Bins, baseline: Counts) -> Questions:
        """What is taken to be where too few days are known."""
        known = Known.of([baseline])
        counted = bins.count(baseline)
        found = counted[:-1], _missing(counted), np.array([baseline.n, 0])
        values, missing, new = (assumed(each) for each in found)
        return cls(bins, known, values, missing, new)

    def around(self, baseline: Counts) -> Questions:
        """The same days around a baseline that they are no part of, whose values are those that are known."""
        counted = self.bins.count(baseline)
        return replace(
            self,
            known=Known.of([baseline]),
            values=self.values.around(counted[:-1]),
            missing=self.missing.around(_missing(counted)),
            new=self.new.around(np.array([baseline.n, 0])),
        )

    @property
    def calibrated(self) -> bool:
        """Whether enough days are known."""
        return self.values.calibrated or self.missing.calibrated

    def design_effect(self, rows: int) -> float:
        """How many times as far a day's shares vary as those of so many independent rows."""
        return float(self.values.design_effect(rows))

    def p_value(self, counts: Counts, days: int = 1) -> float:
        """How likely a window is to differ so much from the baseline, in the one or the other."""
        counted = self.bins.count(counts)
        found = (
            self.values.p_value(counted[:-1], days, TOLERANCE) / _VALUES,
            _p_of_share(self.missing, _missing(counted), days) / _SHARE,
            _p_of_share(self.new, self.known.new(counts), days) / _SHARE,
        )
        return min(1.0, *found)


def questions_of(columns: Sequence[tuple[Bins, Sequence[Counts]]]) -> list[Questions]:
    """What days say of several columns, each counted on its bins, as `Questions.of` has it of one."""
    known = [Known.of(days) for _, days in columns]
    counted = [bins.count_days(days) for bins, days in columns]
    values = variations_of([each[:, :-1] for each in counted], [bins.ordered for bins, _ in columns])
    missing = _of_shares([_missing(each) for each in counted])
    new = _of_shares([each.new_of_days(days) for each, (_, days) in zip(known, columns, strict=True)])
    return [
        Questions(bins, of_column, of_values, of_missing, _alike(of_new, of_values))
        for (bins, _), of_column, of_values, of_missing, of_new in zip(
            columns, known, values, missing, new, strict=True
        )
    ]


def _alike(new: Variation, values: Variation) -> Variation:
    """How new values differ: rows whose values are alike are new together."""
    correlation = np.maximum(new.whole.correlation, values.whole.correlation)
    return replace(new, whole=replace(new.whole, correlation=correlation))


def _missing(counted: IntArray) -> IntArray:
    """Rows with a value and without one, shape (..., 2), of rows per bin."""
    return np.stack([counted[..., :-1].sum(axis=-1), counted[..., -1]], axis=-1)


def _of_shares(columns: Sequence[IntArray]) -> list[Variation]:
    """How shares differ, each from the rows without it and with it, shape (days, 2)."""
    return [
        found
        if days[:, 1].sum() >= _HARDLY or not found.calibrated
        else replace(found, whole=replace(found.whole, tails=_UNKNOWN_TAIL, scale=1.0))
        for days, found in zip(columns, variations_of(columns, [None] * len(columns)), strict=True)
    ]


def _p_of_share(variation: Variation, counts: IntArray, days: int) -> float:
    """The p-value of a share beyond what is tolerated of it.

    Its distance is the deviance, which is that of squares where rows are many, and of few does not take ten
    for less likely than it is.
    """
    rows = float(counts.sum())
    if not rows:
        return 1.0
    from scipy.special import rel_entr

    least = 1 / max(rows, 2.0)
    usual = min(max(float(variation.shares[-1]), least), 1 - least)
    share = float(counts[-1]) / rows
    distance = 2 * float(rel_entr(share, usual) + rel_entr(1 - share, 1 - usual))
    # one row is tolerated anyway
    tolerated = max(SHARE_TOLERANCE - max(usual - float(variation.shares[-1]), 0.0), 0.0)
    tolerance = tolerated**2 / usual
    return float(variation.whole.p_values(np.asarray(distance), np.asarray(rows), days, tolerance))
