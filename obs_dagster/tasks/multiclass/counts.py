"""What the metrics of several classes are computed from: counts of one version, segment and window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from obs_dagster.metrics.curves import ScoreCounts
from obs_dagster.monitor.costs import NO_COSTS, Costs
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.tasks.multiclass.table import PLACES, SUMS, TENTHS


@dataclass(frozen=True, slots=True)
class TopScores:
    """Labelled rows with scores, by the tenth of the highest one and the label's place.

    Attributes:
        counts: rows, shape (2, TENTHS, PLACES): whether the class with the highest score is the label, the
            tenth, and the place of the label less one.
        sums: of the highest score, the log loss, the Brier score and their squares (`SUMS`), shape (5, 2,
            TENTHS, PLACES).
    """

    counts: IntArray
    sums: FloatArray

    @property
    def n(self) -> int:
        """Labelled rows with scores."""
        return int(self.counts.sum())


@dataclass(frozen=True)
class ClassOutcomes:
    """The outcomes of one version, segment and window: what the metrics are computed from.

    Attributes:
        classes: the declared classes, K of them.
        confusion: labelled rows by label and predicted class, shape (K + 1, K + 1); the last is `(other)`.
        predictions: rows that were predicted, labelled or not.
        top: rows by their highest score.
        scores: by class, the rows per bin of its score; empty where no row has scores.
        with_scores: whether the model puts out scores.
        seed: a non-negative integer; the same counts and seed give the same estimates.
        costs: the prices of errors.
    """

    classes: tuple[str, ...]
    confusion: IntArray
    predictions: int
    top: TopScores
    scores: Mapping[str, ScoreCounts]
    with_scores: bool = True
    seed: int = 0
    costs: Costs = NO_COSTS

    @classmethod
    def of(
        cls,
        part: Mapping[str, NDArray[Any]],
        classes: Sequence[str],
        *,
        grid: ScoreGrid,
        with_scores: bool = True,
        seed: int = 0,
        costs: Costs | None = None,
    ) -> Self:
        """The outcomes of one cell's rows of `SCHEMA`.

        Args:
            part: the columns that follow the cell's keys, shape (rows,) each: texts as objects, numbers as
                floats, null as None or NaN.
            classes: the declared ones; others in the rows are counted as `(other)`.
            grid: of the scores, `WHOLE_GRID` or `CELL_GRID`.
            with_scores: whether the model puts out scores.
            seed: of the estimates.
            costs: the prices of errors; None: they have none.
        """
        codes = {name: place for place, name in enumerate(classes)}
        kind = part["part"]
        pairs = {name: part[name][kind == "pair"] for name in ("label", "class", "n")}
        known = np.array(
            [label is not None and predicted is not None for label, predicted in _pairs(pairs)],
            dtype=np.bool_,
        )
        confusion = np.zeros((len(classes) + 1,) * 2, dtype=np.int64)
        cells = tuple(_codes(pairs[name][known], codes) for name in ("label", "class"))
        np.add.at(confusion, cells, pairs["n"][known].astype(np.int64))
        return cls(
            classes=tuple(classes),
            confusion=confusion,
            predictions=int(pairs["n"].sum()),
            top=_top({name: part[name][kind == "top"] for name in ("bin", "place", "hit", "n", *SUMS)}),
            scores=_scores({name: part[name][kind == "score"] for name in _OF_SCORES}, codes, grid),
            with_scores=with_scores,
            seed=seed,
            costs=costs or NO_COSTS,
        )

    @cached_property
    def n(self) -> int:
        """Labelled rows that a class was predicted for."""
        return int(self.confusion.sum())

    @cached_property
    def labels(self) -> IntArray:
        """Rows per label, shape (K + 1,)."""
        counts: IntArray = self.confusion.sum(axis=1)
        return counts

    @cached_property
    def predicted(self) -> IntArray:
        """Labelled rows per predicted class, shape (K + 1,)."""
        counts: IntArray = self.confusion.sum(axis=0)
        return counts

    @cached_property
    def hits(self) -> IntArray:
        """Rows whose prediction is their label, per declared class, shape (K,)."""
        return self.confusion.diagonal()[:-1]

    @cached_property
    def occurring(self) -> NDArray[np.intp]:
        """The places of the declared classes that labels name; averages over classes leave others out."""
        return np.flatnonzero(self.labels[:-1])

    @property
    def no_classes(self) -> str:
        """Why nothing can be averaged over classes; empty if labels name one of them."""
        if self.n == 0:
            return "no labels"
        return "" if len(self.occurring) else "no labels of a declared class"

    @property
    def no_scores(self) -> str:
        """Why nothing can be said of scores; empty if labelled rows have some."""
        if self.top.n:
            return ""
        return "no scores" if self.n else "no labels"


_OF_SCORES = ("class", "bin", "hit", "n", "score_min", "score_max")


def _pairs(pairs: Mapping[str, NDArray[Any]]) -> Sequence[tuple[Any, Any]]:
    return list(zip(pairs["label"], pairs["class"], strict=True))


def _codes(names: NDArray[Any], codes: Mapping[str, int]) -> IntArray:
    return np.array([codes.get(name, len(codes)) for name in names], dtype=np.int64)


def _top(part: Mapping[str, NDArray[Any]]) -> TopScores:
    counts = np.zeros((2, TENTHS, PLACES), dtype=np.int64)
    sums = np.zeros((len(SUMS), 2, TENTHS, PLACES))
    cell = (
        part["hit"].astype(np.int64),
        part["bin"].astype(np.int64),
        part["place"].astype(np.int64) - 1,
    )
    np.add.at(counts, cell, part["n"].astype(np.int64))
    for place, name in enumerate(SUMS):
        np.add.at(sums[place], cell, part[name].astype(np.float64))
    return TopScores(counts, sums)


def _scores(
    part: Mapping[str, NDArray[Any]], codes: Mapping[str, int], grid: ScoreGrid
) -> Mapping[str, ScoreCounts]:
    owner = _codes(part["class"], codes)
    numbers = {name: part[name].astype(np.float64) for name in _OF_SCORES if name != "class"}
    found = {}
    for name, code in codes.items():
        rows = {key: values[owner == code] for key, values in numbers.items()}
        if len(rows["n"]):
            found[name] = _class_scores(rows, grid)
    return found


def _class_scores(rows: Mapping[str, FloatArray], grid: ScoreGrid) -> ScoreCounts:
    bins, place = np.unique(rows["bin"].astype(np.int64), return_inverse=True)
    counts = np.zeros((2, len(bins)), dtype=np.int64)
    np.add.at(counts, (rows["hit"].astype(np.int64), place), rows["n"].astype(np.int64))
    least, greatest = np.full(len(bins), np.inf), np.full(len(bins), -np.inf)
    np.minimum.at(least, place, rows["score_min"])
    np.maximum.at(greatest, place, rows["score_max"])
    low, high = grid.edges(bins)
    single = least == greatest
    score = np.where(single, np.maximum(least, low), (low + high) / 2)
    return ScoreCounts(score, positives=counts[1], negatives=counts[0], binned=~single)


@dataclass(frozen=True, slots=True)
class OneClass:
    """One declared class of the outcomes, which metrics per class are computed from.

    Attributes:
        outcomes: of all classes.
        place: of the class among them.
    """

    outcomes: ClassOutcomes
    place: int

    @property
    def name(self) -> str:
        """The class's name."""
        return self.outcomes.classes[self.place]

    @property
    def n(self) -> int:
        """Labelled rows that a class was predicted for."""
        return self.outcomes.n

    @property
    def predictions(self) -> int:
        """Rows that were predicted, labelled or not."""
        return self.outcomes.predictions

    @property
    def labels(self) -> int:
        """Rows whose label is the class."""
        return int(self.outcomes.labels[self.place])

    @property
    def predicted(self) -> int:
        """Rows that the class was predicted for."""
        return int(self.outcomes.predicted[self.place])

    @property
    def hits(self) -> int:
        """Rows that are both."""
        return int(self.outcomes.hits[self.place])

    @property
    def scores(self) -> ScoreCounts | None:
        """The rows per bin of the class's score; None where there are no scores."""
        return self.outcomes.scores.get(self.name)
