"""What the outcomes of several classes teach of their scores, and what follows before labels come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.estimate.adapted import AdaptedCalibration, LikeRows
from obs_dagster.estimate.calibration import Calibration
from obs_dagster.estimate.expected import DETAIL, IN_CELLS, Expected, shift_of
from obs_dagster.estimate.expected_classes import ExpectedClasses
from obs_dagster.estimate.predicted import Predicted
from obs_dagster.lake.columns import LABEL
from obs_dagster.metrics.estimate import UNTAUGHT
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.record import Estimate
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.arrays import floats
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.tasks.multiclass.counts import ClassOutcomes
from obs_dagster.tasks.multiclass.metrics.applies import TASKS
from obs_dagster.tasks.multiclass.parts import Columns, centres, of_class, part_of
from obs_dagster.tasks.outcomes import Cell, Expecting, Taught


@dataclass(frozen=True)
class ClassCalibrations:
    """What the score of each class meant.

    Attributes:
        names: of the classes.
        each: the calibration of each score, the class's rows against all others.
        found: rows for which each class was rightly predicted, and all that have it, shape (2, K).
    """

    names: Sequence[str]
    each: Sequence[Calibration]
    found: FloatArray

    @cached_property
    def refused(self) -> str:
        """Why they teach nothing; empty if they do. What never occurs on the baseline is not expected."""
        occurring = [one for one in self.each if one.positives.any()]
        return next((one.refused for one in occurring if one.refused), "") if occurring else UNTAUGHT


@dataclass(frozen=True)
class ClassEstimates:
    """What is expected of the predictions of one cell.

    Attributes:
        every: all rows with scores.
        labelled: those of them whose label is known.
        measured: what these labels say.
        own: of each class, the labelled rows that have it, by the bins of `labelled`, shape (k, 2) with 0 in
            the second column: nobody knows which were predicted.
    """

    every: ExpectedClasses
    labelled: ExpectedClasses
    measured: ClassOutcomes
    own: Sequence[FloatArray]

    @property
    def n(self) -> int:
        """Labelled rows."""
        return self.labelled.n

    def estimated(self, name: str) -> Estimate:
        """What a metric is expected to be."""
        return self.every.estimated(name)

    def shift(self, name: str) -> Estimate:
        """What it is, less what was expected of the same rows."""
        if not self.n:
            return Estimate.missing("no labels")
        found = self.labelled.estimated(name)
        (real,) = evaluate("performance", self.measured, task=TASKS[0], only=[name]).values()
        if found.value is None or found.low is None or found.high is None:
            return found
        if real.value is None:
            return real
        value = real.value - found.value
        return Estimate(value, value - (found.high - found.value), value + (found.value - found.low), found.n)

    def concept_shift(self) -> Estimate:
        """How far the shares of classes are from the expected ones, over tenths of the rows by score."""
        if not self.n:
            return Estimate.missing("no labels")
        if self.labelled.refused:
            return Estimate.missing(self.labelled.refused, self.n)
        classes = zip(self.labelled.each, self.own, strict=True)
        known = [one.gaps(own) for one, own in classes if one.calibration.positives.any()]
        return shift_of(known, self.n)


def calibrations(parts: Sequence[Cell], classes: Sequence[str], seed: int) -> ClassCalibrations:
    """What the scores of the parts of a baseline meant."""
    scored = [part_of(part, "score") for part in parts]
    found = []
    for number, name in enumerate(classes):
        own = [of_class(part, name) for part in scored]
        bins = np.unique(np.concatenate([[0], *(part["bin"] for part in own)]).astype(np.int64))
        rows = np.zeros((2, len(own), len(bins)))
        for place, part in enumerate(own):
            at = np.searchsorted(bins, part["bin"].astype(np.int64))
            np.add.at(rows[:, place], (part["hit"].astype(np.int64), at), part["n"])
        score = centres(bins, WHOLE)
        found.append(Calibration(score, positives=rows[1], negatives=rows[0], seed=seed + number))
    return ClassCalibrations(classes, found, _found(parts, classes))


def _own(part: Columns, bins: IntArray) -> FloatArray:
    """Rows of a class by the bins of its score."""
    having = part["hit"].astype(np.bool_)
    found = np.zeros((len(bins), 2))
    np.add.at(found[:, 0], np.searchsorted(bins, part["bin"][having].astype(np.int64)), part["n"][having])
    return found


def _found(parts: Sequence[Cell], classes: Sequence[str]) -> FloatArray:
    """Rows for which each class was rightly predicted, and all that have it, shape (2, K)."""
    found = np.zeros((2, len(classes)))
    for part in parts:
        pairs = part_of(part, "pair")
        served = np.array([name is not None for name in pairs["class"]], dtype=np.bool_)
        for place, name in enumerate(classes):
            own = (pairs["label"] == name) & served
            found[:, place] += pairs["n"][own & (pairs["class"] == name)].sum(), pairs["n"][own].sum()
    return found


def adapted(taught: ClassCalibrations, given: Taught, scores: Mapping[str, str]) -> ClassCalibrations:
    """The calibrations as rows say them that are like those of now.

    Args:
        taught: those of the baseline.
        given: rows of the baseline.
        scores: by class, the column of its score.
    """
    labels, found = np.array(given.rows[LABEL].to_pylist(), dtype=object), []
    for name, each in zip(taught.names, taught.each, strict=True):
        score = floats(pc.cast(given.rows[scores[name]], pa.float64()))
        like = LikeRows(score, (labels == name).astype(np.float64), given.day, given.likeness)
        found.append(AdaptedCalibration.of(each, like))
    return ClassCalibrations(taught.names, found, taught.found)


def expected(
    cell: Cell, outcomes: ClassOutcomes, taught: ClassCalibrations, given: Expecting
) -> ClassEstimates:
    """What is expected of the predictions of a cell, whose labels say these outcomes."""
    served = part_of(cell, "served")
    by_class = [of_class(served, name) for name in taught.names]
    every = [_expected(part, one, given) for part, one in zip(by_class, taught.each, strict=True)]
    known = [{name: column[part["place"] == 1] for name, column in part.items()} for part in by_class]
    labelled = [_expected(part, one, given) for part, one in zip(known, taught.each, strict=True)]
    return ClassEstimates(
        ExpectedClasses(taught.names, every, taught.found),
        ExpectedClasses(taught.names, labelled, taught.found),
        outcomes,
        [
            _own(of_class(part_of(cell, "score"), name), np.unique(part["bin"].astype(np.int64)))
            for name, part in zip(taught.names, known, strict=True)
        ],
    )


def _expected(part: Columns, taught: Calibration, given: Expecting) -> Expected:
    bins, place = np.unique(part["bin"].astype(np.int64), return_inverse=True)
    rows = np.zeros((len(bins), 2))
    np.add.at(rows, (place, part["hit"].astype(np.int64)), part["n"].astype(np.float64))
    detail = DETAIL if given.segment == WHOLE else IN_CELLS
    predicted = Predicted(centres(bins, given.segment), rows)
    return Expected(predicted, taught, None, given.days, given.seed + taught.seed, detail)
