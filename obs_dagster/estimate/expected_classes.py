"""What the labels of several classes are expected to be, each class against the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from obs_dagster.estimate.class_mix import MixedCalibration, rank
from obs_dagster.estimate.draws import estimate_around
from obs_dagster.estimate.expected import Expected
from obs_dagster.metrics.estimate import UNTAUGHT
from obs_dagster.metrics.record import NO_ROWS, Estimate
from obs_dagster.profile.distribution import FloatArray


@dataclass(frozen=True)
class ClassCounts:
    """What is known, or expected, of K classes; every attribute but `n` has the shape (..., K).

    Attributes:
        n: rows.
        predicted: rows that each class was predicted for.
        right: those of them whose label it is.
        labels: rows whose label it is.
        roc_auc: of its score, its rows against all others.
        log_loss, brier: what it adds to the sums of the losses.
    """

    n: float
    predicted: FloatArray
    right: FloatArray
    labels: FloatArray
    roc_auc: FloatArray
    log_loss: FloatArray
    brier: FloatArray


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    found: FloatArray = np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=whole > 0)
    return found


def _recall(given: ClassCounts) -> FloatArray:
    return _share(given.right, given.labels)


def _precision(given: ClassCounts) -> FloatArray:
    return _share(given.right, given.predicted)


def _f1(given: ClassCounts) -> FloatArray:
    return _share(2 * given.right, given.labels + given.predicted)


Statistic = Callable[[ClassCounts], FloatArray]
"""A measure of quality, of shape (...)."""


def _macro(of: Statistic) -> Statistic:
    def mean(given: ClassCounts) -> FloatArray:
        occurring = given.labels > 0
        return _share((of(given) * occurring).sum(axis=-1), occurring.sum(axis=-1).astype(np.float64))

    return mean


def _weighted(of: Statistic) -> Statistic:
    return lambda given: _share((of(given) * given.labels).sum(axis=-1), given.labels.sum(axis=-1))


def _mean(of: Statistic) -> Statistic:
    return lambda given: of(given).sum(axis=-1) / given.n


_PER_CLASS: Mapping[str, Statistic] = {
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
    "roc_auc": lambda given: given.roc_auc,
}
STATISTICS: Mapping[str, Statistic] = {
    "accuracy": _mean(lambda given: given.right),
    "log_loss": _mean(lambda given: given.log_loss),
    "brier": _mean(lambda given: given.brier),
    **{f"macro_{name}": _macro(of) for name, of in _PER_CLASS.items()},
    **{f"weighted_{name}": _weighted(of) for name, of in _PER_CLASS.items()},
}
"""By the name of the metric that it is."""

_HIGHEST = {"log_loss": math.inf, "brier": 2.0}
_TINY = float(np.finfo(np.float64).eps)


def counts_of(
    score: Sequence[FloatArray], rows: Sequence[FloatArray], own: Sequence[FloatArray]
) -> ClassCounts:
    """The counts of K classes.

    Args:
        score: of each class, distinct scores or centres of their bins, ascending, shape (k,).
        rows: by score, without and with the class predicted, shape (..., k, 2).
        own: how many of the rows have the class for a label, shape (..., k, 2).
    """
    by_class = [_one(*each) for each in zip(score, rows, own, strict=True)]
    right, labels, area, loss, brier = (np.stack(part, axis=-1) for part in zip(*by_class, strict=True))
    predicted = np.stack([each[..., 1].sum(axis=-1) for each in rows], axis=-1)
    n = float(rows[0].sum(axis=(-2, -1)).mean())
    return ClassCounts(n, predicted, right, labels, area, loss, brier)


def _one(score: FloatArray, rows: FloatArray, own: FloatArray) -> tuple[FloatArray, ...]:
    yes = own.sum(axis=-1)
    no = rows.sum(axis=-1) - yes
    labels, others = yes.sum(axis=-1), no.sum(axis=-1)
    below = np.cumsum(no, axis=-1) - no / 2
    area = _share((yes * below).sum(axis=-1), np.asarray(labels * others))
    certain = np.clip(score, _TINY, 1 - _TINY)
    brier = rows.sum(axis=-1) @ score**2 + yes @ (1 - 2 * score)
    return own[..., 1].sum(axis=-1), labels, area, -(yes @ np.log(certain)), brier


@dataclass(frozen=True)
class ExpectedClasses:
    """Predictions of K classes, and what is expected of each.

    Attributes:
        names: of the classes.
        each: of each class, the rows by its score and whether it was predicted.
        found: of each class, labelled rows of the baseline for which it was predicted, and all that have it,
            shape (2, K).
        mix_moved: whether rows of each class are taken to be what they were, in another mix, instead of rows
            of each score.
    """

    names: Sequence[str]
    each: Sequence[Expected]
    found: FloatArray
    mix_moved: bool = False

    @property
    def n(self) -> int:
        """All rows."""
        return self.each[0].predicted.n if self.each else 0

    @cached_property
    def refused(self) -> str:
        """Why nothing can be said; empty if something can. Classes that never occurred are let be."""
        if not self.n:
            return NO_ROWS
        known = [one.calibration.positives.sum() for one in self.each]
        if not sum(known):
            return UNTAUGHT
        for name, one, own in zip(self.names, self.each, known, strict=True):
            if own and one.refused:
                return f"{one.refused} (class {name})"
        return ""

    def estimated(self, name: str) -> Estimate:
        """A statistic as the calibrations expect it; its interval holds what the labels may turn out to be.

        Labels are drawn for each class by itself, and then made to be as many as there are rows. Where the
        mix of classes may be another one, the interval holds what it is then, too.
        """
        if self.refused:
            return Estimate.missing(self.refused, self.n)
        found, other = self.if_unmoved(name), self.mixed.if_unmoved(name)
        if found.low is None or found.high is None or other.low is None or other.high is None:
            return found
        return replace(found, low=min(found.low, other.low), high=max(found.high, other.high))

    @cached_property
    def mixed(self) -> ExpectedClasses:
        """What is expected if rows of each class are what they were, in another mix."""
        return replace(self, each=[_mixed(one) for one in self.each], mix_moved=True)

    def if_unmoved(self, name: str) -> Estimate:
        """A statistic if what is taken to be as it was is so."""
        value = float(STATISTICS[name](self._expected))
        if not math.isfinite(value):
            return Estimate.missing("no rows that it is a share of are expected", self.n)
        drawn, centre = self._drawn
        draws, middle = STATISTICS[name](drawn), float(STATISTICS[name](centre))
        return estimate_around(value, draws, middle, self.n, highest=_HIGHEST.get(name, 1.0))

    @cached_property
    def _expected(self) -> ClassCounts:
        scores = [one.predicted.score for one in self.each]
        counts = counts_of(
            scores, [one.predicted.rows for one in self.each], [one.expected for one in self.each]
        )
        return self._decided(counts, None) if self.mix_moved else counts

    @cached_property
    def _drawn(self) -> tuple[ClassCounts, ClassCounts]:
        """Draws of the labels, and what is expected, both on few bins."""
        few = [one.drawn for one in self.each]
        scores, rows = [each.score for each, _ in few], [each.rows for each, _ in few]
        centre = [one.centre for one in self.each]
        drawn = of_one_label([drawn for _, drawn in few], centre, self.n)
        counts, middle = counts_of(scores, rows, drawn), counts_of(scores, rows, centre)
        if not self.mix_moved:
            return counts, middle
        rng = np.random.default_rng((self.each[0].seed, 10))
        return self._decided(counts, rng), self._decided(middle, None)

    def _decided(self, counts: ClassCounts, rng: np.random.Generator | None) -> ClassCounts:
        """The counts with as many of each class found, and told from the rest, as were on the baseline.

        Drawn, if there is a draw.
        """
        known, every = self.found
        labels = counts.labels * (counts.n / np.maximum(counts.labels.sum(axis=-1, keepdims=True), 1.0))
        ranks = [rank(one.calibration, one.predicted) for one in self.each]
        above, variance = np.array(ranks).T
        if rng is None:
            right = labels * _share(known, every)
        else:
            recall = rng.beta(known + 0.5, every - known + 0.5, size=labels.shape)
            right = rng.binomial(np.rint(labels).astype(np.int64), recall).astype(np.float64)
            # of rows of the baseline, and of those of the window
            unsure = variance * (1 / np.maximum(every, 1.0) + 1 / np.maximum(labels, 1.0))
            above = above + rng.normal(size=labels.shape) * np.sqrt(unsure)
        share = np.minimum(labels / max(counts.n, 1), 1 - 1e-9)
        area = np.clip((above - share / 2) / (1 - share), 0.0, 1.0)
        return replace(counts, right=np.minimum(right, counts.predicted), labels=labels, roc_auc=area)


def _mixed(one: Expected) -> Expected:
    if not one.calibration.positives.any():
        return one
    return replace(one, calibration=MixedCalibration.of(one.calibration, one.predicted))


def of_one_label(drawn: Sequence[FloatArray], centre: Sequence[FloatArray], n: float) -> list[FloatArray]:
    """Draws of each class by itself, made to be of rows that have one label each.

    What is predicted rightly is of different rows in every class. All other rows have a label that was not
    predicted: where few are right, all classes together have many of these, and they are scaled to.
    """
    right, missed = (sum(each[..., way].sum(axis=-1) for each in drawn) for way in (1, 0))
    expected = [sum(float(each[:, way].sum()) for each in centre) for way in (1, 0)]
    if not (expected[1] and n > expected[0]):
        return list(drawn)
    wrong = (n - right) / (n - expected[0])
    scale = np.divide(wrong * expected[1], missed, out=np.ones_like(wrong), where=missed > 0)
    return [np.stack([each[..., 0] * scale[:, np.newaxis], each[..., 1]], axis=-1) for each in drawn]
